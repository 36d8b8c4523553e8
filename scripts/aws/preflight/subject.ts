/** The lab as preflight sees it, and the checks that need nobody's answer. */
import { type AwsMesh, type AwsSettings, balancerRoles, clusterName, longestBalancerName } from '../../../model/aws';
import { type Cidr, formatCidr, overlaps, parseCidr } from '../../../model/cidr';
import type { Problem } from './problem';

export interface PreflightMesh {
  readonly name: string;
  /** Network of its VPC. */
  readonly network: Cidr;
  readonly aws: AwsMesh;
}

export interface PreflightSubject {
  /** The lab's name. */
  readonly lab: string;
  readonly aws: AwsSettings;
  readonly meshes: readonly PreflightMesh[];
  /** Stacks of which this checkout's state holds something: what they made is there, and is not in the way. */
  readonly raised: readonly string[];
}

/** Names of a mesh's load balancers and target groups. */
export function balancerNames(lab: string, mesh: string): string[] {
  return Object.values(balancerRoles).map((role) => `${clusterName(lab, mesh)}-${role}`);
}

/** Names that AWS would refuse as too long. */
export function nameProblems({ lab, meshes }: PreflightSubject): Problem[] {
  return meshes.flatMap(({ name }) => {
    const longest = Math.max(...balancerNames(lab, name).map((one) => one.length));
    const over = longest - longestBalancerName;
    if (over <= 0) return [];
    return [
      {
        what: `the names of the load balancers of mesh ${name} are too long, such as ${clusterName(lab, name)}-${balancerRoles.border} (${longest} characters)`,
        allowed: `${longestBalancerName} characters`,
        fix: `make the lab's name (${lab}) or the mesh's (${name}) ${over} characters shorter`,
      },
    ];
  });
}

/** Addresses that nobody has: they are for examples, such as labs/aws.yaml. */
const examples = ['192.0.2.0/24', '198.51.100.0/24', '203.0.113.0/24']
  .map(parseCidr)
  .filter((one) => one !== undefined);

/** Ranges as they stood in an example. With them in apiFrom the clusters would be made, and nobody reach them. */
export function exampleProblems({ aws }: PreflightSubject): Problem[] {
  return (['apiFrom', 'pageFrom'] as const).flatMap((key) =>
    aws[key].flatMap((range, index): Problem[] => {
      if (!examples.some((example) => overlaps(example, range) && example.prefix <= range.prefix)) return [];
      const what = `aws.${key}[${index}] is ${formatCidr(range)}, an address for examples that nobody has`;
      return [{ what, fix: 'write your own public address and /32; curl https://checkip.amazonaws.com tells it' }];
    }),
  );
}

const principal = /^arn:aws[a-z-]*:iam::\d{12}:(?:user|role)\/[\w+=,.@/-]+$/;

/** Administrators that EKS would refuse. */
export function adminProblems({ aws }: PreflightSubject): Problem[] {
  return aws.admins.flatMap((arn, index): Problem[] => {
    if (principal.test(arn)) return [];
    const session = /^arn:(aws[a-z-]*):sts::(\d{12}):assumed-role\/([^/]+)\//.exec(arn);
    return [
      {
        what: `aws.admins[${index}] is ${JSON.stringify(arn)}${session === null ? '' : ', a session and not a role'}`,
        allowed: 'ARNs of IAM users and roles: arn:aws:iam::ACCOUNT:role/NAME',
        fix:
          session === null
            ? 'write the ARN; aws iam get-role --role-name NAME shows it'
            : `write arn:${session[1]}:iam::${session[2]}:role/${session[3]}, with the path if the role has one`,
      },
    ];
  });
}
