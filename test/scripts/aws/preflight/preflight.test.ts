/** Preflight over answers of our own: each thing that can be wrong, with its message. */
import { parseCidr } from '../../../../model/cidr';
import type { AwsFacts } from '../../../../scripts/aws/preflight/facts';
import { formatProblems, formatUnchecked } from '../../../../scripts/aws/preflight/problem';
import type { PreflightSubject } from '../../../../scripts/aws/preflight/subject';
import {
  awsError,
  east,
  goodFacts,
  instance,
  meshOf,
  nodeTags,
  settings,
  someVpc,
  subjectOf,
  verdictOf,
  west,
} from './subject';

type Case = readonly [
  what: string,
  facts: Partial<AwsFacts>,
  subject: Partial<PreflightSubject>,
  says: RegExp,
  allowed: RegExp | undefined,
  fix: RegExp,
];

const aws = (more: object) => ({ aws: { ...settings, ...more } });
const times = <T>(count: number, value: T): T[] => Array.from({ length: count }, () => value);

const vpc = {
  id: 'vpc-0a1b2c3d',
  privateSubnets: ['subnet-1', 'subnet-2'],
  publicSubnets: ['subnet-3', 'subnet-4'],
  routeTables: ['rtb-1'],
};
const existing = { meshes: [meshOf('west', '10.10.0.0/16', { vpc }), east] };
const subnet = (id: string, zone: string, of = vpc.id) => ({ id, vpc: of, zone: `eu-north-1${zone}` });
const there: Partial<AwsFacts> = {
  vpcs: async () => [someVpc(vpc.id, { cidrs: ['10.10.0.0/16', '10.11.0.0/16'] })],
  subnets: async () => [
    subnet('subnet-1', 'a'),
    subnet('subnet-2', 'b'),
    subnet('subnet-3', 'a'),
    subnet('subnet-4', 'b'),
  ],
  routeTables: async () =>
    new Map([
      ['rtb-1', vpc.id],
      ['rtb-9', 'vpc-other'],
    ]),
};
const cluster = { meshes: [meshOf('west', '10.10.0.0/16', { vpc, cluster: 'prod' }), east] };
const elasticIp = { allocation: 'eipalloc-1', address: '198.51.100.7' };
const public_ = { meshes: [meshOf('west', '10.10.0.0/16', { elasticIp }), east] };

