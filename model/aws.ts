/** What a person may choose about the AWS side of a lab, with every default filled in, and the names that follow. */
import type { Cidr } from './cidr';

/** How the two networks reach each other's gateways. */
export type Border =
  /** VPC peering and internal load balancers: no mesh port is on the internet. */
  | { readonly mode: 'peering' }
  /** An endpoint in the caller's network for the callee's internal load balancer; the networks stay apart. */
  | { readonly mode: 'privatelink' }
  /** Internet-facing load balancers on Elastic IPs that the person holds, open to `from` only. */
  | { readonly mode: 'public'; readonly from: readonly Cidr[] };

export interface NodeSettings {
  /** EC2 instance type. */
  readonly type: string;
  readonly min: number;
  readonly desired: number;
  readonly max: number;
  /** Root volume of each node, GiB. */
  readonly disk: number;
  readonly spot: boolean;
}

export const controlPlaneLogTypes = ['api', 'audit', 'authenticator', 'controllerManager', 'scheduler'] as const;
export type ControlPlaneLogType = (typeof controlPlaneLogTypes)[number];

/** Where Terraform keeps its state. */
export type StateBackend =
  | { readonly kind: 'local' }
  | { readonly kind: 's3'; readonly bucket: string; readonly region: string; readonly prefix: string };

/** One VPC that is there already. Its network is the mesh's `network`. */
export interface ExistingVpc {
  readonly id: string;
  /** At least two private subnets in different zones, with a way out; and as many public ones for load balancers. */
  readonly privateSubnets: readonly string[];
  readonly publicSubnets: readonly string[];
  /** Route tables that get the routes of the border. */
  readonly routeTables: readonly string[];
}

/** AWS choices of one mesh. */
export interface AwsMesh {
  /** @default - a VPC is made */
  readonly vpc?: ExistingVpc;
  /** Name of an EKS cluster in that VPC. @default - a cluster is made */
  readonly cluster?: string;
  /** Elastic IP that the person holds, for border mode `public`. */
  readonly elasticIp?: { readonly allocation: string; readonly address: string };
}

/** AWS choices of a lab. */
export interface AwsSettings {
  readonly region: string;
  /** Availability zones by name, at least three: every mesh has a private and a public subnet in each. */
  readonly zones: readonly string[];
  /** Kubernetes minor version of the control planes, such as `1.35`. */
  readonly kubernetes: string;
  readonly nodes: NodeSettings;
  /** One NAT gateway for a VPC, or one for each zone. */
  readonly nat: 'one' | 'per-zone';
  /** AWS services with an interface endpoint in each VPC, by short name (`ecr.api`). */
  readonly endpoints: readonly string[];
  /** Days that VPC flow logs are kept; 0 makes none. */
  readonly flowLogDays: number;
  readonly logs: { readonly types: readonly ControlPlaneLogType[]; readonly days: number };
  /** Who reaches the Kubernetes APIs from outside. Empty: only the VPC itself does. */
  readonly apiFrom: readonly Cidr[];
  /** Who reaches the page. Empty: its load balancer is internal. */
  readonly pageFrom: readonly Cidr[];
  /** IAM principals (ARNs) that administer the clusters besides the one who deploys. */
  readonly admins: readonly string[];
  readonly border: Border;
  readonly tags: Readonly<Record<string, string>>;
  readonly state: StateBackend;
}

/** Tag of every resource that belongs to one mesh. */
export const meshTag = 'isthmus.dev/mesh';
/** Tag of the plan's resources with the lab's region: IAM shows its own in every one. */
export const regionTag = 'isthmus.dev/region';

/** Name of a mesh's EKS cluster and first part of the names of what belongs to it. */
export function clusterName(lab: string, mesh: string): string {
  return `${lab}-${mesh}`;
}

/** Control-plane log group of a cluster, as EKS names it. */
export function clusterLogGroup(cluster: string): string {
  return `/aws/eks/${cluster}/cluster`;
}

/** Flow log group of a mesh's VPC. */
export function flowLogGroup(lab: string, mesh: string): string {
  return `/isthmus/${lab}/${mesh}/flow`;
}

/** Node ports that load balancers lead to. */
export const nodePorts = {
  /** Istio's ingress gateway: the page. */
  page: 30080,
  /** Consul's mesh gateway, seen as 8443. */
  meshGateway: 30443,
  /** Istio's federation gateway, seen as 15443. */
  federationGateway: 31443,
} as const;

/** Longest name of a load balancer or target group, in characters. */
export const longestBalancerName = 32;

/** Load balancers of a lab and what their names end in. */
export const balancerRoles = { page: 'page', border: 'border' } as const;
