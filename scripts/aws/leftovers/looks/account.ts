/** Looks for what is not in a VPC: log groups, IAM roles, policies and identity providers, KMS keys and aliases. */
import { type CloudWatchLogsClient, paginateDescribeLogGroups } from '@aws-sdk/client-cloudwatch-logs';
import {
  type IAMClient,
  ListOpenIDConnectProvidersCommand,
  paginateListOpenIDConnectProviderTags,
  paginateListPolicies,
  paginateListPolicyTags,
  paginateListRoles,
  paginateListRoleTags,
} from '@aws-sdk/client-iam';
import { DescribeKeyCommand, type KMSClient, paginateListAliases } from '@aws-sdk/client-kms';
import { paginateGetResources } from '@aws-sdk/client-resource-groups-tagging-api';
import { regionTag } from '../../../../model/aws';
import { labTag } from '../../../../model/names';
import type { AwsClients } from '../../clients';
import { collect, type Look, type Resource, tagsOf } from '../resource';

/** @param lab the names of what it makes start with `LAB-` (IAM) or have it as a part of a path (log groups) */
export function accountLooks({ region, logs, iam, kms, tagging }: AwsClients, lab: string): Look[] {
  return [
    {
      service: 'CloudWatch log groups',
      permissions: ['logs:DescribeLogGroups'],
      run: async () => {
        const prefixes = [`/isthmus/${lab}/`, `/aws/eks/${lab}-`, `/aws/containerinsights/${lab}-`];
        return (await Promise.all(prefixes.map((prefix) => logGroups(logs, prefix)))).flat();
      },
    },
    {
      service: 'IAM roles',
      permissions: ['iam:ListRoles', 'iam:ListRoleTags'],
      run: async () => (await roles(iam, `${lab}-`)).filter((role) => isOfRegion(role, region)),
    },
    {
      service: 'IAM policies',
      permissions: ['iam:ListPolicies', 'iam:ListPolicyTags'],
      run: async () => policies(iam, `${lab}-`),
    },
    {
      service: 'IAM OpenID Connect providers',
      permissions: ['iam:ListOpenIDConnectProviders', 'iam:ListOpenIDConnectProviderTags'],
      run: async () => openIdProviders(iam),
    },
    {
      service: 'KMS keys',
      permissions: ['tag:GetResources', 'kms:DescribeKey'],
      run: async () => {
        // KMS answers few questions about tags in a second; the tagging API knows them all at once.
        const filters = { ResourceTypeFilters: ['kms:key'], TagFilters: [{ Key: labTag, Values: [lab] }] };
        const found = await collect(
          paginateGetResources({ client: tagging }, filters),
          (page) => page.ResourceTagMappingList,
        );
        return (
          await Promise.all(found.map(({ ResourceARN = '', Tags }) => key(kms, ResourceARN, tagsOf(Tags))))
        ).flat();
      },
    },
    {
      service: 'KMS aliases',
      permissions: ['kms:ListAliases'],
      run: async () => {
        const all = await collect(paginateListAliases({ client: kms }, {}), (page) => page.Aliases);
        return all.map(({ AliasName: name = '' }) => ({ type: 'aws_kms_alias', id: name, name, tags: {} }));
      },
    },
  ];
}

async function logGroups(client: CloudWatchLogsClient, logGroupNamePrefix: string): Promise<Resource[]> {
  const all = await collect(paginateDescribeLogGroups({ client }, { logGroupNamePrefix }), (page) => page.logGroups);
  return all.map(({ logGroupName: name = '', storedBytes = 0 }) => ({
    type: 'aws_cloudwatch_log_group',
    id: name,
    name,
    tags: {},
    facts: { gib: storedBytes / 2 ** 30 },
  }));
}

/** IAM lists no tags, and asking for those of every role of an account takes minutes: names tell which to ask for. */
async function roles(client: IAMClient, prefix: string): Promise<Resource[]> {
  const all = await collect(paginateListRoles({ client }, {}), (page) => page.Roles);
  const likely = all.flatMap(({ RoleName = '' }) => (RoleName.startsWith(prefix) ? [RoleName] : []));
  return Promise.all(
    likely.map(async (name) => {
      const tags = await collect(paginateListRoleTags({ client }, { RoleName: name }), (page) => page.Tags);
      return { type: 'aws_iam_role', id: name, name, tags: tagsOf(tags) };
    }),
  );
}

/** A lab of the same name may be up in another region, and its clusters can not do without their roles. */
function isOfRegion({ tags }: Resource, region: string): boolean {
  return (tags[regionTag] ?? region) === region;
}

async function policies(client: IAMClient, prefix: string): Promise<Resource[]> {
  const all = await collect(paginateListPolicies({ client }, { Scope: 'Local' }), (page) => page.Policies);
  const likely = all.filter(({ PolicyName = '' }) => PolicyName.startsWith(prefix));
  return Promise.all(
    likely.map(async ({ Arn: id = '', PolicyName: name = '' }) => {
      const tags = await collect(paginateListPolicyTags({ client }, { PolicyArn: id }), (page) => page.Tags);
      return { type: 'aws_iam_policy', id, name, tags: tagsOf(tags) };
    }),
  );
}

async function openIdProviders(client: IAMClient): Promise<Resource[]> {
  const { OpenIDConnectProviderList: all = [] } = await client.send(new ListOpenIDConnectProvidersCommand({}));
  return Promise.all(
    all.map(async ({ Arn: id = '' }) => {
      const pages = paginateListOpenIDConnectProviderTags({ client }, { OpenIDConnectProviderArn: id });
      const tags = await collect(pages, (page) => page.Tags);
      return {
        type: 'aws_iam_openid_connect_provider',
        id,
        name: id.split('oidc-provider/')[1] ?? '',
        tags: tagsOf(tags),
      };
    }),
  );
}

/** A key that is scheduled for deletion costs nothing and can't be removed sooner. */
async function key(client: KMSClient, arn: string, tags: Resource['tags']): Promise<Resource[]> {
  const { KeyMetadata: found } = await client.send(new DescribeKeyCommand({ KeyId: arn }));
  const when = found?.DeletionDate?.toISOString().slice(0, 10);
  const leaving = {
    leaving: `it is scheduled for deletion${when === undefined ? '' : ` on ${when}`} and costs nothing`,
  };
  return [
    {
      type: 'aws_kms_key',
      id: found?.KeyId ?? arn,
      name: found?.Description ?? '',
      tags,
      ...(found?.KeyState === 'PendingDeletion' ? leaving : {}),
    },
  ];
}
