/** Finds the programs that a lab runs; `build.ts` makes those that are nowhere. */
import { spawnSync } from 'node:child_process';
import { accessSync, closeSync, constants, openSync, readSync, statSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { FailureError } from '../errors';
import { cacheFolder, entryFile, findEntry } from './cache';
import { type BinaryName, type Product, product, productKey, productOf, products, versionQuestions } from './products';

export type { BinaryName } from './products';

const found = new Map<BinaryName, string>();

/**
 * Absolute path of a program: from `ISTHMUS_BIN_DIR`, else the cache, else PATH, in the pinned version only.
 * Throws {@link FailureError} when it is nowhere, or when the cache's copy is damaged.
 */
export function locate(name: BinaryName): string {
  const known = found.get(name);
  if (known !== undefined) return known;
  const path = find(name);
  if (path === undefined) {
    const { version } = productOf(name);
    throw new FailureError(
      `${name} ${version} is not on this machine: not in ISTHMUS_BIN_DIR, not in the cache ${cacheFolder()} and not on PATH in that version; run \`isthmus up\`, which builds or fetches it`,
    );
  }
  found.set(name, path);
  return path;
}

/** Folder of Istio's charts: `base`, `istiod` and `gateway`. */
export function istioCharts(): string {
  const key = productKey(product('istio-charts'));
  entryFile(key, 'charts/istio/istiod/Chart.yaml');
  return join(cacheFolder(), key, 'charts/istio');
}

/** Envoy's bootstrap template of the pinned Istio. */
export function bootstrapTemplate(): string {
  return entryFile(productKey(product('istio-charts')), 'envoy_bootstrap_tmpl.json');
}

/** Folder of the CNI plugins. */
export function cniFolder(): string {
  const candidates = [join(cacheFolder(), productKey(product('containers')), 'cni'), '/usr/lib/cni', '/opt/cni/bin'];
  const folder = candidates.find((candidate) => isProgram(join(candidate, 'ptp')));
  if (folder === undefined) {
    throw new FailureError(
      `the CNI plugin ptp is in none of ${candidates.join(', ')}; run \`isthmus up\`, which fetches it`,
    );
  }
  return folder;
}

/** Products that have to be built or fetched, in the order in which that happens. */
export function missingProducts(): readonly Product[] {
  return products.filter((candidate: Product) => !isPresent(candidate));
}

/** Forgets where programs were found: some have been added. */
export function forgetLocations(): void {
  found.clear();
}

/** Whether a program from outside the lab's own making answers with the pinned version. */
export function answersPinned(path: string, name: string): boolean {
  const question = versionQuestions[name];
  if (question === undefined) return false;
  const { stdout, stderr } = spawnSync(path, question.args, { encoding: 'utf8', timeout: 10_000 });
  return question.says.test(`${stdout}\n${stderr}`);
}

function isPresent(candidate: Product): boolean {
  if (candidate.binaries.length === 0) return findEntry(productKey(candidate)) !== undefined;
  return candidate.binaries.every((name) => find(name as BinaryName) !== undefined);
}

function find(name: BinaryName): string | undefined {
  const own = process.env.ISTHMUS_BIN_DIR;
  if (own !== undefined && own !== '' && isPinned(join(own, name), name)) return join(own, name);
  const key = productKey(productOf(name));
  if (findEntry(key) !== undefined) return entryFile(key, join('bin', name));
  return (process.env.PATH ?? '')
    .split(delimiter)
    .map((folder) => join(folder, name))
    .find((path) => isPinned(path, name));
}

/** Whether a program from outside the cache is there in the pinned version. */
function isPinned(path: string, name: BinaryName): boolean {
  if (!isProgram(path)) return false;
  const { source, version } = productOf(name);
  if (source.kind === 'go') {
    // Go writes its modules into the binary: `mod` or `dep`, module, version. Our own modules have no version.
    const written = source.module.startsWith('isthmus.dev/') ? '(devel)' : `v${version}`;
    if (contains(path, `\t${source.module}\t${written}`)) return true;
  }
  return answersPinned(path, name);
}

function isProgram(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return statSync(path).isFile();
  } catch {
    return false;
  }
}

/** Whether a file holds a text, read in pieces that overlap by the text's length. */
function contains(path: string, text: string): boolean {
  const piece = Buffer.alloc(8 << 20);
  const file = openSync(path, 'r');
  try {
    for (let position = 0; ; position += piece.length - text.length) {
      const size = readSync(file, piece, 0, piece.length, position);
      if (piece.subarray(0, size).includes(text)) return true;
      if (size < piece.length) return false;
    }
  } finally {
    closeSync(file);
  }
}
