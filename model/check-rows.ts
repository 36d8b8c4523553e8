/** Checks of what the rows of the access table say: that each says something, and that it can be enforced. */
import { covers } from './access/table';
import { voidRows } from './access/void';
import type { LooseLab } from './check';
import type { Fault } from './fault';
import { canonicalId } from './lab';
import { pathFault } from './row-path';

export function checkRows(lab: LooseLab): Fault[] {
  return [...voids(lab), ...lab.access.flatMap((_, index) => [...twice(lab, index), ...unenforceable(lab, index)])];
}

/** Rows that are the same to the letter are told elsewhere. */
function voids({ access }: LooseLab): Fault[] {
  const whole = access.flatMap(({ from, to, value }, index) =>
    from === undefined || to === undefined || value === undefined
      ? []
      : [{ index, text: `${from} → ${to}`, ...value, from: canonicalId(from), to: canonicalId(to) }],
  );
  const key = ({ from, to, methods, paths }: (typeof whole)[number]) =>
    JSON.stringify([from, to, methods.toSorted(), paths.toSorted()]);
  const distinct = [...new Map(whole.toReversed().map((row) => [key(row), row])).values()].reverse();
  return [...voidRows(distinct)].flatMap(([at, by]): Fault[] => {
    const row = distinct[at];
    if (row === undefined) return [];
    const others = by.map((other) => `access[${distinct[other]?.index}]`).join(' and ');
    const problem = `is void: ${others} ${by.length === 1 ? 'allows' : 'allow'} all of it already`;
    return [{ path: ['access', row.index], value: row.text, problem, fix: `remove it, or narrow ${others}` }];
  });
}

/** Entries of one row's lists that say nothing beside another one. */
function twice({ access }: LooseLab, index: number): Fault[] {
  const { methods = [], paths = [] } = access[index] ?? {};
  const repeated = (key: 'methods' | 'paths', list: readonly string[]) =>
    list.flatMap((value, at): Fault[] => {
      const first = list.indexOf(value);
      const path = ['access', index, key, at];
      return first === at ? [] : [{ path, value, problem: `repeats ${key}[${first}]`, fix: 'remove one of the two' }];
    });
  const within = paths.flatMap((value, at): Fault[] => {
    // A path that can't stand in a row is told elsewhere.
    if (pathFault(value) !== undefined) return [];
    const wider = paths.find((other) => other !== value && pathFault(other) === undefined && covers(other, value));
    if (wider === undefined) return [];
    const problem = `is void: ${wider} of the same row covers it`;
    return [{ path: ['access', index, 'paths', at], value, problem, fix: `remove it, or ${wider}` }];
  });
  return [...repeated('methods', methods), ...repeated('paths', paths), ...within];
}

/** In an existing Consul mesh nothing of ours stands before a service: Consul's intentions look at connections only. */
function unenforceable({ access, meshes }: LooseLab, index: number): Fault[] {
  const { to = '', value } = access[index] ?? {};
  const mesh = meshes.find(({ id }) => id === to.split('/')[0])?.value;
  if (value === undefined || mesh?.kind !== 'consul' || mesh.existing !== true) return [];
  return (['methods', 'paths'] as const)
    .filter((key) => value[key].length > 0)
    .map((key) => ({
      path: ['access', index, key],
      value: value[key],
      problem: `can not be enforced: ${to} is in an existing Consul mesh, whose proxies look at connections only`,
      allowed: 'rows without methods and paths',
      fix: `remove ${key}, or let the lab install Consul`,
    }));
}
