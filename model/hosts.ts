/**
 * A Consul mesh on hosts: what the plan says about each host. A {@link HostSpec} is complete and reviewable; it names
 * the files that hold keys and tokens, and never holds one itself: those are made on the machine.
 */

import { consulIngressPort, meshGatewayPort } from './gateways';
import type { HostPass } from './host-firewall';
import { hostUsers } from './host-users';
import { clusterId } from './identity';
import { stateFolder } from './names';

export type HostRole = 'server' | 'mesh-gateway' | 'ingress-gateway' | 'service';

/** Where a host stands: enough to know its files and its agent's config. */
export interface HostPlace {
  readonly lab: string;
  readonly mesh: string;
  /** Unique in the mesh; also Consul's node name. */
  readonly name: string;
  readonly role: HostRole;
  /** IPv4 address on the mesh's bridge. */
  readonly address: string;
  /** Prefix length of that network. */
  readonly prefix: number;
  /** Address of the border router: the default route. */
  readonly border: string;
  readonly datacenter: string;
  /** Address of the Consul server. */
  readonly serverAddress: string;
}

/** Service definition as `PUT /v1/agent/service/register` takes it. */
export interface ServiceDefinition extends Readonly<Record<string, unknown>> {
  readonly ID: string;
  readonly Name: string;
  /** `mesh-gateway` or `ingress-gateway`; absent for a service with a sidecar. */
  readonly Kind?: 'mesh-gateway' | 'ingress-gateway';
}

/** A bundled JavaScript file that runs on Node.js. */
export interface HostProgram {
  /** Relative to the stack's folder. */
  readonly path: string;
  readonly env: Readonly<Record<string, string>>;
}

export interface HostSpec extends HostPlace {
  /** Consul agent config, complete but for the gossip key and the tokens. */
  readonly agent: Readonly<Record<string, unknown>>;
  /** What the host's agent registers; none on the server. */
  readonly registration?: ServiceDefinition;
  /** What a service host runs. */
  readonly program?: HostProgram;
  /** Connections that the host lets in and out, by whom; it refuses all others. */
  readonly firewall: readonly HostPass[];
  /** Seconds that connections live on after their listener changed; the longest request that survives one. */
  readonly drainSeconds: number;
}

/** Name of the one server host of a mesh. */
export const serverHostName = 'server';

/** Public port of every sidecar: on a host of its own it needs no other. */
export const sidecarPort = 20000;

/** How many ports of a sidecar, from the first upstream's on, lead to other services. */
export const upstreamPorts = 256;

/** Loopback port on which a host's Envoy says that it has its config: `GET /ready`, nothing else. */
export const readyPort = 19001;

/** Port of the server's gRPC over TLS. Peering streams reach it through the mesh gateway only. */
export const serverGrpcTlsPort = 8503;

/** Everything a host keeps on the machine. Files of keys and tokens are readable by their one user only. */
export interface HostFiles {
  /** Only the host's own programs and root pass through it. */
  readonly folder: string;
  readonly agentConfig: string;
  /** Second config file: gossip key and tokens. */
  readonly agentSecrets: string;
  readonly data: string;
  readonly tls: string;
  readonly caCertificate: string;
  readonly certificate: string;
  readonly key: string;
  /** Consul's HTTP API. Its folder lets only the agent's user and root in. */
  readonly httpSocket: string;
  /** Consul's xDS. Its folder lets the Envoy user in, too. */
  readonly grpcSocket: string;
  readonly agentToken: string;
  /** Token of the service or gateway that the host runs. */
  readonly serviceToken: string;
  readonly envoyBootstrap: string;
  readonly envoyAdminSocket: string;
  readonly program: string;
}

/** Folder of a Consul mesh on hosts. */
export function meshFolder(lab: string, mesh: string): string {
  return `${stateFolder(lab)}/${mesh}`;
}

export function hostFiles(lab: string, mesh: string, name: string): HostFiles {
  const folder = `${meshFolder(lab, mesh)}/hosts/${name}`;
  return {
    folder,
    agentConfig: `${folder}/config/agent.json`,
    agentSecrets: `${folder}/config/secrets.json`,
    data: `${folder}/data`,
    tls: `${folder}/tls`,
    caCertificate: `${folder}/tls/ca.pem`,
    certificate: `${folder}/tls/cert.pem`,
    key: `${folder}/tls/key.pem`,
    httpSocket: `${folder}/http/http.sock`,
    grpcSocket: `${folder}/grpc/grpc.sock`,
    agentToken: `${folder}/tokens/agent`,
    serviceToken: `${folder}/tokens/service`,
    envoyBootstrap: `${folder}/envoy/bootstrap.json`,
    envoyAdminSocket: `${folder}/envoy/admin.sock`,
    program: `${folder}/program/program.js`,
  };
}

/** Folder of what all hosts of a mesh share: agent CA, gossip key, management token. Only root enters it. */
export function meshSecretsFolder(lab: string, mesh: string): string {
  return `${meshFolder(lab, mesh)}/secrets`;
}

/** Unix socket of the Consul server's HTTP API. */
export function consulSocket(lab: string, mesh: string): string {
  return hostFiles(lab, mesh, serverHostName).httpSocket;
}

