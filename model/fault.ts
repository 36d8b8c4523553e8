/** A fault of a lab file, and how it reads. */

export interface Fault {
  /** Where: the keys from the root of the file. */
  readonly path: readonly (string | number)[];
  /** Line in the file, from 1, when it is known. */
  readonly line?: number;
  /** What is wrong, without the value. */
  readonly problem: string;
  /** The offending value; left out when there is none (a missing key). */
  readonly value?: unknown;
  readonly allowed?: string;
  readonly fix: string;
}

/** All faults of one file as text for a person: path, value, what is allowed, the fix. */
export function formatFaults(file: string, faults: readonly Fault[]): string {
  const count = faults.length === 1 ? '1 fault' : `${faults.length} faults`;
  return [`${file} has ${count}:`, ...faults.map((fault) => formatFault(file, fault))].join('\n');
}

function formatFault(file: string, fault: Fault): string {
  const where = fault.path.length === 0 ? 'the file' : formatPath(fault.path);
  const lines = [`  ${file}${fault.line === undefined ? '' : `:${fault.line}`}  ${where}: ${fault.problem}`];
  if (fault.value !== undefined) lines.push(`    value:   ${JSON.stringify(fault.value)}`);
  if (fault.allowed !== undefined) lines.push(`    allowed: ${fault.allowed}`);
  lines.push(`    fix:     ${fault.fix}`);
  return lines.join('\n');
}

/** `access[0].methods`; keys that hold a slash or a dot are quoted. */
export function formatPath(path: readonly (string | number)[]): string {
  return path
    .map((key, index) => {
      if (typeof key === 'number') return `[${key}]`;
      if (/^[A-Za-z_][\w-]*$/.test(key)) return index === 0 ? key : `.${key}`;
      return `[${JSON.stringify(key)}]`;
    })
    .join('');
}
