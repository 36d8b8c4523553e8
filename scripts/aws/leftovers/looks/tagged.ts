/** Looks, through the tagging API, for whatever else carries the lab's tags: the net under the other looks. */
import { paginateGetResources } from '@aws-sdk/client-resource-groups-tagging-api';
import type { AwsClients } from '../../clients';
import { type Scope, tagFilters } from '../marks';
import { collect, type Look, type Resource, tagsOf } from '../resource';

/**
 * Parts of ARNs (`service:type`) that another look covers. It knows better: the tagging API goes on to list things for
 * hours after they are gone.
 */
const covered = new Set([
  'autoscaling:autoScalingGroup',
  ...[
    ...['elastic-ip', 'instance', 'internet-gateway', 'launch-template', 'natgateway', 'network-interface'],
    ...['route-table', 'security-group', 'snapshot', 'subnet', 'volume', 'vpc', 'vpc-endpoint'],
    ...['vpc-endpoint-service', 'vpc-flow-log', 'vpc-peering-connection'],
    // These go with their security group, their VPC and their instance.
    ...['security-group-rule', 'network-acl', 'spot-instances-request'],
  ].map((type) => `ec2:${type}`),
  ...['access-entry', 'addon', 'cluster', 'nodegroup', 'podidentityassociation'].map((type) => `eks:${type}`),
  ...['listener', 'listener-rule', 'loadbalancer', 'targetgroup'].map((type) => `elasticloadbalancing:${type}`),
  ...['oidc-provider', 'policy', 'role'].map((type) => `iam:${type}`),
  'kms:key',
  'logs:log-group',
]);

export function taggedLook({ tagging }: AwsClients, scope: Scope): Look {
  return {
    service: 'everything that has tags (tagging API)',
    permissions: ['tag:GetResources'],
    run: async () => {
      const pages = tagFilters(scope).map((filter) =>
        collect(
          paginateGetResources({ client: tagging }, { TagFilters: [filter] }),
          (page) => page.ResourceTagMappingList,
        ),
      );
      const found = (await Promise.all(pages)).flat();
      const byArn = new Map(found.map(({ ResourceARN = '', Tags }) => [ResourceARN, tagsOf(Tags)]));
      return [...byArn].flatMap(([arn, tags]) => taggedResource(arn, tags));
    },
  };
}

/** `arn:aws:rds:eu-north-1:123456789012:db:mine` → an `aws_rds_db` named `mine`; nothing when another look covers it. */
export function taggedResource(arn: string, tags: Resource['tags']): Resource[] {
  const [, , service = '', , , ...rest] = arn.split(':');
  const [kind = '', ...parts] = rest.join(':').split(/[:/]/);
  if (covered.has(`${service}:${kind}`)) return [];
  const single = parts.length === 0;
  const type = `aws_${[service, ...(single ? [] : [kind])].join('_')}`.toLowerCase().replaceAll(/[^a-z0-9]+/g, '_');
  return [{ type, id: arn, name: single ? kind : parts.join('/'), tags }];
}
