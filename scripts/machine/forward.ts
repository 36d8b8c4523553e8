/**
 * TCP forwarders between network namespaces without any route between them: a process in one namespace inherits
 * sockets that listen in another. So the page and the Kubernetes API are on this machine's loopback, and neither the
 * lab can reach the machine nor the network the lab.
 */
import { spawn } from 'node:child_process';
import type { Server } from 'node:net';
import { join } from 'node:path';
import { stateFolder } from '../../model/names';
import { FailureError } from '../errors';
import { startDaemon, stopDaemon } from './daemon';
import { entered, run } from './exec';
import { catchesInterrupt } from './group';

export interface Forward {
  readonly listen: Endpoint;
  readonly dial: Endpoint;
  /** Setting of the lab file that changes the listening port, for the message when it is taken. */
  readonly setting?: string;
}

export interface Endpoint {
  readonly host: string;
  readonly port: number;
}

export interface Forwarder {
  /** Unique in the lab. */
  readonly name: string;
  /** Network namespaces to listen and to dial in; the machine's own without one. */
  readonly listenNetns?: string;
  readonly dialNetns?: string;
  readonly forwards: readonly Forward[];
}

/**
 * Starts a forwarder unless the same one runs already. It listens when this resolves.
 * Throws {@link FailureError} when a port is taken, with who holds it and the setting to change.
 */
export async function startForwarder(lab: string, forwarder: Forwarder): Promise<void> {
  let listening: readonly Server[] = [];
  const { listenNetns, dialNetns, forwards } = forwarder;
  try {
    await startDaemon(
      stateFolder(lab),
      lab,
      {
        name: forwarder.name,
        command: process.execPath,
        args: [join(__dirname, 'forwarder.js'), ...forwards.map((forward) => text(forward.dial))],
        ...(dialNetns === undefined ? {} : { netns: dialNetns }),
        revision: [listenNetns ?? '', ...forwards.map((forward) => text(forward.listen))].join(' '),
      },
      async () => {
        listening = await listen(forwards, listenNetns);
        return listening.map(descriptor);
      },
    );
  } finally {
    for (const server of listening) server.close();
  }
}

export async function stopForwarder(lab: string, name: string): Promise<void> {
  await stopDaemon(stateFolder(lab), name, 1_000);
}

/** Who listens on a TCP port of this machine's loopback: its name with its process id, where root may know it. */
export async function portListener(
  port: number,
): Promise<{ readonly name: string; readonly pid?: number } | undefined> {
  const { stdout } = await run('ss', ['-Hltnp', `sport = :${port}`]).catch(() => ({ stdout: '' }));
  // A listener on another address than ours or all is not in the way.
  const line = stdout.split('\n').find((row) => /\s(127\.0\.0\.1|0\.0\.0\.0|\*|\[::\]):\d+\s/.test(row));
  if (line === undefined) return undefined;
  const [, name, pid] = /users:\(\("([^"]+)",pid=(\d+)/.exec(line) ?? [];
  return name === undefined
    ? { name: 'a process of another user' }
    : { name: `${name} (process ${pid})`, pid: Number(pid) };
}

/** The message for a port that is taken. */
export function portTaken(forward: Forward, holder = 'another process'): string {
  const fix = forward.setting === undefined ? '' : ` or set another ${forward.setting} in the lab file`;
  return `port ${forward.listen.port} on ${forward.listen.host} is in use by ${holder}; end it${fix}`;
}

/** Opens the listening sockets in a namespace, by a short-lived process there. */
async function listen(forwards: readonly Forward[], netns: string | undefined): Promise<readonly Server[]> {
  const script = join(__dirname, 'listener.js');
  const addresses = forwards.map((forward) => text(forward.listen));
  const [command, args] = entered(netns, process.execPath, [script, ...addresses]);
  const child = spawn(command, args, {
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
    // It is there for a moment only, and Ctrl-C on the terminal is no reason why a port can't be had.
    detached: catchesInterrupt(),
  });
  const servers: Server[] = [];
  const refused: { address: string; code: string }[] = [];
  child.on('message', (message, handle) => {
    const { address, code } = message as { address: string; code?: string };
    if (code !== undefined) refused.push({ address, code });
    else servers.push(handle as Server);
  });
  const status = await new Promise<number | null>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', resolve);
  });
  const [first] = refused;
  if (first === undefined && servers.length === forwards.length) return servers;
  for (const server of servers) server.close();
  const forward = forwards.find((candidate) => text(candidate.listen) === first?.address);
  if (first?.code === 'EADDRINUSE' && forward !== undefined) {
    throw new FailureError(portTaken(forward, (await portListener(forward.listen.port))?.name));
  }
  const why = first === undefined ? `the listening process ended with status ${status}` : first.code;
  throw new FailureError(`can't listen on ${first?.address ?? addresses.join(', ')}: ${why}`);
}

/** Node.js has no public way to the descriptor of a listening socket; a child can inherit nothing else. */
function descriptor(server: Server): number {
  const { _handle: handle } = server as Server & { readonly _handle?: { readonly fd: number } };
  if (handle === undefined) throw new Error('a server that does not listen has no file descriptor');
  return handle.fd;
}

function text(endpoint: Endpoint): string {
  return `${endpoint.host}:${endpoint.port}`;
}
