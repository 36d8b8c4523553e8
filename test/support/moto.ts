/** A mock of the AWS API from PyPI, for tests that send real calls. Its versions are pinned in moto.txt. */
import { type ChildProcess, spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { endingWithUs } from '../../scripts/machine/exec';
import { installPython } from './python';

export interface Moto {
  /** Where it answers, on the loopback address. */
  readonly url: string;
  /** Forgets everything. */
  reset(): Promise<void>;
  stop(): Promise<void>;
}

/** Milliseconds that the server may take to answer. */
const patience = 30_000;

/**
 * Runs the tests of `body` with a mock of AWS; where it can't be had they are skipped, and the reason is printed.
 * @param options `keeps`: what a test leaves is there for the next; without it each begins with an empty account
 */
export function describeWithMoto(
  name: string,
  body: (moto: () => Moto) => void,
  { keeps = false }: { readonly keeps?: boolean } = {},
): void {
  const installed = installPython('moto');
  if ('missing' in installed) {
    process.stderr.write(`skipped: ${name} (${installed.missing})\n`);
    describe.skip(name, () => body(neverStarted));
    return;
  }
  describe(name, () => {
    let moto: Moto | undefined;
    beforeAll(async () => {
      moto = await start(installed.python);
    }, patience);
    afterAll(async () => moto?.stop());
    if (!keeps) afterEach(async () => moto?.reset());
    body(() => moto ?? neverStarted());
  });
}

function neverStarted(): never {
  throw new Error('the mock of AWS has not been started');
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
