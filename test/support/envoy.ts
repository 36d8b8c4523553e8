/** A real Envoy that serves public listeners over mutual TLS, before a program that says yes to everything. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { Agent, request } from 'node:https';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { connect, type TLSSocket } from 'node:tls';
import type { Json } from '../../model/access/envoy';
import { endingWithUs } from '../../scripts/machine/exec';
import { until } from '../../scripts/machine/until';
import { type Identity, makeRoot, type Root } from './certificates';

export interface RunningEnvoy {
  readonly root: Root;
  /** Status of a request to a listener by its index; 0 when the connection was cut. */
  readonly ask: (listener: number, caller: Identity, method: string, path: string) => Promise<number>;
  /** The same with methods and targets as they are, byte for byte, which no HTTP client would send. */
  readonly askRaw: (listener: number, caller: Identity, requests: readonly RawRequest[]) => Promise<RawAnswer[]>;
  readonly stop: () => Promise<void>;
}

type RawRequest = readonly [method: string, target: string, ...headers: string[]];

/** Status, and the target that the program got; status 0 when the connection was cut. */
export interface RawAnswer {
  readonly status: number;
  readonly target?: string;
}

export async function startEnvoy(envoy: string, folder: string, listeners: readonly Json[]): Promise<RunningEnvoy> {
  const root = await makeRoot();
  const own = await root.leaf(['spiffe://callee']);
  const program = createServer(({ url = '' }, response) => {
    response.setHeader('content-length', url.length).end(url);
  })
    .on('upgrade', (_, socket) => socket.end('HTTP/1.1 101 Switching Protocols\r\nUpgrade: any\r\n\r\n'))
    .listen(0, '127.0.0.1');
  await once(program, 'listening');
  const config = {
    admin: { address: { socket_address: { address: '127.0.0.1', port_value: 0 } } },
    static_resources: {
      listeners: listeners.map((listener, index) => served(listener, index, root, own)),
      clusters: [localApp((program.address() as AddressInfo).port)],
    },
  };
  const process = run(envoy, folder, config);
  const stop = async () => {
    program.close();
    program.closeAllConnections();
    await process.kill();
  };
  try {
    const ports = await portsOf(process.admin, listeners.length);
    return {
      root,
      stop,
      ask: (listener, ...rest) => ask(ports[listener] ?? 0, root, ...rest),
      askRaw: async (listener, caller, requests) => {
        const size = Math.ceil(requests.length / 8);
        const lanes = Array.from({ length: 8 }, (_, lane) => requests.slice(lane * size, (lane + 1) * size));
        return (await Promise.all(lanes.map((lane) => askRaw(ports[listener] ?? 0, root, caller, lane)))).flat();
      },
    };
  } catch (error) {
    await stop();
    throw error;
  }
}

interface Running {
  /** File that will hold the address of the admin interface. */
  readonly admin: string;
  readonly kill: () => Promise<void>;
}

function run(envoy: string, folder: string, config: Json): Running {
  const admin = join(folder, 'admin');
  rmSync(admin, { force: true });
  writeFileSync(join(folder, 'envoy.json'), JSON.stringify(config));
  const args = ['--config-path', join(folder, 'envoy.json'), '--admin-address-path', admin, '--use-dynamic-base-id'];
  const [command, argv] = endingWithUs(envoy, [...args, '--concurrency', '1', '--log-level', 'error']);
  const child = spawn(command, argv, { stdio: ['ignore', 'ignore', 'inherit'] });
  const ended = new Promise<void>((resolve) => {
    child.once('error', () => resolve());
    child.once('exit', () => resolve());
  });
  const kill = async () => {
    child.kill('SIGKILL');
    await ended;
  };
  return { admin, kill };
}

async function portsOf(admin: string, count: number): Promise<readonly number[]> {
  let ports: readonly number[] = [];
  const ready = async () => {
    const answer = await fetch(`http://${readFileSync(admin, 'utf8')}/listeners?format=json`);
    const { listener_statuses: found = [] } = (await answer.json()) as { listener_statuses?: ListenerStatus[] };
    ports = Array.from(
      { length: count },
      (_, index) => found.find(({ name }) => name === `l${index}`)?.local_address.socket_address.port_value ?? 0,
    );
    return ports.every((port) => port > 0);
  };
  if (!(await until(ready, { timeout: 20_000, interval: 50 }))) throw new Error('Envoy did not begin to listen');
  return ports;
}

