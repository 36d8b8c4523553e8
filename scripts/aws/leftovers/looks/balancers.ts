/** Looks for load balancers of every generation and for target groups. */
import {
  DescribeTagsCommand as DescribeClassicTagsCommand,
  paginateDescribeLoadBalancers as paginateClassic,
} from '@aws-sdk/client-elastic-load-balancing';
import {
  type AvailabilityZone,
  DescribeTagsCommand,
  paginateDescribeLoadBalancers,
  paginateDescribeTargetGroups,
} from '@aws-sdk/client-elastic-load-balancing-v2';
import type { AwsClients } from '../../clients';
import { collect, inChunks, type Look, type Tags, tagsOf } from '../resource';

/** As many as the APIs take in one question about tags. */
const chunk = 20;

export function balancerLooks(clients: AwsClients): Look[] {
  return [
    {
      service: 'load balancers',
      permissions: ['elasticloadbalancing:DescribeLoadBalancers', 'elasticloadbalancing:DescribeTags'],
      run: async () => {
        const pages = paginateDescribeLoadBalancers({ client: clients.balancers }, {});
        const all = await collect(pages, (page) => page.LoadBalancers);
        const tags = await tagsOfArns(
          clients,
          all.map(({ LoadBalancerArn = '' }) => LoadBalancerArn),
        );
        return all.map(({ LoadBalancerArn: id = '', LoadBalancerName: name = '', VpcId, Type, Scheme, ...rest }) => ({
          type: 'aws_lb',
          id,
          name,
          tags: tags.get(id) ?? {},
          vpcs: VpcId === undefined ? [] : [VpcId],
          facts: {
            kind: Type ?? '',
            addresses: Scheme === 'internet-facing' ? ownAddresses(rest.AvailabilityZones) : 0,
          },
        }));
      },
    },
    {
      service: 'target groups',
      permissions: ['elasticloadbalancing:DescribeTargetGroups', 'elasticloadbalancing:DescribeTags'],
      run: async () => {
        const pages = paginateDescribeTargetGroups({ client: clients.balancers }, {});
        const all = await collect(pages, (page) => page.TargetGroups);
        const tags = await tagsOfArns(
          clients,
          all.map(({ TargetGroupArn = '' }) => TargetGroupArn),
        );
        // A target group does not keep its VPC from being deleted, so its VPC is no mark.
        return all.map(({ TargetGroupArn: id = '', TargetGroupName: name = '' }) => ({
          type: 'aws_lb_target_group',
          id,
          name,
          tags: tags.get(id) ?? {},
        }));
      },
    },
    {
      service: 'classic load balancers',
      permissions: ['elasticloadbalancing:DescribeLoadBalancers', 'elasticloadbalancing:DescribeTags'],
      run: async () => {
        const pages = paginateClassic({ client: clients.classicBalancers }, {});
        const all = await collect(pages, (page) => page.LoadBalancerDescriptions);
        const tags = await tagsOfClassic(
          clients,
          all.map(({ LoadBalancerName = '' }) => LoadBalancerName),
        );
        return all.map(({ LoadBalancerName: id = '', VPCId, Scheme }) => ({
          type: 'aws_elb',
          id,
          name: id,
          tags: tags.get(id) ?? {},
          vpcs: VPCId === undefined ? [] : [VPCId],
          facts: { scheme: Scheme ?? '' },
        }));
      },
    },
  ];
}

/** Public addresses that come with a load balancer: one a zone, where no Elastic IP was given. Those are listed themselves. */
function ownAddresses(zones: readonly AvailabilityZone[] = []): number {
  return zones.filter(
    ({ LoadBalancerAddresses = [] }) => !LoadBalancerAddresses.some(({ AllocationId }) => AllocationId),
  ).length;
}

async function tagsOfArns({ balancers }: AwsClients, arns: readonly string[]): Promise<Map<string, Tags>> {
  const answers = inChunks(arns, chunk).map((ResourceArns) =>
    balancers.send(new DescribeTagsCommand({ ResourceArns })),
  );
  const found = (await Promise.all(answers)).flatMap(({ TagDescriptions = [] }) => TagDescriptions);
  return new Map(found.map(({ ResourceArn = '', Tags }) => [ResourceArn, tagsOf(Tags)]));
}

async function tagsOfClassic({ classicBalancers }: AwsClients, names: readonly string[]): Promise<Map<string, Tags>> {
  const answers = inChunks(names, chunk).map((LoadBalancerNames) =>
    classicBalancers.send(new DescribeClassicTagsCommand({ LoadBalancerNames })),
  );
  const found = (await Promise.all(answers)).flatMap(({ TagDescriptions = [] }) => TagDescriptions);
  return new Map(found.map(({ LoadBalancerName = '', Tags }) => [LoadBalancerName, tagsOf(Tags)]));
}
