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
