/** Errors of outside APIs. */

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
