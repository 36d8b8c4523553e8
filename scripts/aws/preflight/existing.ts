/** Whether the VPCs, clusters and addresses that the lab file names are there and fit, and no name is taken. */
import { clusterName } from '../../../model/aws';
import { formatCidr, overlaps, parseCidr } from '../../../model/cidr';
import type { AwsFacts, Subnet } from './facts';
import type { Problem } from './problem';
import type { PreflightMesh, PreflightSubject } from './subject';

/** Fewest zones that EKS and load balancers want their subnets in. */
const fewestZones = 2;

/** Everything about what is there already. */
export async function existingProblems(subject: PreflightSubject, facts: AwsFacts): Promise<Problem[]> {
  const checks = subject.meshes.map(async (mesh) => [
    ...(await vpcProblems(mesh, subject, facts)),
    ...(await clusterProblems(mesh, subject, facts)),
    ...(await addressProblems(mesh, subject, facts)),
  ]);
  return (await Promise.all(checks)).flat();
}

async function vpcProblems(mesh: PreflightMesh, subject: PreflightSubject, facts: AwsFacts): Promise<Problem[]> {
  const { vpc } = mesh.aws;
  if (vpc === undefined) return [];
  const where = `VPC ${vpc.id} of mesh ${mesh.name}`;
  const found = (await facts.vpcs()).find(({ id }) => id === vpc.id);
  if (found === undefined) {
    return [
      {
        what: `${where} is not in ${subject.aws.region}, or not in this account`,
        fix: `aws ec2 describe-vpcs --region ${subject.aws.region} lists those that are`,
      },
    ];
  }
  const problems: Problem[] = [];
  if (!found.cidrs.includes(formatCidr(mesh.network))) {
    problems.push({
      what: `${where} has ${found.cidrs.join(', ')}, and network of mesh ${mesh.name} is ${formatCidr(mesh.network)}`,
      allowed: found.cidrs.join(', '),
      fix: `write one of these as network of mesh ${mesh.name}`,
    });
  }
  for (const other of subject.meshes.filter(({ name }) => name !== mesh.name)) {
    // Its first block is the mesh's network, which the lab file's own checks compare; a VPC may have more.
    const crossing = found.cidrs.filter((text) => {
      const cidr = parseCidr(text);
      return cidr !== undefined && overlaps(cidr, other.network);
    });
    if (crossing.length === 0) continue;
    problems.push({
      what: `${where} has ${crossing.join(', ')}, which overlaps network ${formatCidr(other.network)} of mesh ${other.name}: the two can not be joined`,
      fix: `another network for mesh ${other.name}`,
    });
  }
  const subnets = await facts.subnets();
  problems.push(...subnetProblems('private', vpc.privateSubnets, vpc.id, where, subnets));
  problems.push(...subnetProblems('public', vpc.publicSubnets, vpc.id, where, subnets));
  const tables = vpc.routeTables.length === 0 ? new Map<string, string>() : await facts.routeTables();
  const strange = vpc.routeTables.filter((id) => tables.get(id) !== vpc.id);
  if (strange.length > 0) {
    problems.push({
      what: `${where} has no route table ${strange.join(', ')}`,
      allowed: [...tables].flatMap(([id, of]) => (of === vpc.id ? [id] : [])).join(', ') || 'none: it has none',
      fix: 'name those of the private subnets',
    });
  }
  return problems;
}

function subnetProblems(
  kind: string,
  ids: readonly string[],
  vpc: string,
  where: string,
  subnets: readonly Subnet[],
): Problem[] {
  const own = subnets.filter((subnet) => subnet.vpc === vpc);
  const missing = ids.filter((id) => !own.some((subnet) => subnet.id === id));
  if (missing.length > 0) {
    return [
      {
        what: `${where} has no subnet ${missing.join(', ')} (${kind})`,
        allowed: own.map(({ id, zone }) => `${id} (${zone})`).join(', ') || 'none: it has none',
        fix: `name its ${kind} subnets`,
      },
    ];
  }
  const zones = new Set(own.filter(({ id }) => ids.includes(id)).map(({ zone }) => zone));
  if (zones.size >= fewestZones) return [];
  return [
    {
      what: `the ${kind} subnets of ${where} lie in ${zones.size === 0 ? 'no zone' : [...zones].join(', ')} only`,
      allowed: `subnets in ${fewestZones} zones or more`,
      fix: `name ${kind} subnets of other zones as well: ${own.map(({ id, zone }) => `${id} (${zone})`).join(', ')}`,
    },
  ];
}

async function clusterProblems(mesh: PreflightMesh, subject: PreflightSubject, facts: AwsFacts): Promise<Problem[]> {
  const { region } = subject.aws;
  const name = mesh.aws.cluster;
  if (name === undefined) {
    const own = clusterName(subject.lab, mesh.name);
    if (subject.raised.includes(`cluster-${mesh.name}`) || !(await facts.clusters()).includes(own)) return [];
    return [
      {
        what: `EKS cluster ${own} is in ${region} already, and no state here knows of it: another checkout raised it, or its state was lost`,
        fix: 'take it down where it was raised (isthmus down), delete what isthmus leftovers lists, or give the lab another name',
      },
    ];
  }
  const found = await facts.cluster(name);
  if (found === undefined) {
    const names = await facts.clusters();
    return [
      {
        what: `EKS cluster ${name} of mesh ${mesh.name} is not in ${region}`,
        allowed: names.join(', ') || 'none: the region has none',
        fix: `write its name, or leave it out to have one made`,
      },
    ];
  }
  const problems: Problem[] = [];
  if (found.status !== 'ACTIVE') {
    problems.push({
      what: `EKS cluster ${name} of mesh ${mesh.name} is ${found.status}`,
      allowed: 'ACTIVE',
      fix: 'wait until it is, or choose another',
    });
  }
  if (mesh.aws.vpc !== undefined && found.vpc !== mesh.aws.vpc.id) {
    problems.push({
      what: `EKS cluster ${name} of mesh ${mesh.name} is in VPC ${found.vpc}, and the lab file says ${mesh.aws.vpc.id}`,
      fix: `write ${found.vpc} as the mesh's VPC, with its subnets`,
    });
  }
  return problems;
}

async function addressProblems(mesh: PreflightMesh, { aws }: PreflightSubject, facts: AwsFacts): Promise<Problem[]> {
  const { elasticIp } = mesh.aws;
  if (elasticIp === undefined) return [];
  const found = (await facts.addresses()).find(({ allocation }) => allocation === elasticIp.allocation);
  if (found?.address === elasticIp.address) return [];
  const what = `Elastic IP ${elasticIp.allocation} of mesh ${mesh.name}`;
  if (found === undefined) {
    return [
      {
        what: `${what} is not in ${aws.region}, or not in this account`,
        fix: `aws ec2 allocate-address --region ${aws.region} makes one; write its AllocationId and PublicIp`,
      },
    ];
  }
  return [
    {
      what: `${what} is ${found.address}, and the lab file says ${elasticIp.address}`,
      fix: `write ${found.address}`,
    },
  ];
}