const cases: readonly Case[] = [
  [
    'a processor that the nodes are not for',
    { architectures: async () => ['arm64'] },
    aws({ nodes: { ...settings.nodes, type: 't4g.medium' } }),
    /^instance type t4g\.medium \(aws\.nodes\.type\) has a processor of type arm64$/,
    /t3\.medium/,
    /another type/,
  ],
  [
    'the address of the example',
    {},
    aws({ apiFrom: [parseCidr('203.0.113.7/32')], pageFrom: [parseCidr('8.8.8.8/32')] }),
    /^aws\.apiFrom\[0\] is 203\.0\.113\.7\/32, an address for examples that nobody has$/,
    undefined,
    /checkip\.amazonaws\.com/,
  ],
  [
    'an unknown region',
    {},
    aws({ region: 'eu-nroth-1' }),
    /^AWS has no region "eu-nroth-1"$/,
    /eu-north-1, us-east-1/,
    /did you mean eu-north-1\?/,
  ],
  [
    'a region that is switched off',
    {},
    aws({ region: 'ap-east-1' }),
    /^region ap-east-1 is not enabled in this account$/,
    /eu-north-1/,
    /enable-region --region-name ap-east-1/,
  ],
  [
    'a region with too few zones',
    { zones: async () => (await goodFacts.zones()).slice(0, 2) },
    {},
    /^region eu-north-1 has 2 zones for a cluster \(eu-north-1a, eu-north-1b\), and a lab needs 3$/,
    undefined,
    /another region/,
  ],
  [
    'a zone that is not there',
    {},
    aws({ zones: ['eu-north-1a', 'eu-north-1b', 'eu-north-1d'] }),
    /^zone eu-north-1d \(aws\.zones\[2\]\) is not in region eu-north-1$/,
    /^eu-north-1a, eu-north-1b, eu-north-1c$/,
    /aws\.zones/,
  ],
  [
    'a zone that is not open',
    { zones: async () => [...(await goodFacts.zones()), { name: 'eu-north-1d', id: 'eun1-az4', usable: false }] },
    aws({ zones: ['eu-north-1a', 'eu-north-1b', 'eu-north-1d'] }),
    /eu-north-1d .*is not open to this account/,
    /^eu-north-1a, eu-north-1b, eu-north-1c$/,
    /aws\.zones/,
  ],
  [
    'a zone without EKS',
    { zones: async () => [...(await goodFacts.zones()), { name: 'eu-north-1d', id: 'use1-az3', usable: true }] },
    aws({ zones: ['eu-north-1a', 'eu-north-1b', 'eu-north-1d'] }),
    /eu-north-1d .*\(use1-az3\) takes no EKS control plane/,
    /^eu-north-1a, eu-north-1b, eu-north-1c$/,
    /aws\.zones/,
  ],
  [
    'an instance type that a zone lacks',
    { offers: async () => ['eu-north-1a', 'eu-north-1b'] },
    {},
    /^instance type t3\.medium \(aws\.nodes\.type\) is not offered in eu-north-1c$/,
    /offered in eu-north-1a, eu-north-1b/,
    /t3\.medium/,
  ],
  [
    'an instance type that is not there',
    { offers: async () => [] },
    aws({ nodes: { ...settings.nodes, type: 't9.huge' } }),
    /t9\.huge/,
    /a type that eu-north-1 has/,
    /aws\.nodes\.type/,
  ],
  [
    'a Kubernetes version that is not offered',
    {},
    aws({ kubernetes: '1.99' }),
    /^EKS does not offer Kubernetes 1\.99/,
    /^1\.35 \(until 2027-03-27\), 1\.34 \(until 2026-12-02\)$/,
    /aws\.kubernetes/,
  ],
  [
    'a Kubernetes version at six times the price',
    {},
    aws({ kubernetes: '1.31' }),
    /^Kubernetes 1\.31 .*left standard support on 2025-11-26.*six times/,
    /1\.35/,
    /aws\.kubernetes/,
  ],
  [
    'too many VPCs',
    { vpcs: async () => times(4, someVpc('vpc-1')) },
    {},
    /^VPCs in eu-north-1: the lab needs 2, others have 4, the quota is 5$/,
    undefined,
    /delete 1 .*--quota-code L-F678F1CE --desired-value 6/,
  ],
  [
    'too many gateways',
    { internetGateways: async () => times(31, { tags: {} }) },
    {},
    /internet gateways .* needs 2, others have 31/,
    undefined,
    /L-A4707A72/,
  ],
  [
    'too many addresses',
    { addresses: async () => times(2, { allocation: 'x', address: 'y', tags: {} }) },
    aws({ nat: 'per-zone' }),
    /Elastic IP addresses .* needs 6, others have 2, the quota is 5/,
    undefined,
    /delete 2 .*L-0263D0A3 --desired-value 8/,
  ],
  [
    'too many vCPUs',
    { instances: async () => times(3, instance(8, { type: 'm5.2xlarge' })).concat(instance(2)) },
    {},
    /vCPUs of on-demand standard instances .* needs 8, others have 26, the quota is 32/,
    undefined,
    /L-1216C47A/,
  ],
  [
    'too many spot vCPUs',
    { instances: async () => [instance(25, { spot: true }), instance(96)] },
    aws({ nodes: { ...settings.nodes, spot: true } }),
    /vCPUs of spot standard instances .* needs 8, others have 25/,
    undefined,
    /L-34B43A08/,
  ],
  [
    'too many clusters',
    { clusters: async () => times(31, 'other') },
    {},
    /EKS clusters .* needs 2, others have 31/,
    undefined,
    /L-1194D53C/,
  ],
  [
    'too many load balancers',
    { networkBalancers: async () => times(30, 'other') },
    {},
    /network load balancers .* needs 3, others have 30/,
    undefined,
    /L-69A177A2/,
  ],
  [
    'a cluster of our name without state',
    { clusters: async () => ['weather-east'] },
    {},
    /^EKS cluster weather-east is in eu-north-1 already, and no state here knows of it/,
    undefined,
    /another name/,
  ],
  [
    'a VPC that is not there',
    { ...there, vpcs: async () => [] },
    existing,
    /^VPC vpc-0a1b2c3d of mesh west is not in eu-north-1/,
    undefined,
    /describe-vpcs/,
  ],
  [
    'a VPC of another network',
    { ...there, vpcs: async () => [someVpc(vpc.id)] },
    existing,
    /has 172\.31\.0\.0\/16, and network of mesh west is 10\.10\.0\.0\/16/,
    /^172\.31\.0\.0\/16$/,
    /as network of mesh west/,
  ],
  [
    'a VPC with a second block in the way',
    { ...there, vpcs: async () => [someVpc(vpc.id, { cidrs: ['10.10.0.0/16', '10.20.128.0/20'] })] },
    existing,
    /has 10\.20\.128\.0\/20, which overlaps network 10\.20\.0\.0\/16 of mesh east/,
    undefined,
    /another network for mesh east/,
  ],
  [
    'a subnet that is not there',
    {
      ...there,
      subnets: async () => [
        subnet('subnet-1', 'a'),
        subnet('subnet-2', 'b', 'vpc-other'),
        subnet('subnet-3', 'a'),
        subnet('subnet-4', 'b'),
      ],
    },
    existing,
    /has no subnet subnet-2 \(private\)/,
    /subnet-1 \(eu-north-1a\)/,
    /private/,
  ],
  [
    'subnets in one zone',
    {
      ...there,
      subnets: async () => [
        subnet('subnet-1', 'a'),
        subnet('subnet-2', 'b'),
        subnet('subnet-3', 'a'),
        subnet('subnet-4', 'a'),
      ],
    },
    existing,
    /the public subnets of VPC .* lie in eu-north-1a only/,
    /2 zones/,
    /other zones/,
  ],
  [
    'a route table of another VPC',
    { ...there, routeTables: async () => new Map([['rtb-1', 'vpc-other']]) },
    existing,
    /no route table rtb-1/,
    /none/,
    /private subnets/,
  ],
  [
    'a cluster that is not there',
    { ...there, clusters: async () => ['staging'] },
    cluster,
    /^EKS cluster prod of mesh west is not in eu-north-1$/,
    /^staging$/,
    /leave it out/,
  ],
  [
    'a cluster that is being made',
    { ...there, cluster: async () => ({ status: 'CREATING', vpc: vpc.id }) },
    cluster,
    /prod of mesh west is CREATING/,
    /^ACTIVE$/,
    /wait/,
  ],
  [
    'a cluster of another VPC',
    { ...there, cluster: async () => ({ status: 'ACTIVE', vpc: 'vpc-9' }) },
    cluster,
    /is in VPC vpc-9, and the lab file says vpc-0a1b2c3d/,
    undefined,
    /write vpc-9/,
  ],
  [
    'an address that is not there',
    {},
    public_,
    /^Elastic IP eipalloc-1 of mesh west is not in eu-north-1/,
    undefined,
    /allocate-address/,
  ],
  [
    'another address',
    { addresses: async () => [{ ...elasticIp, address: '198.51.100.8', tags: {} }] },
    public_,
    /is 198\.51\.100\.8, and the lab file says 198\.51\.100\.7/,
    undefined,
    /write 198\.51\.100\.8/,
  ],
  [
    'names that are too long',
    {},
    { meshes: [meshOf('a-mesh-of-a-rather-long-name', '10.10.0.0/16'), east] },
    /^the names of the load balancers of mesh a-mesh-of-a-rather-long-name are too long.*\(43 characters\)/,
    /32 characters/,
    /11 characters shorter/,
  ],
  [
    'an administrator that is a session',
    {},
    aws({ admins: ['arn:aws:sts::111122223333:assumed-role/Admin/ann'] }),
    /aws\.admins\[0\] .*a session and not a role/,
    /arn:aws:iam::ACCOUNT:role\/NAME/,
    /write arn:aws:iam::111122223333:role\/Admin/,
  ],
  [
    'an administrator that is nobody',
    {},
    aws({ admins: ['arn:aws:iam::111122223333:role/ok', 'ann'] }),
    /aws\.admins\[1\] is "ann"/,
    /ARNs of IAM users and roles/,
    /get-role/,
  ],
];

