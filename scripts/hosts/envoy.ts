/** The Envoy of a host: a gateway or a service's sidecar, configured by the host's own agent. */
import { createHash } from 'node:crypto';
import { request } from 'node:http';
import { dirname } from 'node:path';
import { hostUsers } from '../../model/host-users';
import { type HostSpec, hostFiles, readyPort, type ServiceDefinition } from '../../model/hosts';
import { stateFolder } from '../../model/names';
import { FailureError } from '../errors';
import { locate } from '../machine/binaries';
import { startDaemon } from '../machine/daemon';
import { run } from '../machine/exec';
import { until } from '../machine/until';
import { linesSince } from './log';
import { hostNetns } from './namespace';
import { proxyId } from './registration';
import { runnable } from './runnable';
import { folder, owner, writeOwned } from './secret';
import { awaitDaemon } from './wait';

export function envoyDaemon(host: Pick<HostSpec, 'mesh' | 'name'>): string {
  return `${host.mesh}-${host.name}-envoy`;
}

/** A place in the log of the host's agent. What the agent said before it is not about what is applied now. */
export interface AgentLog {
  readonly file: string;
  readonly from: number;
}

/**
 * Runs Envoy with a bootstrap of the host's agent and waits until it has its first config.
 * @returns whether it was started now
 */
export async function ensureEnvoy(
  host: HostSpec,
  registration: ServiceDefinition,
  agentLog: AgentLog,
): Promise<boolean> {
  const files = hostFiles(host.lab, host.mesh, host.name);
  const users = hostUsers(host);
  folder(dirname(files.envoyBootstrap), owner(users.envoy), 0o700);
  const bootstrap = await makeBootstrap(host, registration);
  writeOwned(files.envoyBootstrap, bootstrap, owner(users.envoy));
  const started = await startDaemon(stateFolder(host.lab), host.lab, {
    name: envoyDaemon(host),
    netns: hostNetns(host),
    command: runnable(host.lab, 'envoy'),
    args: [
      ...['--config-path', files.envoyBootstrap],
      '--disable-hot-restart',
      ...['--concurrency', '1'],
      ...['--drain-time-s', String(host.drainSeconds), '--drain-strategy', 'immediate'],
      ...['--log-level', 'warning'],
      // Access log lines are evidence: who asks for the line of a call just made should not wait Envoy's usual 10 s.
      ...['--file-flush-interval-msec', '100'],
    ],
    uid: users.envoy,
    groups: [users.group],
    revision: createHash('sha256').update(bootstrap).digest('hex'),
  });
  await awaitDaemon(
    {
      lab: host.lab,
      daemon: envoyDaemon(host),
      what: 'Envoy gets its config',
      timeout: 30_000,
      hints: () => refusals(agentLog).slice(-1),
    },
    () => hasConfig(files.envoyAdminSocket, registration.Kind === undefined ? ['public_listener'] : []),
  );
  return started;
}

/** Is Envoy in touch with its agent, with these listeners, and without a config that it refused? */
async function hasConfig(adminSocket: string, listeners: readonly string[]): Promise<boolean> {
  if ((await envoyAdmin(adminSocket, '/ready')).trim() !== 'LIVE') return false;
  const connected = await envoyAdmin(adminSocket, '/stats?filter=^control_plane.connected_state$');
  if (connected.trim() !== 'control_plane.connected_state: 1') throw new FailureError('Envoy has lost its agent');
  const dump = await listenerDump(adminSocket);
  // Envoy is ready without a listener, too: that is what it has when the agent could not make one.
  return listeners.every((name) => dump.includes(`"${name}:`));
}

/** What Envoy tells of the listeners that it was given. Throws {@link FailureError} when it refused one. */
export async function listenerDump(adminSocket: string): Promise<string> {
  const dump = await envoyAdmin(adminSocket, '/config_dump?resource=dynamic_listeners');
  if (dump.includes('"error_state"')) throw new FailureError('Envoy refused a listener and keeps its former one');
  return dump;
}

/** Milliseconds within which the agent turns a registration into Envoy's config; it collects changes for 200. */
const settleTime = 1_000;

