/** Which resources are a lab's: decided by exact tags and names, so that lab `weather` is never taken for `weather-2`. */
import { clusterLogGroup, clusterName, meshTag } from '../../../model/aws';
import { labTag } from '../../../model/names';
import type { Mark, Resource, Tags } from './resource';

/** Whose things are looked for. */
export interface Scope {
  readonly lab: string;
  /** EKS clusters that the lab made, by name. */
  readonly clusters: readonly string[];
}

/** Tags whose value is a cluster's name, and who writes them. */
const clusterTags: readonly string[] = [
  // EKS, on Auto Scaling groups, launch templates, nodes and volumes.
  'aws:eks:cluster-name',
  'eks:cluster-name',
  'eks:eks-cluster-name',
  // The VPC CNI, on network interfaces.
  'cluster.k8s.amazonaws.com/name',
  // The EBS CSI driver, on volumes and snapshots.
  'ebs.csi.aws.com/cluster-name',
  'KubernetesCluster',
  // The load balancer controller, today's and its first version.
  'elbv2.k8s.aws/cluster',
  'ingress.k8s.aws/cluster',
];

const ownedPrefix = 'kubernetes.io/cluster/';

/**
 * Names of the clusters that a resource belongs to by its tags. `kubernetes.io/cluster/NAME = shared` says that a
 * cluster uses something that others own, so it does not count.
 */
export function clustersOfTags(tags: Tags): string[] {
  const owned = Object.entries(tags).flatMap(([key, value]) =>
    key.startsWith(ownedPrefix) && value !== 'shared' ? [key.slice(ownedPrefix.length)] : [],
  );
  return [...new Set([...owned, ...clusterTags.flatMap((key) => tags[key] ?? [])])];
}

/** Tags to ask the tagging API for, one at a time: each finds what carries it. */
export function tagFilters({ lab, clusters }: Scope): { readonly Key: string; readonly Values: string[] }[] {
  const ofCluster = clusters.flatMap((cluster) => [
    { Key: `${ownedPrefix}${cluster}`, Values: ['owned'] },
    ...clusterTags.map((Key) => ({ Key, Values: [cluster] })),
  ]);
  return [{ Key: labTag, Values: [lab] }, ...ofCluster];
}

/**
 * How a resource carries the lab's mark; undefined when it doesn't.
 * @param vpcs ids of the VPCs that carry the lab's tag
 */
export function markOf(resource: Resource, scope: Scope, vpcs: ReadonlySet<string>): Mark | undefined {
  const { tags } = resource;
  const owner = tags[labTag];
  if (owner === scope.lab) return { kind: 'tag', why: `tag ${labTag}=${owner}` };
  // Another lab's, wherever it is.
  if (owner !== undefined) return undefined;
  const cluster = clustersOfTags(tags).find((name) => scope.clusters.includes(name));
  if (cluster !== undefined) return { kind: 'cluster', why: `tag ${clusterTagOf(tags, cluster)}` };
  if (nameIsOurs(resource, scope)) return { kind: 'name', why: `name ${resource.name}` };
  const vpc = resource.vpcs?.find((id) => vpcs.has(id));
  return vpc === undefined
    ? undefined
    : { kind: 'vpc', why: `is in ${vpc} of the lab and keeps it from being deleted` };
}

/** Clusters that resources with the lab's own tag tell of: what to look for when the lab file can't be asked. */
export function clustersTold(lab: string, resources: readonly Resource[]): string[] {
  const meshes = resources.flatMap(({ tags }) => (tags[labTag] === lab ? (tags[meshTag] ?? []) : []));
  return [...new Set(meshes)].map((mesh) => clusterName(lab, mesh));
}

/** Clusters of a lab's name that are not the lab's: they exist and don't carry its tag. */
export function foreignClusters(lab: string, resources: readonly Resource[]): string[] {
  return resources.filter(({ type, tags }) => type === 'aws_eks_cluster' && tags[labTag] !== lab).map(({ id }) => id);
}

function clusterTagOf(tags: Tags, cluster: string): string {
  const key = clusterTags.find((name) => tags[name] === cluster);
  if (key !== undefined) return `${key}=${cluster}`;
  return `${ownedPrefix}${cluster}=${tags[ownedPrefix + cluster]}`;
}

/** What AWS makes for a cluster without a tag is known by its name. */
function nameIsOurs({ type, name }: Resource, { lab, clusters }: Scope): boolean {
  switch (type) {
    case 'aws_cloudwatch_log_group':
      return (
        name.startsWith(`/isthmus/${lab}/`) ||
        clusters.some(
          (cluster) => name === clusterLogGroup(cluster) || name.startsWith(`/aws/containerinsights/${cluster}/`),
        )
      );
    case 'aws_security_group':
      // A number follows: `eks-cluster-sg-weather-east-2-77` is of cluster `weather-east-2`.
      return clusters.some((cluster) => numbered(name, `eks-cluster-sg-${cluster}-`));
    case 'aws_network_interface':
      // Of the control plane; an interface's name is its description.
      return clusters.some((cluster) => name === `Amazon EKS ${cluster}`);
    case 'aws_kms_alias':
      return (
        name.startsWith(`alias/isthmus/${lab}/`) ||
        clusters.some((cluster) => name === `alias/${cluster}` || name.startsWith(`alias/${cluster}/`))
      );
    default:
      return false;
  }
}

function numbered(name: string, prefix: string): boolean {
  return name.startsWith(prefix) && /^\d+$/.test(name.slice(prefix.length));
}