interface ListenerStatus {
  readonly name: string;
  readonly local_address: { readonly socket_address: { readonly port_value: number } };
}

/** What Consul adds to our listener, as far as it counts here: mutual TLS. */
function served(listener: Json, index: number, root: Root, own: Identity): Json {
  const { '@type': _type, ...rest } = listener;
  const tls = {
    '@type': 'type.googleapis.com/envoy.extensions.transport_sockets.tls.v3.DownstreamTlsContext',
    require_client_certificate: true,
    common_tls_context: {
      tls_certificates: [{ certificate_chain: { inline_string: own.cert }, private_key: { inline_string: own.key } }],
      validation_context: { trusted_ca: { inline_string: root.pem } },
    },
  };
  return {
    ...rest,
    name: `l${index}`,
    address: { socket_address: { address: '127.0.0.1', port_value: 0 } },
    filter_chains: (listener.filter_chains as Json[]).map((chain) => ({
      ...chain,
      transport_socket: { name: 'tls', typed_config: tls },
    })),
  };
}

function localApp(port: number): Json {
  const endpoint = { address: { socket_address: { address: '127.0.0.1', port_value: port } } };
  return {
    name: 'local_app',
    connect_timeout: '1s',
    type: 'STATIC',
    load_assignment: { cluster_name: 'local_app', endpoints: [{ lb_endpoints: [{ endpoint }] }] },
  };
}

/** One request after the other on one connection, and on a new one whenever Envoy closes it. */
async function askRaw(
  port: number,
  root: Root,
  { cert, key }: Identity,
  requests: readonly RawRequest[],
): Promise<RawAnswer[]> {
  const open = () =>
    connect({ host: '127.0.0.1', port, ca: root.pem, cert, key, checkServerIdentity: () => undefined });
  let socket = open();
  const answers: RawAnswer[] = [];
  for (const [method, target, ...headers] of requests) {
    if (socket.destroyed || socket.readableEnded) socket = open();
    const head = [`${method} ${target} HTTP/1.1`, 'Host: callee', ...headers];
    socket.write(Buffer.from(`${head.join('\r\n')}\r\n\r\n`, 'latin1'));
    answers.push(await answer(socket, method === 'HEAD'));
  }
  socket.destroy();
  return answers;
}

/** Reads one answer, whose length is told. */
function answer(socket: TLSSocket, isHead: boolean): Promise<RawAnswer> {
  return new Promise((resolve) => {
    let text = '';
    const done = (result: RawAnswer) => {
      socket.removeAllListeners();
      // A late reset is no failure of the next request, which looks for itself.
      socket.on('error', () => {});
      if (result.status === 0 || /^connection: close/im.test(text)) socket.destroy();
      resolve(result);
    };
    socket.on('data', (chunk: Buffer) => {
      text += chunk.toString('latin1');
      const [head = '', ...bodies] = text.split('\r\n\r\n');
      const length = isHead ? 0 : Number(/^content-length: (\d+)/im.exec(head)?.[1] ?? 0);
      if (bodies.length === 0 || bodies.join('\r\n\r\n').length < length) return;
      const status = Number(head.split(' ')[1]);
      done(status === 200 ? { status, target: bodies.join('').slice(0, length) } : { status });
    });
    socket.on('error', () => done({ status: 0 }));
    socket.on('close', () => done({ status: 0 }));
  });
}

/** One request on a connection of its own. */
async function ask(port: number, root: Root, caller: Identity, method: string, path: string): Promise<number> {
  const agent = new Agent({ maxCachedSessions: 0 });
  const sent = request({
    agent,
    host: '127.0.0.1',
    port,
    method,
    path,
    ca: root.pem,
    cert: caller.cert,
    key: caller.key,
    // The certificate is that of a service, not of this address.
    checkServerIdentity: () => undefined,
  });
  sent.end();
  try {
    const [response] = (await once(sent, 'response')) as [{ statusCode: number; resume: () => void }];
    response.resume();
    return response.statusCode;
  } catch {
    return 0;
  } finally {
    agent.destroy();
  }
}
