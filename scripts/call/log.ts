/** Reads proxies' access logs: JSON lines among others. */

/** One line of an access log; the fields are those that the plan configures. */
export type LogLine = Readonly<Record<string, string | number | null | undefined>>;

export function jsonLines(text: string): LogLine[] {
  return text.split('\n').flatMap((line) => {
    if (!line.startsWith('{')) return [];
    try {
      return [JSON.parse(line) as LogLine];
    } catch {
      // A line that is still being written.
      return [];
    }
  });
}

/** Field as text; null when the proxy had nothing to say (`-`). */
export function field(line: LogLine | undefined, name: string): string | null {
  const value = line?.[name];
  return value === undefined || value === null || value === '-' || value === '' ? null : String(value);
}

/** Why a proxy answered by itself; null when it passed the callee's answer on. */
export function refusal(line: LogLine): string | null {
  const details = field(line, 'details');
  if (details !== null && details !== 'via_upstream') return details;
  const [status, flags] = [field(line, 'status'), field(line, 'flags')];
  // Where no request was seen, the flags of the way onward (U…) say that it was shut.
  const shut = status === '0' || (status === null && flags !== null && /^U|,U/.test(flags));
  return field(line, 'failure') ?? (shut ? flags : null);
}
