/**
 * The network that a plan makes, as far as reaching things goes: IPv4 and TCP. What AWS does without being asked is
 * here too: each VPC's local route and default groups, and EKS's own security group (groups.ts, clusters.ts).
 * What the model does not follow is listed as `unmodelled`: network ACLs, IPv6, prefix lists, transit gateways, targets
 * that are attached one by one, load balancers that a controller would make. What lies beyond the network is not its
 * matter: endpoint policies, Kubernetes network policies, what a mesh's proxies refuse.
 */
import type { Cidr } from '../../../model/cidr';
import { balancersOf, targetGroupsOf } from './balancers';
import { clustersOf, nodeGroupsOf } from './clusters';
import { groupsOf } from './groups';
import type { StackPlan } from './plan';
import { Resolver } from './resolve';
import { unmodelledOf } from './unmodelled';
import { endpointServicesOf, endpointsOf, gatewaysOf, natsOf, peeringsOf, subnetsOf, tablesOf, vpcsOf } from './vpcs';

/** A resource's id is its address, `STACK/TYPE.NAME`; what the plan only names has its AWS id. */
export type Id = string;

export interface Vpc {
  readonly id: Id;
  readonly cidrs: readonly Cidr[];
  /** Whether names resolve at all, and whether private endpoints have names. */
  readonly dns: { readonly support: boolean; readonly hostnames: boolean };
}

export interface Subnet {
  readonly id: Id;
  readonly vpc: Id;
  readonly cidr: Cidr;
  readonly zone: string | undefined;
  /** Whether machines get a public address here. */
  readonly publicAddresses: boolean;
  readonly table: Id;
  /** Not of this plan: its routes are not known. */
  readonly foreign: boolean;
}

export type Target =
  | { readonly kind: 'local' }
  | { readonly kind: 'internet'; readonly gateway: Id }
  | { readonly kind: 'nat'; readonly nat: Id }
  | { readonly kind: 'peering'; readonly peering: Id }
  /** A transit gateway, an interface, … : nothing that this model follows. */
  | { readonly kind: 'other'; readonly what: string };

export interface Route {
  readonly id: Id;
  readonly to: Cidr;
  readonly target: Target;
}

export interface RouteTable {
  readonly id: Id;
  readonly vpc: Id;
  readonly routes: readonly Route[];
}

export interface Nat {
  readonly id: Id;
  readonly subnet: Id;
  readonly public: boolean;
  /** The Elastic IP that packets leave with. */
  readonly address: Id | undefined;
}

export interface Gateway {
  readonly id: Id;
  readonly vpc: Id;
}

export interface Peering {
  readonly id: Id;
  readonly vpcs: readonly [Id, Id];
  readonly accepted: boolean;
}

export type Peer =
  | { readonly kind: 'cidr'; readonly cidr: Cidr }
  | { readonly kind: 'group'; readonly group: Id }
  /** The address of an Elastic IP of the plan, known once it is made. */
  | { readonly kind: 'address'; readonly eip: Id };

export interface Rule {
  readonly id: Id;
  readonly direction: 'ingress' | 'egress';
  /** TCP ports, both included. */
  readonly ports: readonly [number, number];
  readonly peer: Peer;
}

export interface SecurityGroup {
  readonly id: Id;
  readonly vpc: Id;
  readonly rules: readonly Rule[];
}

export interface Listener {
  readonly id: Id;
  readonly port: number;
  readonly targetGroups: readonly Id[];
}

export interface Balancer {
  readonly id: Id;
  readonly mesh: string | undefined;
  readonly name: string;
  readonly public: boolean;
  readonly subnets: readonly Id[];
  /** None: everything is let in. */
  readonly groups: readonly Id[];
  readonly listeners: readonly Listener[];
  /** Whether its groups also judge what comes by PrivateLink. */
  readonly judgesPrivateLink: boolean;
  readonly crossZone: boolean;
}

export interface TargetGroup {
  readonly id: Id;
  readonly port: number;
  /** Port of the health check. */
  readonly health: number;
  /** Whether targets see the caller's address rather than the load balancer's. */
  readonly preservesClient: boolean;
  readonly nodeGroups: readonly Id[];
}

export interface Cluster {
  readonly id: Id;
  readonly mesh: string | undefined;
  readonly name: string;
  readonly subnets: readonly Id[];
  /** Security groups of the control plane's interfaces. */
  readonly groups: readonly Id[];
  /** Who reaches the public endpoint; empty when there is none. */
  readonly publicFrom: readonly Peer[];
  readonly private: boolean;
  /** Not of this plan: who reaches its API is not known. */
  readonly foreign: boolean;
}

export interface NodeGroup {
  readonly id: Id;
  readonly cluster: Id;
  readonly subnets: readonly Id[];
  readonly groups: readonly Id[];
}

export interface Endpoint {
  readonly id: Id;
  readonly kind: 'gateway' | 'interface';
  readonly vpc: Id;
  /** `s3`, `ecr.api`, … ; for an endpoint service of the plan, its id. */
  readonly service: string;
  readonly subnets: readonly Id[];
  readonly groups: readonly Id[];
  readonly tables: readonly Id[];
  /** Whether the service's own name leads to it. */
  readonly privateName: boolean;
  /** Whether it accepts itself where the service asks for that. */
  readonly accepts: boolean;
}

export interface EndpointService {
  readonly id: Id;
  readonly balancers: readonly Id[];
  /** Whether somebody must accept each endpoint. */
  readonly asks: boolean;
}

export interface Network {
  readonly vpcs: readonly Vpc[];
  readonly subnets: readonly Subnet[];
  readonly tables: readonly RouteTable[];
  readonly gateways: readonly Gateway[];
  readonly nats: readonly Nat[];
  readonly peerings: readonly Peering[];
  readonly groups: readonly SecurityGroup[];
  readonly balancers: readonly Balancer[];
  readonly targetGroups: readonly TargetGroup[];
  readonly clusters: readonly Cluster[];
  readonly nodeGroups: readonly NodeGroup[];
  readonly endpoints: readonly Endpoint[];
  readonly endpointServices: readonly EndpointService[];
  /** Resources whose effect on who reaches what this model does not know. */
  readonly unmodelled: readonly string[];
}

export interface NetworkOptions {
  /** Networks of meshes in a VPC that is not of the plan. @default - any address could be theirs */
  readonly networks?: Readonly<Record<string, Cidr>>;
}

/**
 * Reads the network out of a plan.
 * @throws FailureError when an argument that decides is an expression that can not be followed
 */
export function networkOf(stacks: readonly StackPlan[], { networks = {} }: NetworkOptions = {}): Network {
  const plan = new Resolver(stacks);
  const vpcs = vpcsOf(plan);
  return {
    vpcs,
    subnets: subnetsOf(plan, vpcs, networks),
    tables: tablesOf(plan, vpcs),
    gateways: gatewaysOf(plan),
    nats: natsOf(plan),
    peerings: peeringsOf(plan),
    groups: groupsOf(plan, vpcs),
    balancers: balancersOf(plan),
    targetGroups: targetGroupsOf(plan),
    clusters: clustersOf(plan),
    nodeGroups: nodeGroupsOf(plan),
    endpoints: endpointsOf(plan),
    endpointServices: endpointServicesOf(plan),
    unmodelled: unmodelledOf(plan),
  };
}
