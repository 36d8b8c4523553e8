/** Errors by blame. Each prints as one message that says what, where, the value, what is allowed and the fix. */
import { constants } from 'node:os';

/** Wrong use or wrong config: exit status 2. */
export class UsageError extends Error {
  readonly exitCode = 2;
}

/** The thing asked for failed or is false: exit status 1. */
export class FailureError extends Error {
  readonly exitCode: number = 1;
}

/** The user stopped the command, by Ctrl-C or `kill`. Exit status 128 plus the signal's number, as shells have it. */
export class StoppedError extends FailureError {
  override readonly exitCode: number;

  /** @param after what becomes of the work, for people. @default - nothing is to be said of it */
  constructor(
    readonly signal: NodeJS.Signals,
    after?: string,
  ) {
    super(`stopped by ${signal}${after === undefined ? '' : `; ${after}`}`);
    this.exitCode = 128 + constants.signals[signal];
  }
}

/** Work that was given up because something else failed; that other failure is the one to tell. */
export class AbandonedError extends Error {}

/** An outside program failed. Carries the end of what it said. Exit status 1. */
export class ProgramError extends FailureError {
  constructor(
    readonly program: string,
    readonly status: number | null,
    readonly output: string,
  ) {
    // Parallel work often fails many times for one reason.
    const tail = [...new Set(output.trim().split('\n'))].slice(-12).join('\n');
    super(
      `${program} ${status === null ? 'was killed' : `ended with status ${status}`}${tail === '' ? '' : `:\n${tail}`}`,
    );
  }
}