test.each(cases)('%s', async (_what, facts, subject, says, allowed, fix) => {
  const { problems, unchecked } = await verdictOf(facts, subject);
  expect(unchecked).toEqual([]);
  expect(problems.map(({ what }) => what)).toEqual([expect.stringMatching(says)]);
  const [problem] = problems;
  expect(problem?.fix).toMatch(fix);
  if (allowed === undefined) expect(problem?.allowed).toBeUndefined();
  else expect(problem?.allowed).toMatch(allowed);
});

test.each<[string, Partial<AwsFacts>, Partial<PreflightSubject>]>([
  ['an empty account', {}, {}],
  [
    'a VPC and a cluster that are there',
    { ...there, cluster: async () => ({ status: 'ACTIVE', vpc: vpc.id }) },
    cluster,
  ],
  ['an address that is ours', { addresses: async () => [{ ...elasticIp, tags: {} }] }, public_],
  [
    'an instance type of another family',
    { instances: async () => [instance(100)], vcpus: async () => 100 },
    aws({ nodes: { ...settings.nodes, type: 'g5.xlarge' } }),
  ],
  ['a quota that AWS does not have', { quota: async () => undefined, vpcs: async () => times(99, someVpc('v')) }, {}],
  [
    'an administrator below a path',
    {},
    aws({ admins: ['arn:aws:iam::111122223333:role/aws-reserved/sso.amazonaws.com/Admin_1'] }),
  ],
])('nothing is wrong with %s', async (_what, facts, subject) => {
  expect(await verdictOf(facts, subject)).toMatchObject({ problems: [], unchecked: [] });
});

