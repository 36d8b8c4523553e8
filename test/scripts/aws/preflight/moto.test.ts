/** Preflight with the real AWS SDK, against a mock of the AWS API. */
import {
  AllocateAddressCommand,
  CreateNetworkInterfaceCommand,
  CreateSubnetCommand,
  CreateTagsCommand,
  CreateVpcCommand,
  EC2Client,
} from '@aws-sdk/client-ec2';
import { CreateClusterCommand, EKSClient } from '@aws-sdk/client-eks';
import { awsClients } from '../../../../scripts/aws/clients';
import { interfacesIn } from '../../../../scripts/aws/in-the-way';
import { type AwsFacts, awsFacts, homeRegion } from '../../../../scripts/aws/preflight/facts';
import { examine } from '../../../../scripts/aws/preflight/preflight';
import { bucketProblems } from '../../../../scripts/aws/preflight/tools';
import { run } from '../../../../scripts/machine/exec';
import { describeWithMoto } from '../../../support/moto';
import { goodFacts, meshOf, settings, subjectOf } from './subject';

const { region } = settings;

describeWithMoto('preflight against a mock of AWS', (moto) => {
  const before = { ...process.env };
  const opened: { close(): void }[] = [];
  beforeAll(() => {
    Object.assign(process.env, {
      AWS_ENDPOINT_URL: moto().url,
      AWS_ACCESS_KEY_ID: 'testing',
      AWS_SECRET_ACCESS_KEY: 'testing',
      AWS_EC2_METADATA_DISABLED: 'true',
    });
  });
  afterAll(() => {
    process.env = before;
    for (const one of opened) one.close();
  });

  function facts(): AwsFacts {
    const clients = awsClients(region);
    const home = awsClients(homeRegion(region));
    opened.push(clients, home);
    const real = awsFacts(clients, home);
    return {
      ...real,
      // The mock has no versions, and quotas of VPCs only.
      kubernetesVersions: goodFacts.kubernetesVersions,
      quota: async (service, code) => (service === 'vpc' ? real.quota(service, code) : goodFacts.quota(service, code)),
    };
  }
  const ec2 = () => {
    const client = new EC2Client({ region });
    opened.push({ close: () => client.destroy() });
    return client;
  };
  const examined = (subject = subjectOf()) =>
    examine(subject, { facts: facts(), tools: async () => [], bucket: async () => [] });

  test('an account with room passes, and tells who we are', async () => {
    const { problems, unchecked, identity } = await examined();
    expect([problems, unchecked]).toEqual([[], []]);
    expect(identity).toMatchObject({ account: '123456789012', arn: expect.stringContaining('arn:aws:') });
  });

  test('regions, zones and instance types are those of AWS', async () => {
    const all = facts();
    expect(await all.regions()).toContainEqual({ name: region, enabled: true });
    expect((await all.zones()).map(({ name }) => name)).toEqual(settings.zones);
    expect(await all.vcpus('t3.medium')).toBe(2);
    expect(await all.vcpus('t9.huge')).toBeUndefined();
    expect(await all.architectures('t3.medium')).toContain('x86_64');
    expect(await all.architectures('t4g.medium')).toEqual(['arm64']);
    expect(await all.architectures('t9.huge')).toEqual([]);
    expect(await all.offers('t9.huge')).toEqual([]);
    const { problems } = await examined(
      subjectOf({ aws: { ...settings, zones: ['eu-north-1a', 'eu-north-1b', 'eu-north-1x'] } }),
    );
    expect(problems.map(({ what }) => what)).toEqual([expect.stringContaining('zone eu-north-1x')]);
  });

  test('VPCs and addresses of others take up quotas, those of the lab do not', async () => {
    const client = ec2();
    const made: string[] = [];
    for (let i = 0; i < 4; i += 1) {
      const { Vpc } = await client.send(new CreateVpcCommand({ CidrBlock: `10.${100 + i}.0.0/16` }));
      made.push(Vpc?.VpcId ?? '');
      await client.send(new AllocateAddressCommand({ Domain: 'vpc' }));
    }
    const full = (await examined()).problems.map(({ what }) => what);
    // A region begins with a VPC of its own.
    expect(full).toEqual([
      expect.stringMatching(/^VPCs in eu-north-1: the lab needs 2, others have 5, the quota is 5$/),
      expect.stringMatching(/^Elastic IP addresses .* needs 2, others have 4, the quota is 5$/),
    ]);
    await client.send(
      new CreateTagsCommand({ Resources: made.slice(0, 2), Tags: [{ Key: 'isthmus.dev/lab', Value: 'weather' }] }),
    );
    expect((await examined()).problems.map(({ what }) => what)).toEqual([
      expect.stringMatching(/^Elastic IP addresses/),
    ]);
  });

  test('a VPC and a cluster that are there are looked at', async () => {
    const client = ec2();
    const { Vpc } = await client.send(new CreateVpcCommand({ CidrBlock: '10.10.0.0/16' }));
    const id = Vpc?.VpcId ?? '';
    const subnet = async (block: string, zone: string) => {
      const { Subnet } = await client.send(
        new CreateSubnetCommand({ VpcId: id, CidrBlock: block, AvailabilityZone: `${region}${zone}` }),
      );
      return Subnet?.SubnetId ?? '';
    };
    const privateSubnets = [await subnet('10.10.0.0/24', 'a'), await subnet('10.10.1.0/24', 'b')];
    const publicSubnets = [await subnet('10.10.2.0/24', 'a')];
    const eks = new EKSClient({ region });
    opened.push({ close: () => eks.destroy() });
    await eks.send(
      new CreateClusterCommand({
        name: 'weather-east',
        roleArn: 'arn:aws:iam::123456789012:role/r',
        resourcesVpcConfig: { subnetIds: privateSubnets },
      }),
    );
    const mesh = meshOf('west', '10.10.0.0/16', {
      vpc: { id, privateSubnets, publicSubnets, routeTables: ['rtb-none'] },
      cluster: 'prod',
    });
    const { problems } = await examined(subjectOf({ meshes: [mesh, meshOf('east', '10.20.0.0/16')] }));
    expect(problems.map(({ what }) => what)).toEqual([
      expect.stringMatching(/the public subnets of VPC .* lie in eu-north-1a only/),
      expect.stringMatching(/has no route table rtb-none/),
      expect.stringMatching(/^EKS cluster prod of mesh west is not in eu-north-1$/),
      expect.stringMatching(/^EKS cluster weather-east is in eu-north-1 already/),
    ]);
  });

  test('what is in the way of a destroy is named', async () => {
    const client = ec2();
    const { Vpc } = await client.send(new CreateVpcCommand({ CidrBlock: '10.10.0.0/16' }));
    const id = Vpc?.VpcId ?? '';
    const { Subnet } = await client.send(new CreateSubnetCommand({ VpcId: id, CidrBlock: '10.10.0.0/24' }));
    const subnet = Subnet?.SubnetId ?? '';
    await client.send(new CreateNetworkInterfaceCommand({ SubnetId: subnet, Description: 'aws-K8S-i-0a1b' }));
    const clients = awsClients(region);
    opened.push(clients);
    const line = expect.stringMatching(/^network interface eni-\w+ \(aws-K8S-i-0a1b, .*\)$/);
    expect(await interfacesIn(clients, subnet)).toEqual([line]);
    expect(await interfacesIn(clients, id)).toEqual([line]);
    expect(await interfacesIn(clients, 'igw-0a1b2c3d')).toEqual([]);
  });

  test('the bucket of the state must be there and keep versions', async () => {
    const bucket = { kind: 's3', bucket: 'state-of-ann', region, prefix: 'isthmus' } as const;
    const said = async () => (await bucketProblems(bucket)).map(({ what, fix }) => `${what} | ${fix}`);
    expect(await said()).toEqual([
      expect.stringMatching(/bucket state-of-ann .*does not exist: .*\| aws s3api create-bucket --bucket state-of-ann/),
    ]);
    const s3 = (...args: string[]) => run('aws', ['s3api', ...args, '--bucket', bucket.bucket, '--region', region]);
    await s3('create-bucket', '--create-bucket-configuration', `LocationConstraint=${region}`);
    expect(await said()).toEqual([expect.stringMatching(/keeps no old versions.*put-bucket-versioning/)]);
    await s3('put-bucket-versioning', '--versioning-configuration', 'Status=Enabled');
    expect(await said()).toEqual([]);
    expect(await bucketProblems({ kind: 'local' })).toEqual([]);
  });
});
