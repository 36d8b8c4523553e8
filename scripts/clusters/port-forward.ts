/** A port of a Service of a cluster on this machine's loopback address, for as long as some work takes. */
import { spawn } from 'node:child_process';
import type { ClusterAccess } from '../../model/cluster';
import { kubeconfigOf, kubectlFlags } from '../cluster';
import { FailureError } from '../errors';
import { locate } from '../machine/binaries';
import { endingWithUs } from '../machine/exec';
import { catchesInterrupt, endGroupWithUs } from '../machine/group';

export interface ForwardTarget {
  readonly namespace: string;
  readonly service: string;
  readonly port: number;
}

/** Milliseconds until kubectl must have the port open. */
const patience = 20_000;

/** Runs `work` with a local port that leads to the Service. The port is closed afterwards. */
export async function withPortForward<T>(
  cluster: ClusterAccess,
  { namespace, service, port }: ForwardTarget,
  work: (localPort: number) => Promise<T>,
): Promise<T> {
  const flags = kubectlFlags(await kubeconfigOf(cluster));
  const args = ['port-forward', `service/${service}`, `:${port}`, '--namespace', namespace, '--address', '127.0.0.1'];
  const [file, argv] =
    process.platform === 'linux'
      ? endingWithUs(locate('kubectl'), [...flags, ...args])
      : [locate('kubectl'), [...flags, ...args]];
  // Ctrl-C on the terminal leaves the ending to us, where we have something to end well.
  const detached = catchesInterrupt();
  const child = spawn(file, argv, { stdio: ['ignore', 'pipe', 'pipe'], detached });
  if (detached) endGroupWithUs(child);
  const closed = new Promise<void>((resolve) => child.once('close', () => resolve()));
  try {
    return await work(await openedPort(child, `${namespace}/${service}`));
  } finally {
    child.kill();
    await closed;
  }
}

interface Forwarding {
  readonly stdout: NodeJS.ReadableStream;
  readonly stderr: NodeJS.ReadableStream;
  once(event: 'close' | 'error', listener: (reason: unknown) => void): unknown;
}

/** The port that kubectl says it has opened. */
function openedPort(child: Forwarding, what: string): Promise<number> {
  return new Promise((resolve, reject) => {
    let said = '';
    const fail = (reason: string) => {
      clearTimeout(timer);
      reject(new FailureError(`no way to ${what} in its cluster: ${reason}: ${said.trim()}`));
    };
    const timer = setTimeout(() => fail(`not within ${patience / 1000} s`), patience);
    const listen = (chunk: unknown) => {
      said += String(chunk);
      const port = forwardedPort(said);
      if (port === undefined) return;
      clearTimeout(timer);
      resolve(port);
    };
    child.stdout.on('data', listen);
    child.stderr.on('data', listen);
    child.once('error', (error) => fail((error as Error).message));
    child.once('close', () => fail('kubectl ended'));
  });
}

/** The local port in what `kubectl port-forward` prints; undefined as long as there is none. */
export function forwardedPort(said: string): number | undefined {
  const port = /^Forwarding from 127\.0\.0\.1:(\d+) -> /m.exec(said)?.[1];
  return port === undefined ? undefined : Number(port);
}
