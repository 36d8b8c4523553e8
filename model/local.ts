/** The address plan of the lab on one machine: every address and port follows from the mesh's network. */
import { type Cidr, host, subnet } from './cidr';
import type { Mesh } from './lab';

/** NodePort of Istio's ingress gateway. */
export const pageNodePort = 30080;

/** First port on the lab's node that leads to a host outside. */
export const egressPort = 18443;

/**
 * Users that the processes of pods run as. Pods and hosts share the machine's processes, so a user that both had would
 * let a process of one mesh read the keys of the other; those of hosts are in `host-users.ts`.
 */
export const uids = {
  /** Programs of services in pods; the containers beside one have the next ones. */
  podProgram: 5001,
  /** Group that shares the sockets of a federation plane. */
  plane: 5100,
  planeConsul: 5101,
  exchange: 5102,
  guardWebhook: 5110,
  guardKeeper: 5111,
} as const;

export interface KubernetesNetwork {
  /** Machines: the node itself. */
  readonly nodes: Cidr;
  readonly pods: Cidr;
  readonly services: Cidr;
  /** Address of the border router on this network. */
  readonly border: string;
  readonly node: string;
  /** First service address: `kubernetes.default`. */
  readonly apiService: string;
}

/** Carves a mesh network: first /24 machines, second /24 pods, last quarter service addresses. */
export function kubernetesNetwork(mesh: Pick<Mesh, 'network'>): KubernetesNetwork {
  const nodes = subnet(mesh.network, 24, 0);
  const services = subnet(mesh.network, mesh.network.prefix + 2, 3);
  return {
    nodes,
    pods: subnet(mesh.network, 24, 1),
    services,
    border: host(nodes, 1),
    node: host(nodes, 2),
    apiService: host(services, 1),
  };
}

export interface HostsNetwork {
  readonly hosts: Cidr;
  readonly border: string;
  /** The first Consul server. */
  readonly server: string;
  readonly meshGateway: string;
  readonly ingressGateway: string;
}

/** Addresses of a Consul mesh on hosts: border 1, server 10, mesh gateway 11, ingress gateway 12, services from 20. */
export function hostsNetwork(mesh: Pick<Mesh, 'network'>): HostsNetwork {
  const hosts = subnet(mesh.network, 24, 0);
  return {
    hosts,
    border: host(hosts, 1),
    server: host(hosts, 10),
    meshGateway: host(hosts, 11),
    ingressGateway: host(hosts, 12),
  };
}

/** Address of the `index`-th service host of a Consul mesh. */
export function serviceHostAddress(mesh: Mesh, index: number): string {
  return host(hostsNetwork(mesh).hosts, 20 + index);
}

/** Name of a network namespace of the lab: `part` is a mesh, `border`, or `MESH-HOST`. */
export function netns(lab: string, part: string): string {
  return `isthmus-${lab}-${part}`;
}
