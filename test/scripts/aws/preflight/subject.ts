/** A lab for preflight, and an account in which nothing is wrong. */

import { type AwsMesh, type AwsSettings, clusterName } from '../../../../model/aws';
import { parseCidr } from '../../../../model/cidr';
import type { AwsFacts, Instance, Vpc } from '../../../../scripts/aws/preflight/facts';
import { examine, type PreflightSources } from '../../../../scripts/aws/preflight/preflight';
import type { Verdict } from '../../../../scripts/aws/preflight/problem';
import type { PreflightMesh, PreflightSubject } from '../../../../scripts/aws/preflight/subject';

export const settings: AwsSettings = {
  region: 'eu-north-1',
  zones: ['eu-north-1a', 'eu-north-1b', 'eu-north-1c'],
  kubernetes: '1.35',
  nodes: { type: 't3.medium', min: 2, desired: 2, max: 3, disk: 100, spot: false },
  nat: 'one',
  endpoints: [],
  flowLogDays: 0,
  logs: { types: [], days: 1 },
  apiFrom: [],
  pageFrom: [],
  admins: [],
  border: { mode: 'peering' },
  tags: {},
  state: { kind: 'local' },
};

export function meshOf(name: string, network: string, aws: AwsMesh = {}): PreflightMesh {
  return { name, network: cidr(network), aws };
}

function cidr(text: string) {
  const found = parseCidr(text);
  if (found === undefined) throw new Error(`${text} is no CIDR`);
  return found;
}

export const west = meshOf('west', '10.10.0.0/16');
export const east = meshOf('east', '10.20.0.0/16');

export function subjectOf(more: Partial<PreflightSubject> = {}): PreflightSubject {
  return { lab: 'weather', aws: settings, meshes: [west, east], raised: [], ...more };
}

export const someVpc = (id: string, more: Partial<Vpc> = {}): Vpc => ({
  id,
  cidrs: ['172.31.0.0/16'],
  tags: {},
  ...more,
});
export const instance = (vcpus: number, more: Partial<Instance> = {}): Instance => ({
  type: 't3.medium',
  spot: false,
  vcpus,
  tags: {},
  ...more,
});
export const nodeTags = { 'eks:cluster-name': clusterName('weather', 'west') };

const zone = (letter: string, more = {}) => ({
  name: `eu-north-1${letter}`,
  id: `eun1-az${letter}`,
  usable: true,
  ...more,
});

/** Answers as an account gives them that has room for everything. */
export const goodFacts: AwsFacts = {
  identity: async () => ({ account: '111122223333', arn: 'arn:aws:iam::111122223333:user/ann' }),
  regions: async () => [
    { name: 'eu-north-1', enabled: true },
    { name: 'us-east-1', enabled: true },
    { name: 'ap-east-1', enabled: false },
  ],
  zones: async () => ['a', 'b', 'c'].map((letter) => zone(letter)),
  offers: async () => ['eu-north-1a', 'eu-north-1b', 'eu-north-1c'],
  vcpus: async () => 2,
  architectures: async () => ['x86_64'],
  kubernetesVersions: async () => [
    { version: '1.35', standardSupport: true, ends: '2027-03-27' },
    { version: '1.34', standardSupport: true, ends: '2026-12-02' },
    { version: '1.31', standardSupport: false, ends: '2025-11-26' },
  ],
  quota: async (_service, code) => (code === 'L-F678F1CE' || code === 'L-0263D0A3' ? 5 : 32),
  vpcs: async () => [],
  subnets: async () => [],
  routeTables: async () => new Map(),
  internetGateways: async () => [],
  addresses: async () => [],
  instances: async () => [],
  networkBalancers: async () => [],
  clusters: async () => [],
  cluster: async () => undefined,
};

/** What preflight finds with other answers. */
export function verdictOf(
  facts: Partial<AwsFacts>,
  subject: Partial<PreflightSubject> = {},
  sources: Partial<PreflightSources> = {},
): Promise<Verdict> {
  return examine(subjectOf(subject), {
    facts: { ...goodFacts, ...facts },
    tools: async () => [],
    bucket: async () => [],
    ...sources,
  });
}

/** An error as the AWS SDK throws it. */
export function awsError(name: string, message = 'no', more: object = {}): Error {
  return Object.assign(new Error(message), { name, ...more });
}