/** File with the token that may do everything in the mesh. */
export function managementTokenFile(lab: string, mesh: string): string {
  return `${meshSecretsFolder(lab, mesh)}/management-token`;
}

/**
 * Agent config of a host. API and xDS listen on unix sockets only: no TCP port takes API calls, so a program on the
 * host has nothing to dial.
 */
export function agentConfig(host: HostPlace): Readonly<Record<string, unknown>> {
  const files = hostFiles(host.lab, host.mesh, host.name);
  const server = host.role === 'server';
  return {
    datacenter: host.datacenter,
    node_name: host.name,
    server,
    ...(server ? { bootstrap_expect: 1 } : { retry_join: [host.serverAddress], retry_interval: '1s' }),
    data_dir: files.data,
    bind_addr: host.address,
    client_addr: '127.0.0.1',
    addresses: {
      http: `unix://${files.httpSocket}`,
      grpc: `unix://${files.grpcSocket}`,
      ...(server ? { grpc_tls: host.address } : {}),
    },
    // With a unix socket as address the port only switches the listener on.
    ports: { http: 1, grpc: 1, grpc_tls: server ? serverGrpcTlsPort : -1, https: -1, dns: -1, serf_wan: -1 },
    unix_sockets: { group: String(hostUsers(host).envoy), mode: '0660' },
    tls: {
      defaults: {
        ca_file: files.caCertificate,
        cert_file: files.certificate,
        key_file: files.key,
        verify_incoming: true,
        verify_outgoing: true,
      },
      internal_rpc: { verify_server_hostname: true },
    },
    acl: { enabled: true, default_policy: 'deny', down_policy: 'extend-cache', enable_token_persistence: false },
    default_intention_policy: 'deny',
    peering: { enabled: true },
    connect: {
      enabled: true,
      ...(server ? { ca_config: { cluster_id: clusterId(host.lab, host.mesh), leaf_cert_ttl: '1h' } } : {}),
    },
    // A restart must not look like a departure: imports of a peer vanish with the instance. `removeHost` says goodbye.
    leave_on_terminate: false,
    skip_leave_on_interrupt: true,
    performance: { raft_multiplier: 1, leave_drain_time: '100ms' },
    disable_coordinates: true,
    disable_update_check: true,
    log_level: 'info',
  };
}

/**
 * Health of a proxy. Consul's own check dials the public port, which writes an access log line and opens a connection
 * to the program each time. A check is critical until its first look, which comes up to an interval after the agent's
 * start, so the interval is short.
 */
const proxyCheck = {
  Name: 'proxy is ready',
  HTTP: `http://127.0.0.1:${readyPort}/ready`,
  Interval: '1s',
  Timeout: '2s',
};

export interface ServiceOptions {
  /** Consul service name. */
  readonly service: string;
  /** Port of the program on the host's loopback address. */
  readonly port: number;
  /** HTTP path that answers 2xx when the program is ready. */
  readonly health: string;
  /** Proxy config of the sidecar, for example `envoy_public_listener_json`; Consul's defaults without it. */
  readonly proxyConfig?: Readonly<Record<string, unknown>>;
  /** Services that the program may dial through its sidecar; none without it. */
  readonly upstreams?: readonly Readonly<Record<string, unknown>>[];
}

/** Registration of a service and its sidecar. */
export function serviceRegistration(host: Pick<HostPlace, 'address'>, options: ServiceOptions): ServiceDefinition {
  const { service, port } = options;
  return {
    ID: service,
    Name: service,
    Address: host.address,
    Port: port,
    Check: {
      Name: `${service} answers`,
      HTTP: `http://127.0.0.1:${port}${options.health}`,
      Interval: '1s',
      Timeout: '2s',
    },
    Connect: {
      SidecarService: {
        Port: sidecarPort,
        Checks: [proxyCheck, { Name: `${service} is healthy`, AliasService: service }],
        Proxy: { Config: options.proxyConfig ?? {}, Upstreams: options.upstreams ?? [] },
      },
    },
  };
}

/** Registration of a mesh gateway whose local and wide-area addresses are the same. */
export function meshGatewayRegistration(host: Pick<HostPlace, 'address'>): ServiceDefinition {
  const at = { Address: host.address, Port: meshGatewayPort };
  return {
    ID: 'mesh-gateway',
    Name: 'mesh-gateway',
    Kind: 'mesh-gateway',
    ...at,
    TaggedAddresses: { lan: at, wan: at },
    Check: proxyCheck,
  };
}

/**
 * Registration of an ingress gateway. Its listeners come from the config entry of the same name: the port here is what
 * the catalog shows, and opens nothing.
 */
export function ingressGatewayRegistration(host: Pick<HostPlace, 'address'>): ServiceDefinition {
  return {
    ID: 'ingress-gateway',
    Name: 'ingress-gateway',
    Kind: 'ingress-gateway',
    Address: host.address,
    Port: consulIngressPort,
    Check: proxyCheck,
  };
}

/** Completes a place to a spec. Pass `registration` for every role but the server, `program` for a service. */
export function hostSpec(
  place: HostPlace,
  drainSeconds: number,
  firewall: readonly HostPass[],
  runs: Pick<HostSpec, 'registration' | 'program'> = {},
): HostSpec {
  return { ...place, agent: agentConfig(place), firewall, ...runs, drainSeconds };
}
