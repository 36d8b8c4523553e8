/** Rows that change nothing, because others allow all that they do: whoever wrote one meant something else. */

import { isWithin, parts } from './changes';
import type { Rule } from './table';

interface Row extends Rule {
  readonly from: string;
  readonly to: string;
}

/** Index of each void row → indices of the rows that make it so. Of rows that make each other void, the first stays. */
export function voidRows(rows: readonly Row[]): Map<number, readonly number[]> {
  const found = new Map<number, readonly number[]>();
  for (const [index, row] of [...rows.entries()].reverse()) {
    const rivals = [...rows.entries()].filter(
      ([other, { from, to }]) => other !== index && !found.has(other) && from === row.from && to === row.to,
    );
    const covering = parts(row).map((part) => rivals.find(([, rival]) => isWithin(part, rival))?.[0]);
    const complete = covering.filter((other) => other !== undefined);
    if (complete.length === covering.length)
      found.set(
        index,
        [...new Set(complete)].toSorted((a, b) => a - b),
      );
  }
  return found;
}
