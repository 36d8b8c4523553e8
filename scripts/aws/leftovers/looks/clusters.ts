/** Looks for EKS clusters and their node groups. */
import {
  DescribeClusterCommand,
  DescribeNodegroupCommand,
  type EKSClient,
  paginateListClusters,
  paginateListNodegroups,
} from '@aws-sdk/client-eks';
import type { AwsClients } from '../../clients';
import { collect, type Look, type Resource } from '../resource';

/** Nobody has many clusters in a region (AWS allows 100), so each is asked for its tags. */
export function clusterLooks({ eks }: AwsClients, lab: string): Look[] {
  return [
    {
      service: 'EKS clusters',
      permissions: ['eks:ListClusters', 'eks:DescribeCluster'],
      run: async () => Promise.all((await clusterNames(eks)).map((name) => cluster(eks, name))),
    },
    {
      service: 'EKS node groups',
      permissions: ['eks:ListClusters', 'eks:ListNodegroups', 'eks:DescribeNodegroup'],
      run: async () => {
        // Node groups in others' clusters may be theirs to see only.
        const names = (await clusterNames(eks)).filter((name) => name.startsWith(`${lab}-`));
        return (await Promise.all(names.map((name) => nodeGroups(eks, name)))).flat();
      },
    },
  ];
}

const clusterNames = (client: EKSClient): Promise<string[]> =>
  collect(paginateListClusters({ client }, {}), (page) => page.clusters);

async function cluster(client: EKSClient, name: string): Promise<Resource> {
  const found = (await client.send(new DescribeClusterCommand({ name }))).cluster;
  const vpc = found?.resourcesVpcConfig?.vpcId;
  return {
    type: 'aws_eks_cluster',
    id: name,
    name,
    tags: found?.tags ?? {},
    vpcs: vpc === undefined ? [] : [vpc],
    ...(found?.status === 'DELETING' ? { leaving: 'it is being deleted' } : {}),
    facts: { version: found?.version ?? '' },
  };
}

async function nodeGroups(client: EKSClient, clusterName: string): Promise<Resource[]> {
  const names = await collect(paginateListNodegroups({ client }, { clusterName }), (page) => page.nodegroups);
  return Promise.all(
    names.map(async (name) => {
      const { nodegroup } = await client.send(new DescribeNodegroupCommand({ clusterName, nodegroupName: name }));
      return {
        type: 'aws_eks_node_group',
        // As Terraform has it.
        id: `${clusterName}:${name}`,
        name,
        // A node group is its cluster's, whatever its own tags say.
        tags: { 'eks:cluster-name': clusterName, ...nodegroup?.tags },
        ...(nodegroup?.status === 'DELETING' ? { leaving: 'it is being deleted' } : {}),
      };
    }),
  );
}
