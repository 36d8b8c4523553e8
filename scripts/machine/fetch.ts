/** Fetches what is not built: PyPI wheels, npm packages and Debian packages, each by its ordinary client. */
import { createHash } from 'node:crypto';
import { chmodSync, copyFileSync, cpSync, existsSync, mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { FailureError } from '../errors';
import { scratchFolder } from './cache';
import { run } from './exec';

export interface Fetch {
  readonly say: (line: string) => void;
  readonly signal?: AbortSignal;
}

/** Runs `work` in a folder that is removed afterwards. It is in the cache, which sweeps what a killed command left. */
export async function inScratch<T>(work: (folder: string) => Promise<T>): Promise<T> {
  const folder = scratchFolder();
  try {
    return await work(folder);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Downloads a wheel of exactly this hash (pip checks it) and unpacks it into `into`. */
export async function fetchWheel(wheel: string, sha256: string, into: string, fetch: Fetch): Promise<void> {
  await inScratch(async (scratch) => {
    fetch.say('downloading the wheel');
    const list = join(scratch, 'requirements.txt');
    writeFileSync(list, `${wheel} --hash=sha256:${sha256}\n`);
    const args = [
      '-m',
      'pip',
      'download',
      '--quiet',
      '--retries=1',
      '--no-deps',
      '--only-binary=:all:',
      '--require-hashes',
    ];
    await run('python3', [...args, '-d', scratch, '-r', list], { ...runOptions(fetch), env: { TMPDIR: scratch } });
    await unzip(only(scratch, '.whl', wheel), into, fetch);
  });
}

/** Downloads an npm package of exactly this integrity and unpacks it into `into`. */
export async function fetchNpm(name: string, integrity: string, into: string, fetch: Fetch): Promise<void> {
  await inScratch(async (scratch) => {
    fetch.say('downloading the npm package');
    // npm's own patience without a network is minutes of silence; and silent, it would not say why it failed.
    const patience = ['--fetch-retries=1', '--fetch-retry-mintimeout=1000', '--loglevel=error'];
    const options = { ...runOptions(fetch), cwd: scratch };
    await run('npm', ['pack', name, ...patience, '--pack-destination', scratch], options);
    const file = only(scratch, '.tgz', name);
    const found = `sha512-${createHash('sha512')
      .update(await readFile(file))
      .digest('base64')}`;
    if (found !== integrity) {
      throw new FailureError(
        `${name}: the downloaded package has integrity ${found}, pinned is ${integrity}; nothing of it was used. Check the registry that npm is configured for`,
      );
    }
    mkdirSync(into, { recursive: true });
    await run('tar', ['-xzf', file, '-C', into], runOptions(fetch));
  });
}

/** Downloads Debian packages (apt checks their signatures) and unpacks, without installing, into `into`. */
export async function fetchDebian(packages: readonly string[], into: string, fetch: Fetch): Promise<void> {
  await inScratch(async (scratch) => {
    fetch.say(`downloading ${packages.join(', ')}`);
    const download = () =>
      run('apt-get', ['download', '-qq', '-o', 'APT::Sandbox::User=root', ...packages], {
        ...runOptions(fetch),
        cwd: scratch,
      });
    // A machine whose package lists are absent or stale names files that are gone.
    await download().catch(async () => {
      await run('apt-get', ['update', '-qq'], runOptions(fetch));
      await download();
    });
    for (const file of readdirSync(scratch))
      await run('dpkg-deb', ['-x', join(scratch, file), into], runOptions(fetch));
  });
}

/** Unpacks a zip file. */
export async function unzip(file: string, into: string, fetch: Fetch): Promise<void> {
  await run('unzip', ['-q', '-o', file, '-d', into], runOptions(fetch));
}

/** Copies a program and makes it executable. */
export function installProgram(from: string, folder: string, name: string): void {
  if (!existsSync(from)) throw new FailureError(`the fetched package has no file ${from}; its layout changed`);
  mkdirSync(folder, { recursive: true });
  copyFileSync(from, join(folder, name));
  chmodSync(join(folder, name), 0o755);
}

/** Copies a file or folder, following links, and makes the copy writable. */
export function copyTree(from: string, to: string): void {
  cpSync(from, to, { recursive: true, dereference: true });
  makeWritable(to);
}

function makeWritable(path: string): void {
  for (const entry of [path, ...listed(path)]) chmodSync(entry, existsSync(join(entry, '.')) ? 0o755 : 0o644);
}

function listed(path: string): string[] {
  try {
    return readdirSync(path, { recursive: true, encoding: 'utf8' }).map((name) => join(path, name));
  } catch {
    return [];
  }
}

function only(folder: string, ending: string, what: string): string {
  const files = readdirSync(folder).filter((file) => file.endsWith(ending));
  const [file] = files;
  if (file === undefined || files.length > 1) {
    throw new FailureError(`${what}: expected one downloaded ${ending} file, got ${files.length}`);
  }
  return join(folder, file);
}

function runOptions(fetch: Fetch): { signal?: AbortSignal } {
  return fetch.signal === undefined ? {} : { signal: fetch.signal };
}
