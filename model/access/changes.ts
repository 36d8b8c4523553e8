/** What a changed access table opens and closes: the part of a plan that a person must look at first. */
import type { AccessRow, GuardPair, Lab } from '../lab';
import { covers, pageRule, type Rule } from './table';

/** All of a lab that says who may call whom. Plain data, kept when it is applied. */
export interface AccessTable {
  readonly rows: readonly AccessRow[];
  /** Services that anybody may read. */
  readonly pages: readonly string[];
  /** Which containers of one pod may reach which. @default - none: what an earlier version kept */
  readonly pairs?: readonly PairInPod[];
}

/** A container of a service's pod that may reach another's TCP port. */
export interface PairInPod extends GuardPair {
  /** Service id. */
  readonly pod: string;
}

/** Calls that become possible, or impossible. Empty `methods` or `paths` mean all. */
export interface Change extends Rule {
  /** Service id, or `anybody`. */
  readonly from: string;
  readonly to: string;
}

export interface AccessChanges {
  readonly opens: readonly Change[];
  readonly closes: readonly Change[];
  readonly inPods: { readonly opens: readonly PairInPod[]; readonly closes: readonly PairInPod[] };
}

export function accessTable(lab: Lab): AccessTable {
  return {
    rows: lab.access,
    pages: lab.services.flatMap(({ id, expose }) => (expose === 'page' ? [id] : [])),
    pairs: lab.services.flatMap(({ id: pod, guard }) => guard.map((pair) => ({ pod, ...pair }))),
  };
}

/** @param before what was applied last; without it everything is new */
export function accessChanges(before: AccessTable | undefined, after: AccessTable): AccessChanges {
  const [old, now] = [entries(before), entries(after)];
  const [oldPairs, nowPairs] = [before?.pairs ?? [], after.pairs ?? []];
  const inPods = { opens: missingFrom(oldPairs, nowPairs), closes: missingFrom(nowPairs, oldPairs) };
  return { opens: beyond(now, old), closes: beyond(old, now), inPods };
}

function missingFrom(others: readonly PairInPod[], pairs: readonly PairInPod[]): PairInPod[] {
  const key = ({ pod, from, to, port }: PairInPod) => JSON.stringify([pod, from, to, port]);
  const known = new Set(others.map(key));
  return pairs.filter((pair) => !known.has(key(pair)));
}

function entries(table: AccessTable | undefined): Change[] {
  if (table === undefined) return [];
  const { rows, pages } = table;
  return [
    ...rows.map(({ from, to, methods: some, paths }) => ({ from, to, methods: some, paths })),
    ...pages.map((to) => ({ from: 'anybody', to, ...pageRule })),
  ];
}

/** What some entries allow that others do not. */
function beyond(entriesOf: readonly Change[], others: readonly Change[]): Change[] {
  const seen: Change[] = [];
  for (const entry of entriesOf) {
    const rivals = [...others, ...seen].filter(({ from, to }) => from === entry.from && to === entry.to);
    seen.push(...uncovered(entry, rivals));
  }
  return seen;
}

/** The part of a rule that no other rule allows, in as few entries as possible. */
function uncovered<T extends Rule>(entry: T, rivals: readonly Rule[]): T[] {
  const left = parts(entry).filter((part) => !rivals.some((rival) => isWithin(part, rival)));
  if (left.length === parts(entry).length) return left.length === 0 ? [] : [entry];
  const byPath = new Map<string | undefined, T>();
  for (const { method, path } of left) {
    const known = byPath.get(path)?.methods ?? [];
    const some = method === undefined ? [] : [...known, method];
    byPath.set(path, { ...entry, methods: some, paths: path === undefined ? [] : [path] });
  }
  return [...byPath.values()];
}

/** One method and one path of a rule; undefined stands for all. */
export interface Part {
  readonly method?: Rule['methods'][number] | undefined;
  readonly path?: string | undefined;
}

export function parts({ methods: some, paths }: Rule): Part[] {
  const all = <T>(list: readonly T[]): readonly (T | undefined)[] => (list.length === 0 ? [undefined] : list);
  return all(some).flatMap((method) => all(paths).map((path) => ({ method, path })));
}

/** Whether a rule allows all that a part of another one does. */
export function isWithin({ method, path }: Part, rule: Rule): boolean {
  const byMethod = rule.methods.length === 0 || (method !== undefined && rule.methods.includes(method));
  return byMethod && (rule.paths.length === 0 || (path !== undefined && rule.paths.some((one) => covers(one, path))));
}

/** A pair in words: `spy → vault 9100`. */
export function pairText({ from, to, port }: GuardPair): string {
  return `${from} → ${to} ${port}`;
}

/** A rule in words: `GET, HEAD /api/`. */
export function ruleText({ methods: some, paths }: Readonly<Record<'methods' | 'paths', readonly string[]>>): string {
  const what = some.length === 0 ? 'all methods' : some.join(', ');
  const path = paths.map((one) => (one.endsWith('/') ? `${one}…` : one)).join(', ');
  return `${what}${path === '' ? '' : ` ${path}`}`;
}
