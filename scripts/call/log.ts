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

/** Where a UUID has its version: Envoy writes there that it has chosen a request for tracing, as Istio does with 1 %. */
const versionAt = 14;

/**
 * Whether a line is of the request that was sent with a random UUID in `x-request-id`.
 * @param name field that holds the id. @default - as proxies log it
 */
export function ofRequest(line: LogLine | undefined, id: string, name = 'request'): boolean {
  const same = (text: string) => text.slice(0, versionAt) + text.slice(versionAt + 1);
  const seen = field(line, name);
  return seen !== null && same(seen) === same(id);
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
