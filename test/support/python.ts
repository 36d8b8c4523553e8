/** Python packages for tests, pinned with their hashes in a requirements file beside this one. */
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { cacheFolder } from '../../scripts/machine/cache';

/** The Python that has the packages, or why there is none. Use `python -m`: programs in its folder know an older path. */
export type PythonPackages = { readonly python: string } | { readonly missing: string };

/** Milliseconds that one step of the installation may take. */
const patience = 600_000;

/**
 * Installs what NAME.txt says into the cache, once for each content of that file. It is synchronous, so that a test
 * file knows before its tests are collected whether they can run.
 * @param name package that gives the requirements file and the cache's folder their names
 */
export function installPython(name: string): PythonPackages {
  const requirements = join(__dirname, `${name}.txt`);
  const text = readFileSync(requirements, 'utf8');
  const version = new RegExp(`^${name}==(\\S+)`, 'm').exec(text)?.[1] ?? '';
  const hash = createHash('sha256').update(text).digest('hex').slice(0, 8);
  const folder = join(cacheFolder(), `${name}-${version}-${hash}`);
  const python = join(folder, 'bin/python');
  if (existsSync(python)) return { python };
  // The cache removes what was left under such a name by a process that is gone.
  const fresh = join(cacheFolder(), `.new-${process.pid}-${name}`);
  mkdirSync(cacheFolder(), { recursive: true });
  try {
    const missing =
      failure('python3', ['-c', suits], 'needs Python 3.10 with venv') ??
      failure('python3', ['-m', 'venv', fresh], 'no virtual environment') ??
      failure(join(fresh, 'bin/python'), [...pip, '-r', requirements], 'its packages can not be installed');
    if (missing !== undefined) return { missing };
    // Another test file may have been faster.
    if (!existsSync(python)) renameSync(fresh, folder);
    return { python };
  } finally {
    rmSync(fresh, { recursive: true, force: true });
  }
}

const suits = 'import sys, ensurepip, venv; sys.exit(sys.version_info < (3, 10))';

const pip = [
  ...['-m', 'pip', 'install', '--quiet', '--disable-pip-version-check', '--retries', '1'],
  ...['--require-hashes', '--only-binary', ':all:'],
];

/** Why a program did not succeed, undefined when it did. */
function failure(command: string, args: readonly string[], what: string): string | undefined {
  const { status, error, stderr } = spawnSync(command, args, { encoding: 'utf8', timeout: patience });
  if (status === 0) return undefined;
  const said = error?.message ?? stderr.trim().split('\n').at(-1) ?? '';
  return said === '' ? what : `${what}: ${said}`;
}
