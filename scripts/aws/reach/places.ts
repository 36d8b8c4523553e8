/** Where a question starts and ends. */
import type { Cidr } from '../../../model/cidr';
import { formatCidr } from '../../../model/cidr';
import { FailureError } from '../../errors';
import type { Balancer, Cluster, Network } from './network';
import { type Interfaces, interfacesOf, subnetsOf } from './ways';

export type Place =
  /** Any address on the internet, or only those in `from`. */
  | { readonly kind: 'internet'; readonly from?: Cidr }
  | { readonly kind: 'nodes'; readonly mesh: string }
  /** Pods have addresses of the nodes' subnets and the nodes' security groups (the VPC CNI), so they are as nodes. */
  | { readonly kind: 'pods'; readonly mesh: string }
  | { readonly kind: 'api'; readonly mesh: string }
  /** `role` is what the load balancer's name ends in: `page`, `border`. */
  | { readonly kind: 'balancer'; readonly mesh: string; readonly role: string }
  /** An interface endpoint, by its address in the plan. */
  | { readonly kind: 'endpoint'; readonly id: string }
  /** Where container images come from: public registries, and the region's own with its layers in S3. */
  | { readonly kind: 'registries' };

export function describe(place: Place): string {
  switch (place.kind) {
    case 'internet':
      return place.from === undefined ? 'the internet' : formatCidr(place.from);
    case 'nodes':
      return `nodes of ${place.mesh}`;
    case 'pods':
      return `pods of ${place.mesh}`;
    case 'api':
      return `Kubernetes API of ${place.mesh}`;
    case 'balancer':
      return `${place.role} of ${place.mesh}`;
    case 'endpoint':
      return place.id;
    case 'registries':
      return 'image registries';
  }
}

export function meshesOf({ clusters }: Network): string[] {
  return clusters.flatMap(({ mesh }) => mesh ?? []);
}

export function roleOf({ name }: Balancer): string {
  return name.slice(name.lastIndexOf('-') + 1);
}

/** Everything of a mesh that somebody could try to reach. */
export function placesOf(network: Network, mesh: string): Place[] {
  const vpcs = new Set(nodesOf(network, mesh).subnets.map(({ vpc }) => vpc));
  return [
    { kind: 'nodes', mesh },
    { kind: 'api', mesh },
    ...network.balancers
      .filter((one) => one.mesh === mesh)
      .map((one): Place => ({ kind: 'balancer', mesh, role: roleOf(one) })),
    ...network.endpoints
      .filter(({ kind, vpc }) => kind === 'interface' && vpcs.has(vpc))
      .map(({ id }): Place => ({ kind: 'endpoint', id })),
  ];
}

export function clusterOf(network: Network, mesh: string): Cluster {
  return found(
    network.clusters.find((one) => one.mesh === mesh),
    `EKS cluster of mesh ${mesh}`,
  );
}

/** @throws FailureError when the plan has none */
export function balancerOf(network: Network, mesh: string, role: string): Balancer {
  return found(
    network.balancers.find((one) => one.mesh === mesh && roleOf(one) === role),
    `load balancer ${role} of mesh ${mesh}`,
  );
}

export function nodesOf(network: Network, mesh: string): Interfaces {
  const { id } = clusterOf(network, mesh);
  const groups = network.nodeGroups.filter(({ cluster }) => cluster === id);
  const subnets = [...new Set(groups.flatMap((group) => group.subnets))];
  return {
    name: `nodes of ${mesh}`,
    subnets: subnetsOf(network, subnets),
    groups: [...new Set(groups.flatMap((group) => group.groups))],
  };
}

export function endpointOf(network: Network, id: string): Interfaces {
  return interfacesOf(
    network,
    found(
      network.endpoints.find((one) => one.id === id),
      `endpoint ${id}`,
    ),
  );
}

function found<T>(thing: T | undefined, what: string): T {
  if (thing === undefined) throw new FailureError(`the plan has no ${what}`);
  return thing;
}
