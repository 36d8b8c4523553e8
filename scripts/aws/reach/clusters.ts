/**
 * EKS clusters and their nodes. What EKS does without being in the plan: it makes the cluster's security group, puts
 * it on the control plane's interfaces and on the nodes of a group whose launch template names no groups, and gives
 * the API a public endpoint unless told not to.
 */

import { blocks, nested, required } from './blocks';
import { everywhere } from './degree';
import { rangeOf } from './groups';
import type { Cluster, NodeGroup, Peer } from './network';
import { clusterGroup, type Resolver, type Row } from './resolve';
import { subnetsOfForeign } from './vpcs';

export function clustersOf(plan: Resolver): Cluster[] {
  const made = plan.ofType('aws_eks_cluster').map((row): Cluster => {
    const config = nested(row, 'vpc_config');
    return {
      id: row.address,
      mesh: row.mesh,
      name: required(plan.text(row, 'name'), row, 'name'),
      subnets: plan.ids(config, 'subnet_ids'),
      groups: [clusterGroup(row.address), ...plan.ids(config, 'security_group_ids')],
      publicFrom: plan.flag(config, 'endpoint_public_access') === false ? [] : publicRanges(plan, config),
      private: plan.flag(config, 'endpoint_private_access') ?? false,
      foreign: false,
    };
  });
  const foreign = plan.ofType('data.aws_eks_cluster').map(
    (row): Cluster => ({
      id: row.address,
      mesh: row.mesh,
      name: required(plan.text(row, 'name'), row, 'name'),
      subnets: [subnetsOfForeign(row.address)],
      groups: [clusterGroup(row.address)],
      publicFrom: [],
      private: true,
      foreign: true,
    }),
  );
  // One that is made is sometimes looked up as well.
  return [...made, ...foreign.filter(({ name }) => !made.some((one) => one.name === name))];
}

/** EKS lets everybody in when no range is given. */
function publicRanges(plan: Resolver, config: Row): Peer[] {
  const ranges = (config.values.public_access_cidrs ?? []) as readonly unknown[];
  return ranges.length === 0 ? [{ kind: 'cidr', cidr: everywhere }] : ranges.map((raw) => rangeOf(plan, config, raw));
}

export function nodeGroupsOf(plan: Resolver): NodeGroup[] {
  const clusters = clustersOf(plan);
  const foreign = clusters.filter((one) => one.foreign).map((one) => foreignNodes(plan, one));
  const made = plan.ofType('aws_eks_node_group').map((row) => {
    const named = plan.text(row, 'cluster_name');
    const cluster = clusters.find(({ name }) => name === named)?.id ?? plan.id(row, 'cluster_name');
    const id = required(cluster, row, 'cluster_name');
    const groups = templateGroups(plan, row);
    return {
      id: row.address,
      cluster: id,
      subnets: plan.ids(row, 'subnet_ids'),
      groups: groups.length === 0 ? [clusterGroup(id)] : groups,
    };
  });
  return [...made, ...foreign];
}

/** The nodes of a cluster that is looked up: those that load balancers lead to, with the cluster's own group. */
function foreignNodes(plan: Resolver, { id, mesh, subnets, groups }: Cluster): NodeGroup {
  const attached = plan.ofType('aws_autoscaling_attachment').find((row) => row.mesh === mesh);
  const own = attached === undefined ? undefined : plan.id(attached, 'autoscaling_group_name');
  return { id: own ?? `nodes of ${id}`, cluster: id, subnets, groups };
}

function templateGroups(plan: Resolver, row: Row): string[] {
  const use = nested(row, 'launch_template');
  const id = plan.id(use, 'id') ?? plan.id(use, 'name');
  const template = plan
    .ofType('aws_launch_template')
    .find((one) => one.address === id || plan.text(one, 'name') === id);
  if (template === undefined) return [];
  return [
    ...plan.ids(template, 'vpc_security_group_ids'),
    ...blocks(template, 'network_interfaces').flatMap((one) => plan.ids(one, 'security_groups')),
  ];
}