/**
 * Makes sure that a running Envoy took what was registered just now. It would go on with its former config otherwise,
 * and a rule that was meant to close would stay open unseen.
 */
export async function awaitAccepted(host: HostSpec, agentLog: AgentLog): Promise<void> {
  await until(async () => refusals(agentLog).length > 0, { timeout: settleTime, interval: 50 });
  const [refusal] = refusals(agentLog);
  if (refusal === undefined) return;
  throw new FailureError(
    `host ${host.mesh}/${host.name}: its proxy config is refused and the former one is still in force:\n${refusal}`,
  );
}

/** What the agent says when it can't make Envoy's config, or when Envoy does not take it. */
function refusals(agentLog: AgentLog): string[] {
  return linesSince(agentLog.file, agentLog.from).filter(
    (line) => line.includes('failed to generate xDS resources') || line.includes('got error response from envoy proxy'),
  );
}

/** One GET of Envoy's admin interface. Throws on any status but 200. */
export function envoyAdmin(socketPath: string, path: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const sent = request({ socketPath, path, timeout: 5_000 }, (response) => {
      let text = '';
      response.setEncoding('utf8');
      response.on('data', (chunk: string) => {
        text += chunk;
      });
      response.on('end', () =>
        response.statusCode === 200
          ? resolve(text)
          : reject(new FailureError(`Envoy: GET ${path} answered ${response.statusCode}: ${text.trim()}`)),
      );
    });
    sent.on('timeout', () => sent.destroy(new Error('no answer within 5 s')));
    sent.on('error', (error) => reject(new FailureError(`Envoy: GET ${path} at ${socketPath}: ${error.message}`)));
    sent.end();
  });
}

async function makeBootstrap(host: HostSpec, registration: ServiceDefinition): Promise<string> {
  const files = hostFiles(host.lab, host.mesh, host.name);
  const gateway = registration.Kind === undefined ? [] : ['-gateway', registration.Kind.replace('-gateway', '')];
  const { stdout } = await run(locate('consul'), [
    'connect',
    'envoy',
    '-bootstrap',
    ...gateway,
    ...['-proxy-id', proxyId(registration)],
    ...['-http-addr', `unix://${files.httpSocket}`],
    ...['-grpc-addr', `unix://${files.grpcSocket}`],
    ...['-token-file', files.serviceToken],
    ...['-admin-bind', `127.0.0.1:${adminPort}`],
    ...['-envoy-ready-bind-address', '127.0.0.1', '-envoy-ready-bind-port', String(readyPort)],
    // Consul 1.22 names older Envoy versions only; it has been run with this one.
    '-ignore-envoy-compatibility',
  ]);
  return hardened(stdout, files.envoyAdminSocket);
}

/** Stands for the admin interface in what Consul's tool writes; nothing ever listens on it. */
const adminPort = 19000;

/** Connections that one Envoy takes at once; more are refused before they cost memory. */
const maxConnections = 10_000;

/**
 * Moves Envoy's admin interface from TCP to a unix socket of its own user (a program on the host that reached it could
 * drain or stop the proxy and read its certificates), without an access log of health checks, and limits connections.
 */
export function hardened(bootstrap: string, adminSocket: string): string {
  const config = JSON.parse(bootstrap, (_key, value: unknown) =>
    isAdminAddress(value) ? { pipe: { path: adminSocket } } : value,
  ) as Readonly<Record<string, unknown>>;
  return `${JSON.stringify(
    {
      ...config,
      admin: { address: { pipe: { path: adminSocket, mode: 0o600 } } },
      overload_manager: {
        resource_monitors: [
          {
            name: 'envoy.resource_monitors.global_downstream_max_connections',
            typed_config: {
              '@type':
                'type.googleapis.com/envoy.extensions.resource_monitors.downstream_connections.v3.DownstreamConnectionsConfig',
              max_active_downstream_connections: maxConnections,
            },
          },
        ],
      },
    },
    undefined,
    2,
  )}\n`;
}

/** Is this `{socket_address: {…, port_value: adminPort}}`? */
function isAdminAddress(value: unknown): boolean {
  const address = value as { readonly socket_address?: { readonly port_value?: unknown } } | null;
  return address?.socket_address?.port_value === adminPort;
}
