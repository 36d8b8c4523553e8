/** What keeps a lab from being raised, found before anything is created. */

export interface Problem {
  /** What is wrong, with the value. */
  readonly what: string;
  /** @default - nothing to choose from */
  readonly allowed?: string;
  readonly fix: string;
}

/** Something that could not be looked at; it may be right. */
export interface Unchecked {
  readonly what: string;
  readonly why: string;
}

export interface Verdict {
  readonly problems: readonly Problem[];
  readonly unchecked: readonly Unchecked[];
}

/**
 * All problems as one message.
 * @param what that did not happen: `anything was created`
 */
export function formatProblems(problems: readonly Problem[], what = 'anything was created'): string {
  const count = problems.length === 1 ? '1 problem' : `${problems.length} problems`;
  const lines = problems.flatMap(({ what, allowed, fix }) => [
    `  ${what}`,
    ...(allowed === undefined ? [] : [`    allowed: ${allowed}`]),
    `    fix:     ${fix}`,
  ]);
  return [`${count} before ${what}:`, ...lines].join('\n');
}

/** One line for each thing that could not be looked at. */
export function formatUnchecked(unchecked: readonly Unchecked[]): string {
  return unchecked.map(({ what, why }) => `not checked: ${what} (${why})`).join('\n');
}
