/** Whether the region, its zones, the instance type and the Kubernetes version are what the lab needs. */
import { nearest } from '../../../model/nearest';
import type { AwsFacts } from './facts';
import type { Problem } from './problem';
import type { PreflightSubject } from './subject';

/** Zones in which EKS puts no control plane, by id, from its network requirements. */
const zonesWithoutEks: readonly string[] = ['use1-az3', 'usw1-az2', 'cac1-az3'];

/** Fewest zones that a lab is spread over. */
const fewestZones = 3;

/** Whether AWS has the region and the account may use it. */
export async function regionProblems({ aws: { region } }: PreflightSubject, facts: AwsFacts): Promise<Problem[]> {
  const regions = await facts.regions();
  const found = regions.find(({ name }) => name === region);
  if (found?.enabled === true) return [];
  const names = regions.filter(({ enabled }) => enabled).map(({ name }) => name);
  if (found !== undefined) {
    return [
      {
        what: `region ${region} is not enabled in this account`,
        allowed: names.toSorted().join(', '),
        fix: `enable it (aws account enable-region --region-name ${region}, takes minutes to hours), or choose another in aws.region`,
      },
    ];
  }
  const near = nearest(region, names);
  return [
    {
      what: `AWS has no region ${JSON.stringify(region)}`,
      allowed: names.toSorted().join(', '),
      fix: near === undefined ? 'choose one of these in aws.region' : `did you mean ${near}? Write it in aws.region`,
    },
  ];
}

/** Whether all zones exist, are open to the account, take a control plane, and offer the instance type. */
export async function zoneProblems({ aws }: PreflightSubject, facts: AwsFacts): Promise<Problem[]> {
  const { region, nodes } = aws;
  const zones = await facts.zones();
  const fit = zones.filter(({ usable, id }) => usable && !zonesWithoutEks.includes(id));
  const list = fit
    .map(({ name }) => name)
    .toSorted()
    .join(', ');
  if (fit.length < fewestZones) {
    return [
      {
        what: `region ${region} has ${fit.length} zones for a cluster (${list}), and a lab needs ${fewestZones}`,
        fix: 'choose another region in aws.region, with its zones in aws.zones',
      },
    ];
  }
  const problems = aws.zones.flatMap((name, index): Problem[] => {
    const zone = zones.find((one) => one.name === name);
    const why =
      zone === undefined
        ? `is not in region ${region}`
        : !zone.usable
          ? 'is not open to this account'
          : zonesWithoutEks.includes(zone.id)
            ? `(${zone.id}) takes no EKS control plane`
            : undefined;
    if (why === undefined) return [];
    return [
      { what: `zone ${name} (aws.zones[${index}]) ${why}`, allowed: list, fix: 'name three of these in aws.zones' },
    ];
  });
  const offers = await facts.offers(nodes.type);
  // Of zones that there are; the others are told above.
  const lacking = aws.zones.filter((name) => fit.some((zone) => zone.name === name) && !offers.includes(name));
  if (lacking.length === 0) return problems;
  return [
    ...problems,
    {
      what: `instance type ${nodes.type} (aws.nodes.type) is not offered in ${lacking.join(', ')}`,
      allowed:
        offers.length === 0
          ? `a type that ${region} has`
          : `in ${region} it is offered in ${offers.toSorted().join(', ')}`,
      fix: 'choose another type in aws.nodes.type (t3.medium is nearly everywhere), or other zones in aws.zones',
    },
  ];
}

/** Processor that the nodes' system is for. */
const processor = 'x86_64';

/** Whether the instance type runs the nodes' system. One that the region does not have is told with the zones. */
export async function machineProblems({ aws: { nodes } }: PreflightSubject, facts: AwsFacts): Promise<Problem[]> {
  const found = await facts.architectures(nodes.type);
  if (found.length === 0 || found.includes(processor)) return [];
  return [
    {
      what: `instance type ${nodes.type} (aws.nodes.type) has a processor of type ${found.join(', ')}`,
      allowed: `types with ${processor}, such as t3.medium`,
      fix: 'choose another type in aws.nodes.type',
    },
  ];
}

/** Whether EKS offers the Kubernetes version, at its ordinary price. */
export async function kubernetesProblems(
  { aws: { kubernetes } }: PreflightSubject,
  facts: AwsFacts,
): Promise<Problem[]> {
  const versions = await facts.kubernetesVersions();
  const found = versions.find(({ version }) => version === kubernetes);
  if (found?.standardSupport === true) return [];
  const allowed = versions
    .filter(({ standardSupport }) => standardSupport)
    .map(({ version, ends }) => (ends === undefined ? version : `${version} (until ${ends})`))
    .join(', ');
  const what =
    found === undefined
      ? `EKS does not offer Kubernetes ${kubernetes} (aws.kubernetes)`
      : `Kubernetes ${kubernetes} (aws.kubernetes) has left standard support${found.ends === undefined ? '' : ` on ${found.ends}`}; a control plane then costs six times as much`;
  return [{ what, allowed, fix: 'write one of these in aws.kubernetes' }];
}
