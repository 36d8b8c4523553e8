/** What providers say → what a person reads. The texts are of terraform-provider-aws, -kubernetes, -helm and Terraform. */
import { causeOf, failureOf } from '../../../scripts/terraform/diagnose';

const scene = { stack: 'network-west', folder: 'cdktf.out/stacks/network-west', command: 'terraform' };
const cause = (summary: string, detail = '') => causeOf({ summary, detail }, scene);
const refused = (operation: string, said: string) =>
  `operation error ${operation}, https response error StatusCode: 400, RequestID: 1b7a4f62-0000-4c5f-9d5e-000000000000, api error ${said}`;

const lock = (message: string, path: string) => `Error message: ${message}
Lock Info:
  ID:        4582f9cd-b880-c568-e5a0-57098a5453f0
  Path:      ${path}
  Operation: OperationTypeApply
  Who:       ann@laptop
  Version:   1.11.4
  Created:   2026-11-23 15:35:17.740260386 +0000 UTC
  Info:      \n\n
Terraform acquires a state lock to protect the state from being written
by multiple users at the same time.`;

test.each<[what: string, summary: string, says: RegExp, fix: RegExp]>([
  [
    'a permission that AWS names',
    refused(
      'EC2: CreateVpc',
      'UnauthorizedOperation: You are not authorized to perform this operation. User: arn:aws:iam::111122223333:user/ann is not authorized to perform: ec2:CreateVpc on resource: arn:aws:ec2:eu-north-1:111122223333:vpc/* because no identity-based policy allows the ec2:CreateVpc action. Encoded authorization failure message: AAAA',
    ),
    /^permission ec2:CreateVpc is missing$/,
    /^allow ec2:CreateVpc to arn:aws:iam::111122223333:user\/ann, then/,
  ],
  [
    'a permission that AWS does not name',
    refused('Elastic Load Balancing v2: CreateLoadBalancer', 'AccessDenied: no'),
    /^permission elasticloadbalancing:CreateLoadBalancer is missing$/,
    /to the one who deploys/,
  ],
  [
    'a quota of EC2',
    refused('EC2: CreateVpc', 'VpcLimitExceeded: The maximum number of VPCs has been reached.'),
    /quota .*\(VpcLimitExceeded\)/,
    /Service Quotas/,
  ],
  [
    'a quota of addresses',
    refused('EC2: AllocateAddress', 'AddressLimitExceeded: The maximum number of addresses has been reached.'),
    /AddressLimitExceeded/,
    /isthmus leftovers/,
  ],
  [
    'a quota of EKS',
    refused('EKS: CreateCluster', 'ResourceLimitExceededException: limit'),
    /ResourceLimitExceededException/,
    /Service Quotas/,
  ],
  [
    'a quota of vCPUs',
    'waiting for EKS Node Group (a:b) create: AsgInstanceLaunchFailures: You have requested more vCPU capacity than your current vCPU limit. VcpuLimitExceeded',
    /VcpuLimitExceeded/,
    /Service Quotas/,
  ],
  [
    'credentials that expired on the way',
    refused('EKS: DescribeCluster', 'ExpiredTokenException: The security token included in the request is expired'),
    /expired while/,
    /log in again .*goes on from here/,
  ],
  [
    'an SSO session that expired',
    'failed to refresh cached credentials, refresh cached SSO token failed, unable to refresh SSO token, operation error SSO OIDC: CreateToken, InvalidGrantException',
    /expired while/,
    /aws sso login/,
  ],
  [
    'no credentials',
    'No valid credential sources found',
    /does not know the credentials/,
    /aws sts get-caller-identity/,
  ],
  [
    'a clock that is wrong',
    refused('STS: GetCallerIdentity', 'SignatureDoesNotMatch: Signature not yet current'),
    /signature/,
    /clock/,
  ],
  [
    'no spot capacity',
    'waiting for EKS Node Group (a:b) create: unexpected state CREATE_FAILED. last error: UnfulfillableCapacity',
    /could not start the nodes/,
    /aws\.nodes\.type/,
  ],
  [
    'a zone without EKS',
    refused(
      'EKS: CreateCluster',
      'UnsupportedAvailabilityZoneException: Cannot create cluster because us-east-1e, the targeted availability zone, does not currently have sufficient capacity',
    ),
    /no room for a control plane/,
    /aws\.zones/,
  ],
  [
    'a name that is taken',
    refused('EKS: CreateCluster', 'ResourceInUseException: Cluster already exists with name: weather-west'),
    /exists already, and this state does not know it/,
    /isthmus leftovers/,
  ],
  [
    'a security group in use',
    refused('EC2: DeleteSecurityGroup', 'DependencyViolation: resource sg-0a1b2c3d4e5f60718 has a dependent object'),
    /^sg-0a1b2c3d4e5f60718 can not be deleted/,
    /in the way/,
  ],
  [
    'a state that moved',
    'Backend configuration changed',
    /another place/,
    /terraform -chdir=cdktf\.out\/stacks\/network-west init -migrate-state/,
  ],
  [
    'a state of a newer Terraform',
    'state snapshot was created by Terraform v1.13.2, which is newer than current v1.11.4; upgrade to Terraform v1.13.2 or greater',
    /v1\.13\.2, which is newer/,
    /use v1\.13\.2/,
  ],
  ['a bucket that is not there', 'S3 bucket "b" does not exist.', /bucket/, /versioning/],
  ['no registry', 'Failed to query available provider packages', /could not be fetched/, /filesystem_mirror/],
  [
    'an API that does not answer',
    'Kubernetes cluster unreachable: Get "https://x.eks.amazonaws.com/version": dial tcp 10.10.1.7:443: i/o timeout',
    /does not answer/,
    /aws\.apiFrom/,
  ],
  [
    'a cluster that somebody deleted',
    'Kubernetes cluster unreachable: Get "https://A1.gr7.eu-north-1.eks.amazonaws.com/version": dial tcp: lookup A1.gr7.eu-north-1.eks.amazonaws.com on 10.0.0.2:53: no such host',
    /the cluster is not there/,
    /state rm \$\(/,
  ],
  [
    'an API that does not know us',
    'the server has asked for the client to provide credentials',
    /does not accept/,
    /aws\.admins/,
  ],
  [
    'a state that could not be written',
    'Failed to save state',
    /could not write its state/,
    /state push errored\.tfstate/,
  ],
])('%s', (_what, summary, says, fix) => {
  const found = cause(summary);
  expect(found?.what).toMatch(says);
  expect(found?.fix).toMatch(fix);
});

test('a lock tells who holds it and since when; only one outside this machine may be forced', () => {
  const local = cause(
    'Error acquiring the state lock',
    lock('resource temporarily unavailable', '../../../terraform.network-west.tfstate'),
  );
  expect(local?.what).toBe(
    'somebody else is at work on the state of network-west: ann@laptop, since 2026-11-23 15:35:17.740260386 +0000 UTC',
  );
  expect(local?.fix).toMatch(/^wait until that Terraform ends; its lock goes with it/);
  expect(local?.fix).not.toContain('force-unlock');
  const remote = cause(
    'Error acquiring the state lock',
    lock(
      'operation error S3: PutObject, https response error StatusCode: 412, api error PreconditionFailed',
      'bucket/weather/network-west.tfstate',
    ),
  );
  expect(remote?.fix).toMatch(
    /Only when you know that ann@laptop no longer runs: terraform -chdir=cdktf\.out\/stacks\/network-west force-unlock 4582f9cd-b880-c568-e5a0-57098a5453f0/,
  );
});

test('the unheard-of is quoted with the address and the way on', async () => {
  const { message } = await failureOf([{ address: 'aws_kms_key.k', summary: 'Odd', detail: 'Quite\nodd.' }], scene);
  expect(message).toBe(`network-west/aws_kms_key.k: Odd
    said:    Quite odd.
    fix:     what was made is in the state: mend it and run isthmus up again, which goes on from here, or isthmus down`);
});

test('the same words are told once, and nothing that only AWS can read', async () => {
  const one = { summary: 'UnauthorizedOperation', detail: 'Encoded authorization failure message: AAAABBBB' };
  const { message } = await failureOf([one, one, { ...one, address: 'aws_vpc.a' }], scene);
  expect(message.match(/is missing/g)).toHaveLength(2);
  expect(message).not.toContain('AAAABBBB');
});

test('a failed look at what is in the way hides nothing', async () => {
  const one = { summary: 'DependencyViolation: vpc-0a1b2c3d4e5f60718 has dependencies', detail: '' };
  const { message } = await failureOf([one], scene, async () => Promise.reject(new Error('denied')));
  expect(message).toMatch(/^network-west: vpc-0a1b2c3d4e5f60718 can not be deleted/);
});
