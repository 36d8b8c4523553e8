/** What actions are limited by: regions, names of the lab's things, and the tags that they carry or are given. */
import { clusterLogGroup, clusterName } from '../aws';
import type { Lab } from '../lab';
import { labTag } from '../names';

export type Values = string | readonly string[];

/** Operator → key → values. */
export type Condition = Readonly<Record<string, Readonly<Record<string, Values>>>>;

/** Policies that are made: one of AWS's holds 6,144 characters at most. */
export type Part = 'look' | 'network' | 'cluster' | 'account' | 'leftovers';

/** A statement with every action that it could allow. */
export interface Scope {
  readonly part: Part;
  readonly sid: string;
  readonly actions: readonly string[];
  readonly resources: readonly string[];
  readonly condition?: Condition;
}

export interface Place {
  readonly lab: Lab;
  /** Twelve digits. */
  readonly account: string;
  /** Policies of AWS, by name, that roles of the plan get. */
  readonly managedPolicies: readonly string[];
}

/** `aws`, or the partition that a region is in. */
export function partitionOf(region: string): string {
  if (region.startsWith('cn-')) return 'aws-cn';
  return region.startsWith('us-gov-') ? 'aws-us-gov' : 'aws';
}

/** Region that answers for the whole partition. */
const homes: Readonly<Record<string, string>> = { 'aws-cn': 'cn-north-1', 'aws-us-gov': 'us-gov-west-1' };

/** What things of a lab are called. */
export interface Names {
  readonly region: string;
  readonly home: string;
  readonly lab: string;
  /** Where the lab is told from others by what its things' names begin with. */
  readonly owners: readonly string[];
  /** EKS clusters, those that were there before too. */
  readonly clusters: readonly string[];
  /** ARN in the region and account. */
  arn(service: string, resource: string): string;
  globalArn(resource: string): string;
  /** ARNs of one thing of each owner. */
  own(service: string, resource: (owner: string) => string): string[];
  readonly managedPolicies: readonly string[];
  readonly logGroups: readonly string[];
  /** ARNs of networks that were there before. */
  readonly networks: readonly string[];
}

export function namesOf({ lab, account, managedPolicies }: Place): Names {
  const region = lab.aws?.region ?? '';
  const partition = partitionOf(region);
  const arn = (service: string, resource: string) => `arn:${partition}:${service}:${region}:${account}:${resource}`;
  const globalArn = (resource: string) => `arn:${partition}:iam::${account}:${resource}`;
  const places = lab.meshes.flatMap(({ name, place }) => (place.platform === 'aws' ? [{ name, place }] : []));
  const owners = places.map(({ name }) => clusterName(lab.name, name));
  return {
    region,
    home: homes[partition] ?? 'us-east-1',
    lab: lab.name,
    owners,
    clusters: places.map(({ name, place }) => place.cluster ?? clusterName(lab.name, name)),
    arn,
    globalArn,
    own: (service, resource) => owners.map((owner) => arn(service, resource(owner))),
    managedPolicies: managedPolicies.map((name) => `arn:${partition}:iam::aws:policy/${name}`),
    logGroups: [...owners.map((owner) => `${clusterLogGroup(owner)}*`), `/isthmus/${lab.name}/*`],
    networks: places.flatMap(({ place: { vpc } }) =>
      vpc === undefined
        ? []
        : [
            arn('ec2', `vpc/${vpc.id}`),
            ...[...vpc.privateSubnets, ...vpc.publicSubnets].map((id) => arn('ec2', `subnet/${id}`)),
            ...vpc.routeTables.map((id) => arn('ec2', `route-table/${id}`)),
          ],
    ),
  };
}

/** `of('ec2', 'A B')` is `ec2:A` and `ec2:B`. */
export function of(service: string, operations: string): string[] {
  return operations.split(' ').map((name) => `${service}:${name}`);
}

/** Tag of what is there. */
export const tagged = ({ lab }: Names): Condition => ({ StringEquals: { [`aws:ResourceTag/${labTag}`]: lab } });
/** Tag that something is given when it is made. */
export const tagging = ({ lab }: Names): Condition => ({ StringEquals: { [`aws:RequestTag/${labTag}`]: lab } });
export const within = (...regions: readonly string[]): Condition => ({
  StringEquals: { 'aws:RequestedRegion': [...regions] },
});