test('what the lab has already counts once: a second up finds room', async () => {
  const tags = { 'isthmus.dev/lab': 'weather' };
  const { problems } = await verdictOf(
    {
      quota: async (_service, code) => (code === 'L-1216C47A' ? 8 : code === 'L-69A177A2' ? 4 : 2),
      vpcs: async () => times(2, someVpc('v', { tags })),
      internetGateways: async () => times(2, { tags }),
      addresses: async () => times(2, { allocation: 'x', address: 'y', tags }),
      instances: async () => times(4, instance(2, { tags: nodeTags })),
      networkBalancers: async () => ['weather-west-page', 'weather-west-border', 'weather-east-border'],
      clusters: async () => ['weather-west', 'weather-east'],
    },
    { raised: ['cluster-west', 'cluster-east'] },
  );
  expect(problems).toEqual([]);
});

test('all problems are told at once', async () => {
  const { problems } = await verdictOf(
    { vpcs: async () => times(4, someVpc('v')), offers: async () => [] },
    { aws: { ...settings, kubernetes: '1.20', admins: ['ann'], zones: ['eu-north-1a', 'eu-north-1b', 'eu-north-1z'] } },
    {
      tools: async () => [{ what: 'no terraform', fix: 'get it' }],
      bucket: async () => [{ what: 'no bucket', fix: 'make it' }],
    },
  );
  expect(problems).toHaveLength(7);
  const text = formatProblems(problems);
  expect(text).toMatch(/^7 problems before anything was created:\n/);
  expect(text).toContain('\n  no terraform\n    fix:     get it');
  expect(text).toMatch(/instance type[^\n]*\n {4}allowed: [^\n]*\n {4}fix: {5}/);
});

test('a permission that is missing stops nothing, and is told', async () => {
  const denied = async () =>
    Promise.reject(awsError('UnauthorizedOperation', 'You are not authorized: ec2:DescribeInstances'));
  const { problems, unchecked } = await verdictOf({ instances: denied, regions: denied });
  expect(problems).toEqual([]);
  expect(formatUnchecked(unchecked).split('\n')).toEqual([
    expect.stringMatching(/^not checked: region \(.*ec2:DescribeInstances\)$/),
    expect.stringMatching(/^not checked: quota of vCPUs of on-demand standard instances \(/),
  ]);
});

test('any other failure to look is a problem: what was not looked at has not passed', async () => {
  const { problems } = await verdictOf({ zones: async () => Promise.reject(awsError('InternalError', 'oops')) });
  expect(problems).toEqual([{ what: 'zones could not be checked: InternalError: oops', fix: expect.any(String) }]);
});

test.each<[error: Error, says: RegExp, fix: RegExp]>([
  [
    awsError('CredentialsProviderError', 'Could not load credentials from any providers'),
    /there are no AWS credentials/,
    /AWS_PROFILE/,
  ],
  [
    awsError('CredentialsProviderError', 'The SSO session associated with this profile has expired.'),
    /have expired/,
    /aws sso login/,
  ],
  [
    awsError('ExpiredTokenException', 'The security token included in the request is expired'),
    /have expired/,
    /log in again/,
  ],
  [
    awsError('InvalidClientTokenId', 'The security token included in the request is invalid.'),
    /does not know the access key/,
    /AWS_ACCESS_KEY_ID/,
  ],
  [awsError('SignatureDoesNotMatch', 'Signature not yet current'), /refuses the signature/, /clock/],
  [
    awsError('Error', 'getaddrinfo ENOTFOUND sts.eu-north-1.amazonaws.com', { code: 'ENOTFOUND' }),
    /can not be reached/,
    /HTTPS_PROXY/,
  ],
  [awsError('Odd', 'odd'), /does not say who you are: Odd: odd/, /aws sts get-caller-identity/],
])('credentials: %s', async (error, says, fix) => {
  const asked: string[] = [];
  const facts = Object.fromEntries(Object.keys(goodFacts).map((name) => [name, async () => void asked.push(name)]));
  const { problems } = await verdictOf(
    { ...facts, identity: async () => Promise.reject(error) },
    {},
    { tools: async () => [{ what: 'no terraform', fix: 'get it' }] },
  );
  expect(problems.map(({ what }) => what)).toEqual([expect.stringMatching(says), 'no terraform']);
  expect(problems[0]?.fix).toMatch(fix);
  expect(asked).toEqual([]);
});

test('the lab of these tests is right', () => expect(subjectOf().meshes).toEqual([west, east]));
