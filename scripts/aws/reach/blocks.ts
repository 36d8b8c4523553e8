/** Arguments that are blocks, and those that must be there. */
import { FailureError } from '../../errors';
import type { Row } from './resolve';

/** The blocks of an argument, each as a row of its own so that it resolves alike. */
export function blocks(row: Row, key: string): Row[] {
  const raw = row.values[key];
  const list = Array.isArray(raw) ? raw : raw === undefined || raw === null ? [] : [raw];
  return list.map((values) => ({ ...row, values: values as Row['values'] }));
}

/** The one block of an argument; without arguments when there is none. */
export function nested(row: Row, key: string): Row {
  return blocks(row, key)[0] ?? { ...row, values: {} };
}

export function required<T>(value: T | undefined, { address }: Row, key: string): T {
  if (value === undefined) throw new FailureError(`${address}: ${key} is missing. The reachability model needs it.`);
  return value;
}
