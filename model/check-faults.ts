/** Faults that more than one check of a lab file finds. */
import type { Fault } from './fault';
import { nearest } from './nearest';

export function unknown(path: Fault['path'], value: string, what: string, known: readonly string[]): Fault {
  const near = nearest(value, known);
  const fix = near === undefined ? `use one of the ${what} names above, or add it` : `did you mean ${near}?`;
  return { path, value, problem: `names no ${what} of this file`, allowed: known.join(', ') || '(none yet)', fix };
}

export function badName(path: Fault['path'], value: string): Fault {
  const allowed = '1 to 30 of a-z, 0-9 and -, starting with a letter';
  return { path, value, problem: 'is not a valid name', allowed, fix: 'rename it' };
}

export function badId(path: Fault['path'], value: string): Fault {
  const allowed = 'mesh/service or mesh/namespace/service, each 1 to 30 of a-z, 0-9 and -';
  return { path, value, problem: 'is not a valid service id', allowed, fix: 'rename it' };
}
