/** A mock of the AWS API from PyPI, for tests that send real calls. Its versions are pinned in moto.txt. */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { cacheFolder } from '../../scripts/machine/cache';
import { endingWithUs } from '../../scripts/machine/exec';

export interface Moto {
  /** Where it answers, on the loopback address. */
  readonly url: string;
  /** Forgets everything. */
  reset(): Promise<void>;
  stop(): Promise<void>;
}

/** The Python that has moto, or why there is none. */
type Installed = { readonly python: string } | { readonly missing: string };

const requirements = join(__dirname, 'moto.txt');

/** Milliseconds that the installation may take, and the server to answer. */
const patience = { install: 180_000, start: 30_000 };

/** Runs the tests of `body` with a mock of AWS; where it can't be had they are skipped, and the reason is printed. */
export function describeWithMoto(name: string, body: (moto: () => Moto) => void): void {
  const installed = install();
  if ('missing' in installed) {
    process.stderr.write(`skipped: ${name} (${installed.missing})\n`);
    describe.skip(name, () => body(neverStarted));
    return;
  }
  describe(name, () => {
    let moto: Moto | undefined;
    beforeAll(async () => {
      moto = await start(installed.python);
    }, patience.start);
    afterAll(async () => moto?.stop());
    body(() => moto ?? neverStarted());
  });
}

function neverStarted(): never {
  throw new Error('the mock of AWS has not been started');
}

/** Installs into the cache, once for each content of moto.txt. Before the tests are collected, so nothing is awaited. */
function install(): Installed {
  const text = readFileSync(requirements, 'utf8');
  const version = /^moto==(\S+)/m.exec(text)?.[1] ?? '';
  const hash = createHash('sha256').update(text).digest('hex').slice(0, 8);
  const folder = join(cacheFolder(), `moto-${version}-${hash}`);
  const python = join(folder, 'bin/python');
  if (existsSync(python)) return { python };
  // The cache removes what was left under such a name by a process that is gone.
  const fresh = join(cacheFolder(), `.new-${process.pid}-moto`);
  mkdirSync(cacheFolder(), { recursive: true });
  try {
    const missing =
      failure(
        'python3',
        ['-c', 'import sys, ensurepip, venv; sys.exit(sys.version_info < (3, 10))'],
        'needs Python 3.10',
      ) ??
      failure('python3', ['-m', 'venv', fresh], 'no virtual environment') ??
      failure(join(fresh, 'bin/python'), pip, 'its packages can not be installed');
    if (missing !== undefined) return { missing };
    // Another test file may have been faster.
    if (!existsSync(python)) renameSync(fresh, folder);
    return { python };
  } finally {
    rmSync(fresh, { recursive: true, force: true });
  }
}

const pip = [
  ...['-m', 'pip', 'install', '--quiet', '--disable-pip-version-check', '--retries', '1'],
  ...['--require-hashes', '--only-binary', ':all:', '-r', requirements],
];

/** Why a program did not succeed, undefined when it did. */
function failure(command: string, args: readonly string[], what: string): string | undefined {
  const { status, error, stderr } = spawnSync(command, args, { encoding: 'utf8', timeout: patience.install });
  if (status === 0) return undefined;
  const said = error?.message ?? stderr.trim().split('\n').at(-1) ?? '';
  return said === '' ? what : `${what}: ${said}`;
}

/** Starts the server on a free port that it chooses itself. */
async function start(python: string): Promise<Moto> {
  const server = ['-u', '-m', 'moto.server', '-H', '127.0.0.1', '-p', '0'];
  const [command, args] = process.platform === 'linux' ? endingWithUs(python, server) : [python, server];
  const child = spawn(command, args, {
    stdio: ['ignore', 'ignore', 'pipe'],
    // Thousands of images that no test asks for, and a second to load them.
    env: { ...process.env, MOTO_EC2_LOAD_DEFAULT_AMIS: 'false' },
  });
  const url = await address(child);
  return {
    url,
    reset: async () => {
      const { ok, status } = await fetch(`${url}/moto-api/reset`, { method: 'POST' });
      if (!ok) throw new Error(`moto did not reset: ${status}`);
    },
    stop: () =>
      new Promise((resolve) => {
        child.once('close', () => resolve());
        child.kill('SIGKILL');
      }),
  };
}

/** Reads what the server says until it names its address; then throws the rest away. */
function address(child: ChildProcess): Promise<string> {
  return new Promise((resolve, reject) => {
    const said: string[] = [];
    child.once('error', reject);
    child.once('close', () => reject(new Error(`moto ended: ${said.slice(-5).join('\n')}`)));
    if (child.stderr === null) return;
    createInterface({ input: child.stderr }).on('line', (line) => {
      const url = /Running on (http:\/\/127\.0\.0\.1:\d+)/.exec(line)?.[1];
      if (url !== undefined) resolve(url);
      else if (said.length < 100) said.push(line);
    });
  });
}
