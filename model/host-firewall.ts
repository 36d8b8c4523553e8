/**
 * Which connections a Consul host lets in and out, and by which of its users. A program that gets around its proxy still
 * reaches nothing but its own upstreams; who is not the agent reaches no port of Consul, who is not the proxy none of
 * another proxy. What nobody names is refused. The machine's root is not held to it.
 */
import { formatCidr } from './cidr';
import { consulIngressPort, meshGatewayPort } from './gateways';
import type { HostUsers } from './host-users';
import { type HostRole, readyPort, serverGrpcTlsPort, sidecarPort } from './hosts';
import type { Endpoint } from './lab';
import type { HostsNetwork } from './local';

/** New connections that pass; answers do by themselves. */
export interface HostPass {
  /** `in` from the network, `out` to it, or over `loopback`. */
  readonly way: 'in' | 'out' | 'loopback';
  readonly protocol: 'tcp' | 'udp';
  readonly ports: readonly number[];
  /** User id of who opens it; only of what goes out or over loopback. @default - from the network */
  readonly user?: number;
  /** The other side, an address or a network in CIDR notation. @default - anybody on that way */
  readonly other?: string;
}

export interface HostFirewallOptions {
  readonly role: HostRole;
  readonly network: HostsNetwork;
  /** The host's own. */
  readonly users: HostUsers;
  /** Gateways of the other meshes. */
  readonly peers: readonly Endpoint[];
  /** What runs on the host of a service. @default - no program */
  readonly program?: {
    readonly port: number;
    /** Loopback ports of its upstreams. */
    readonly upstreams: readonly number[];
  };
}

const rpcPort = 8300;
const gossipPort = 8301;

export function hostFirewall(options: HostFirewallOptions): HostPass[] {
  const hosts = formatCidr(options.network.hosts);
  return [...gossip(options, hosts), ...byRole[options.role](options, hosts), ...program(options)];
}

function gossip({ users }: HostFirewallOptions, hosts: string): HostPass[] {
  return (['tcp', 'udp'] as const).flatMap((protocol): HostPass[] => [
    { way: 'in', protocol, ports: [gossipPort], other: hosts },
    { way: 'out', protocol, ports: [gossipPort], other: hosts, user: users.consul },
  ]);
}

const agentOf = ({ users }: HostFirewallOptions) => ({ user: users.consul, protocol: 'tcp' }) as const;
const proxyOf = ({ users }: HostFirewallOptions) => ({ user: users.envoy, protocol: 'tcp' }) as const;

/** What each agent but the server's own needs besides: the server, and the health of the proxy beside it. */
function client(options: HostFirewallOptions): HostPass[] {
  const agent = agentOf(options);
  return [
    { ...agent, way: 'out', ports: [rpcPort], other: options.network.server },
    { ...agent, way: 'loopback', ports: [readyPort] },
  ];
}

const byRole: Readonly<Record<HostRole, (options: HostFirewallOptions, hosts: string) => HostPass[]>> = {
  server: (options, hosts) => [
    { way: 'in', protocol: 'tcp', ports: [rpcPort], other: hosts },
    { way: 'in', protocol: 'tcp', ports: [serverGrpcTlsPort], other: options.network.meshGateway },
    // It asks itself by its own address, and other meshes through the gateway.
    { ...agentOf(options), way: 'loopback', ports: [rpcPort, gossipPort, serverGrpcTlsPort] },
    { ...agentOf(options), way: 'out', ports: [meshGatewayPort], other: options.network.meshGateway },
  ],
  'mesh-gateway': (options, hosts) => [
    ...client(options),
    { way: 'in', protocol: 'tcp', ports: [meshGatewayPort] },
    { ...proxyOf(options), way: 'out', ports: [sidecarPort], other: hosts },
    { ...proxyOf(options), way: 'out', ports: [serverGrpcTlsPort], other: options.network.server },
    ...toPeers(options),
  ],
  'ingress-gateway': (options, hosts) => [
    ...client(options),
    { way: 'in', protocol: 'tcp', ports: [consulIngressPort] },
    { ...proxyOf(options), way: 'out', ports: [sidecarPort], other: hosts },
  ],
  service: (options, hosts) => [
    ...client(options),
    { way: 'in', protocol: 'tcp', ports: [sidecarPort], other: hosts },
    { ...proxyOf(options), way: 'out', ports: [sidecarPort], other: hosts },
    ...toPeers(options),
  ],
};

function toPeers(options: HostFirewallOptions): HostPass[] {
  return options.peers.map(({ address, port }) => ({ ...proxyOf(options), way: 'out', ports: [port], other: address }));
}

function program(options: HostFirewallOptions): HostPass[] {
  if (options.program === undefined) return [];
  const { port, upstreams } = options.program;
  const user = options.users.program;
  return [
    { ...agentOf(options), way: 'loopback', ports: [port] },
    { ...proxyOf(options), way: 'loopback', ports: [port] },
    ...(upstreams.length === 0 ? [] : [{ way: 'loopback', protocol: 'tcp', ports: upstreams, user } as const]),
  ];
}
