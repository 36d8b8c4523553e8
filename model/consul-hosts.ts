/** The hosts of a Consul mesh: which there are, and what each is. */
import { publicListener } from './access/envoy';
import { grantsFrom } from './access/table';
import { type HostFirewallOptions, type HostPass, hostFirewall } from './host-firewall';
import { hostUsers } from './host-users';
import {
  type HostPlace,
  type HostRole,
  type HostSpec,
  hostSpec,
  ingressGatewayRegistration,
  meshGatewayRegistration,
  serverHostName,
  serviceRegistration,
  sidecarPort,
} from './hosts';
import { type Lab, type Mesh, mesh, type Service, servicesOf } from './lab';
import { hostsNetwork, serviceHostAddress } from './local';
import { upstreamVariable } from './names';
import { labEnvironment } from './program-environment';

/** First loopback port of a service's upstreams; the next follow in the order of the table. */
export const firstUpstreamPort = 9191;

/** Server, mesh gateway and ingress gateway of a Consul mesh. */
export function meshHosts(lab: Lab, own: Mesh): HostSpec[] {
  const net = hostsNetwork(own);
  const at = (name: string, role: HostRole, address: string) => place(lab, own, name, role, address);
  const server = at(serverHostName, 'server', net.server);
  const gateway = at('mesh-gateway', 'mesh-gateway', net.meshGateway);
  const ingress = at('ingress-gateway', 'ingress-gateway', net.ingressGateway);
  const drain = lab.settings.drainSeconds;
  return [
    hostSpec(server, drain, firewall(lab, server)),
    hostSpec(gateway, drain, firewall(lab, gateway), { registration: meshGatewayRegistration(gateway) }),
    hostSpec(ingress, drain, firewall(lab, ingress), { registration: ingressGatewayRegistration(ingress) }),
  ];
}

/** The host of one service, but for its program's place. */
export function serviceHost(lab: Lab, service: Service): Omit<HostSpec, 'program'> {
  const own = mesh(lab, service.mesh);
  const index = servicesOf(lab, own).findIndex(({ id }) => id === service.id);
  const host = place(lab, own, service.name, 'service', serviceHostAddress(own, index));
  const listener = publicListener(lab, service, host.address, sidecarPort);
  const registration = serviceRegistration(host, {
    service: service.name,
    port: service.port,
    health: service.health,
    proxyConfig: { envoy_public_listener_json: JSON.stringify(listener) },
    upstreams: upstreamsOf(lab, service).map(({ callee, port, peer }) => ({
      DestinationName: callee.name,
      ...(peer === undefined ? {} : { DestinationPeer: peer }),
      LocalBindPort: port,
    })),
  });
  const program = {
    port: service.port,
    upstreams: upstreamsOf(lab, service).map(({ port }) => port),
  };
  return hostSpec(host, lab.settings.drainSeconds, firewall(lab, host, program), { registration });
}

/** Environment of the program on a service host. */
export function programEnvironment(lab: Lab, service: Service): Record<string, string> {
  const upstreams = upstreamsOf(lab, service).map(({ callee, port }) => [
    upstreamVariable(callee.name),
    `http://127.0.0.1:${port}`,
  ]);
  return {
    ...labEnvironment(lab, { ...service, host: '127.0.0.1' }),
    ...Object.fromEntries(upstreams),
    ...service.env,
  };
}

/** A service that another one of a Consul mesh may call through its sidecar. */
export interface Upstream {
  readonly callee: Service;
  /** Loopback port that leads there. */
  readonly port: number;
  /** Name that the Consul mesh gave to the callee's mesh. @default - both are in one mesh */
  readonly peer?: string;
}

/** What a service of a Consul mesh may call, in the order of the table. */
export function upstreamsOf(lab: Lab, caller: Service): Upstream[] {
  return grantsFrom(lab, caller).map(({ to }, index) => ({
    callee: to,
    port: firstUpstreamPort + index,
    ...(to.mesh === caller.mesh ? {} : { peer: to.mesh }),
  }));
}

function firewall(lab: Lab, host: HostPlace, program?: HostFirewallOptions['program']): HostPass[] {
  const peers = lab.meshes.flatMap(({ name, gateway }) => (name === host.mesh ? [] : (gateway ?? [])));
  return hostFirewall({
    role: host.role,
    network: hostsNetwork(mesh(lab, host.mesh)),
    users: hostUsers(host),
    peers,
    ...(program === undefined ? {} : { program }),
  });
}

function place(lab: Lab, own: Mesh, name: string, role: HostRole, address: string): HostPlace {
  const net = hostsNetwork(own);
  return {
    lab: lab.name,
    mesh: own.name,
    name,
    role,
    address,
    prefix: net.hosts.prefix,
    border: net.border,
    datacenter: own.datacenter ?? '',
    serverAddress: net.server,
  };
}
