/** The access table as a bundle for Open Policy Agent, for people who gate changes with it: a view, not enforcement. */
import { copyFileSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { readsRequests, refusesUpgrades } from '../../model/access/decide';
import { parsedMethods } from '../../model/access/request';
import { pageRule } from '../../model/access/table';
import type { Lab } from '../../model/lab';
import { UsageError } from '../errors';
import { root } from '../root';

/** Hand-written; its tests are beside it. */
export const regoPolicy = join(root, 'scripts/access/access.rego');

/** Root of the bundle's data and of its one package. */
const bundleRoot = 'isthmus';

interface OpaRow {
  /** Index in the access table, or `page`. */
  readonly index: number | 'page';
  readonly from: string;
  readonly to: string;
  readonly methods: readonly string[];
  readonly paths: readonly string[];
  /** Line in the lab file. @default - not known */
  readonly line?: number;
}

/** What the policy reads as `data.isthmus.table`. */
export interface OpaTable {
  readonly lab: string;
  readonly rows: readonly OpaRow[];
  /** Callees whose proxies look at connections only. */
  readonly connections_only: readonly string[];
  /** Meshes whose callers' own proxies read requests, also to those callees. */
  readonly reading_meshes: readonly string[];
  /** Callees whose proxies let nobody switch protocols. */
  readonly no_upgrades: readonly string[];
  /** Methods that proxies pass on. */
  readonly methods: readonly string[];
}

export function opaTable(lab: Lab, lines: readonly (number | undefined)[]): OpaTable {
  const rows = lab.access.map((row, index): OpaRow => {
    const line = lines[index];
    return { index, ...row, ...(line === undefined ? {} : { line }) };
  });
  const pages = lab.services
    .filter(({ expose }) => expose === 'page')
    .map(({ id }): OpaRow => ({ index: 'page', from: 'anybody', to: id, ...pageRule }));
  const consul = lab.meshes.filter(({ kind }) => kind === 'consul').map(({ name }) => name);
  const only = lab.services.filter((one) => consul.includes(one.mesh) && !readsRequests(lab, one));
  return {
    lab: lab.name,
    rows: [...rows, ...pages],
    connections_only: only.map(({ id }) => id),
    reading_meshes: lab.meshes.filter(({ kind }) => kind === 'istio').map(({ name }) => name),
    no_upgrades: lab.services.filter((one) => refusesUpgrades(lab, one)).map(({ id }) => id),
    methods: [...parsedMethods],
  };
}

/** Writes the bundle; returns the names of its files. Throws {@link UsageError} for a folder that holds somebody else's. */
export function opaBundle(lab: Lab, lines: readonly (number | undefined)[], folder: string): string[] {
  const manifest = { revision: lab.name, roots: [bundleRoot], rego_version: 1 };
  const data = { [bundleRoot]: { table: opaTable(lab, lines) } };
  requireOurs(folder);
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, '.manifest'), `${JSON.stringify(manifest, null, 2)}\n`);
  writeFileSync(join(folder, 'data.json'), `${JSON.stringify(data, null, 2)}\n`);
  copyFileSync(regoPolicy, join(folder, 'access.rego'));
  return ['.manifest', 'data.json', 'access.rego'];
}

function requireOurs(folder: string): void {
  const files = ['.manifest', 'data.json', 'access.rego'].filter((name) => existsSync(join(folder, name)));
  if (files.length === 0 || isOurs(join(folder, '.manifest'))) return;
  throw new UsageError(
    `${folder} holds ${files.join(', ')} that isthmus did not write, so it writes nothing there. Allowed: a folder without them, or with a bundle of isthmus`,
  );
}

function isOurs(manifest: string): boolean {
  try {
    const { roots } = JSON.parse(readFileSync(manifest, 'utf8')) as { roots?: unknown };
    return isDeepStrictEqual(roots, [bundleRoot]);
  } catch {
    return false;
  }
}
