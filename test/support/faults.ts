/** Lab files with one fault each, and the faults that they must show. */
import type { Fault } from '../../model/fault';
import { parseLab } from '../../model/parse';

/** The file that all cases start from. */
export const right = `name: weather
platform: local
meshes:
  west:
    kind: istio
    network: 10.10.0.0/16
  east: { kind: consul, network: 10.20.0.0/16, datacenter: dc1 }
services:
  west/frontend: { port: 8080, program: a.js, expose: page }
  west/backend: { port: 8080, program: a.js }
  east/info: { port: 8080, program: a.js }
access:
  - { from: west/frontend, to: west/backend }
  - { from: west/backend, to: east/info }
`;
export const backend = 'west/backend: { port: 8080, program: a.js }';
export const info = 'east/info: { port: 8080, program: a.js }';
export const last = '- { from: west/backend, to: east/info }';

/** Path below the service backend. */
export const at = (...keys: string[]) => ['services', 'west/backend', ...keys];

/** Faults of the right file after one change. */
export function faultsAfter(change: string, to: string): readonly Fault[] {
  expect(right).toContain(change);
  return parseLab(right.replace(change, to)).faults;
}

/** What a name may be. */
export const label = '1 to 30 of a-z, 0-9 and -, starting with a letter and not ending in -';
export type Case = readonly [what: string, change: string, to: string, ...faults: Fault[]];

export const wrong = (path: Fault['path'], line: number, value: unknown, expected: string): Fault => ({
  path,
  line,
  value,
  problem: 'has the wrong type',
  allowed: expected,
  fix: `write ${expected}`,
});
export const invalid = (path: Fault['path'], line: number, value: unknown, allowed: string): Fault => ({
  path,
  line,
  value,
  problem: 'is not valid',
  allowed,
  fix: `write ${allowed}`,
});
export const range = (path: Fault['path'], line: number, value: unknown, allowed: string): Fault => ({
  ...invalid(path, line, value, allowed),
  problem: 'is out of range',
});
export const other = (path: Fault['path'], line: number, value: unknown, allowed: string, fix: string): Fault => ({
  path,
  line,
  value,
  problem: 'is not one of the allowed values',
  allowed,
  fix,
});
export const missing = (path: Fault['path'], line: number, allowed: string): Fault => ({
  path,
  line,
  problem: 'is missing',
  allowed,
  fix: `add ${path.at(-1)}`,
});
export const unknown = (path: Fault['path'], line: number, allowed: string, fix: string): Fault => ({
  path,
  line,
  value: path.at(-1),
  problem: 'is not a known key',
  allowed,
  fix,
});

/** One test for each case: the change makes exactly these faults, in this order. */
export function testFaults(cases: readonly Case[]): void {
  for (const [what, change, to, ...faults] of cases) {
    test(what, () => expect(faultsAfter(change, to)).toEqual(faults));
  }
}
