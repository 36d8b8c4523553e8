/** Whether the account's quotas leave room for the lab, what it has already not counted twice. */
import { clusterName } from '../../../model/aws';
import { labTag } from '../../../model/names';
import type { Tags } from '../leftovers/resource';
import type { AwsFacts, Instance } from './facts';
import type { Problem } from './problem';
import { balancerNames, type PreflightMesh, type PreflightSubject } from './subject';

interface Quota {
  readonly what: string;
  readonly service: string;
  /** Code in Service Quotas; the same in all regions. */
  readonly code: string;
  /** How many the lab needs. */
  readonly need: () => number | Promise<number>;
  /** How many of others there are. */
  readonly used: () => Promise<number>;
}

/** Instance families that the quotas for standard instances count. */
const standardFamily = /^[acdhimrtz]\d/;

/** What the lab makes that quotas count, for meshes that have none of it yet. */
function quotaNeeds({ aws, meshes }: PreflightSubject) {
  const networks = meshes.filter(({ aws: { vpc } }) => vpc === undefined);
  const clusters = meshes.filter(({ aws: { cluster } }) => cluster === undefined);
  return {
    vpcs: networks.length,
    // NAT gateways take one each. Addresses of the border are the person's own, those of load balancers AWS's.
    addresses: networks.length * (aws.nat === 'one' ? 1 : aws.zones.length),
    nodes: clusters.length * aws.nodes.desired,
    clusters: clusters.length,
    // One at each border, and the page's.
    balancers: clusters.length + 1,
  };
}

/** One look at a quota; apart from the others, since each takes permissions of its own. */
export interface QuotaCheck {
  readonly what: string;
  check(): Promise<Problem[]>;
}

/** Looks at every quota that the lab counts towards. */
export function quotaChecks(subject: PreflightSubject, facts: AwsFacts): QuotaCheck[] {
  return quotas(subject, facts).map((quota) => ({
    what: `quota of ${quota.what}`,
    check: () => exceeded(quota, subject, facts),
  }));
}

async function exceeded(quota: Quota, { aws }: PreflightSubject, facts: AwsFacts): Promise<Problem[]> {
  const { what, service, code } = quota;
  const need = await quota.need();
  if (need === 0) return [];
  const [limit, used] = await Promise.all([facts.quota(service, code), quota.used()]);
  if (limit === undefined || used + need <= limit) return [];
  const wanted = used + need;
  return [
    {
      what: `${what} in ${aws.region}: the lab needs ${need}, others have ${used}, the quota is ${limit}`,
      fix: `${used === 0 ? '' : `delete ${Math.min(used, wanted - limit)} that you no longer need, or `}ask for more: aws service-quotas request-service-quota-increase --region ${aws.region} --service-code ${service} --quota-code ${code} --desired-value ${wanted}`,
    },
  ];
}

function quotas(subject: PreflightSubject, facts: AwsFacts): Quota[] {
  const { lab, aws, meshes } = subject;
  const need = quotaNeeds(subject);
  const others = (things: readonly { readonly tags: Tags }[]) => things.filter(({ tags }) => !isOwn(tags, lab, meshes));
  const names = meshes.map(({ name }) => clusterName(lab, name));
  const balancers = meshes.flatMap(({ name }) => balancerNames(lab, name));
  const { spot } = aws.nodes;
  const instances = async () => {
    const counted = (await facts.instances()).filter((one) => one.spot === spot && standardFamily.test(one.type));
    return (others(counted) as Instance[]).reduce((sum, one) => sum + one.vcpus, 0);
  };
  return [
    {
      what: 'VPCs',
      service: 'vpc',
      code: 'L-F678F1CE',
      need: () => need.vpcs,
      used: async () => others(await facts.vpcs()).length,
    },
    {
      what: 'internet gateways',
      service: 'vpc',
      code: 'L-A4707A72',
      need: () => need.vpcs,
      used: async () => others(await facts.internetGateways()).length,
    },
    {
      what: 'Elastic IP addresses',
      service: 'ec2',
      code: 'L-0263D0A3',
      need: () => need.addresses,
      used: async () => others(await facts.addresses()).length,
    },
    {
      what: `vCPUs of ${spot ? 'spot' : 'on-demand'} standard instances`,
      service: 'ec2',
      code: spot ? 'L-34B43A08' : 'L-1216C47A',
      // Other families have quotas of their own, which AWS then tells of.
      need: async () =>
        standardFamily.test(aws.nodes.type) ? need.nodes * ((await facts.vcpus(aws.nodes.type)) ?? 0) : 0,
      used: instances,
    },
    {
      what: 'EKS clusters',
      service: 'eks',
      code: 'L-1194D53C',
      need: () => need.clusters,
      used: async () => (await facts.clusters()).filter((name) => !names.includes(name)).length,
    },
    {
      what: 'network load balancers',
      service: 'elasticloadbalancing',
      code: 'L-69A177A2',
      need: () => need.balancers,
      used: async () => (await facts.networkBalancers()).filter((name) => !balancers.includes(name)).length,
    },
  ];
}

/** Whether something is the lab's own, made by an earlier `up`. Nodes know only their cluster. */
function isOwn(tags: Tags, lab: string, meshes: readonly PreflightMesh[]): boolean {
  if (tags[labTag] === lab) return true;
  return meshes.some(({ name }) => tags['eks:cluster-name'] === clusterName(lab, name));
}
