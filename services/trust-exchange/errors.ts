/** Errors by blame. Each message says what, where, the value and the fix. */

/** The plan wrote a config that this program can't use: exit status 2. */
export class ConfigError extends Error {
  readonly exitCode = 2;
  constructor(file: string, faults: readonly string[]) {
    super(`${file} is no usable plane config:\n${faults.map((fault) => `  ${fault}`).join('\n')}`);
  }
}

/** The thing asked for did not come true: exit status 1. */
export class PlaneError extends Error {
  readonly exitCode = 1;
}

/** An API answered with an error status, or not at all (`status` 0). */
export class ApiError extends Error {
  readonly exitCode = 1;
  constructor(
    readonly api: 'consul' | 'kubernetes',
    readonly request: string,
    readonly status: number,
    answer: string,
  ) {
    super(`${api}: ${request}: ${status === 0 ? '' : `status ${status}: `}${answer.trim().slice(0, 500)}`);
  }
}

export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

/** Whether an API said that the object does not exist. */
export function isAbsent(error: unknown): boolean {
  return error instanceof ApiError && error.status === 404;
}
