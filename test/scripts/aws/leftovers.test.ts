/** Against a mock of the AWS API, with the real SDK over HTTP. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { CreateLogGroupCommand } from '@aws-sdk/client-cloudwatch-logs';
import {
  AuthorizeSecurityGroupIngressCommand,
  CreateNatGatewayCommand,
  CreateSecurityGroupCommand,
  CreateTransitGatewayCommand,
  CreateVolumeCommand,
  DeleteNatGatewayCommand,
  DeleteNetworkInterfaceCommand,
  RunInstancesCommand,
  TerminateInstancesCommand,
} from '@aws-sdk/client-ec2';
import { DeleteLoadBalancerCommand as DeleteClassicCommand } from '@aws-sdk/client-elastic-load-balancing';
import { DeleteLoadBalancerCommand } from '@aws-sdk/client-elastic-load-balancing-v2';
import { CreateRoleCommand } from '@aws-sdk/client-iam';
import { ScheduleKeyDeletionCommand } from '@aws-sdk/client-kms';
import { fromJSONSchema } from 'zod';
import { regionTag } from '../../../model/aws';
import { labTag } from '../../../model/names';
import { type AwsClients, awsClients } from '../../../scripts/aws/clients';
import {
  type FindOptions,
  type Found,
  findLeftovers,
  labTraces,
  neededPermissions,
} from '../../../scripts/aws/leftovers/find';
import { removeLeftovers } from '../../../scripts/aws/leftovers/remove';
import { volumesOf, waitForBalancersGone, waitForInterfacesGone } from '../../../scripts/aws/waits';
import { formatLeftovers, isNothingLeft, leftovers, reportOf } from '../../../scripts/commands/leftovers';
import { silentProgress } from '../../../scripts/progress';
import { describeWithMoto } from '../../support/moto';
import { seedMesh, seedOrphans } from './orphans';
import { type AwsProxy, startProxy } from './proxy';
import { type Network, type Seeds, seedCluster, seedNetwork, seedPeering, specified } from './seed';

const region = 'eu-north-1';
const west = { lab: 'weather', mesh: 'west' };
const east = { lab: 'weather', mesh: 'east' };
const lookAlike = { lab: 'weather-2', mesh: 'west' };
const ours: FindOptions = { lab: 'weather', clusters: ['weather-west', 'weather-east'] };
const theirs: FindOptions = { lab: 'weather-2', clusters: ['weather-2-west'] };
const quick = { interval: 20, timeout: 10_000 };

const listOf = ({ items }: Pick<Found, 'items'>) => items.map(({ type, id }) => `${type} ${id}`);

describeWithMoto(
  'leftovers (real SDK against a mock of AWS)',
  (moto) => {
    let proxy: AwsProxy;
    let aws: AwsClients;

    beforeAll(async () => {
      proxy = await startProxy(moto().url);
      process.env.AWS_ENDPOINT_URL = proxy.url;
      process.env.AWS_ACCESS_KEY_ID = 'test';
      process.env.AWS_SECRET_ACCESS_KEY = 'test';
      aws = awsClients(region);
    });
    afterEach(() => proxy.reset());
    afterAll(async () => {
      aws.close();
      await proxy.stop();
    });

    /** Calls that may change something. */
    const changes = () => proxy.calls.filter((call) => !/:(Describe|List|Get|GET )/.test(call));

    describe('two meshes, what their clusters left, and a lab whose name begins with the same', () => {
      let seeds: Seeds;
      let others: Seeds;
      let inWest: Network;

      beforeAll(async () => {
        inWest = await seedMesh(aws, west);
        const inEast = await seedNetwork(aws, east, '10.20.0.0');
        const orphans = await seedOrphans(aws, east, inEast);
        const peering = await seedPeering(aws, west, inWest, inEast);
        const cluster = await seedCluster(aws, west, inWest);
        others = (await seedMesh(aws, lookAlike, '10.30.0.0')).seeds;
        seeds = [...inWest.seeds, ...inEast.seeds, ...orphans, ...peering, ...cluster];
        proxy.reset();
      }, 30_000);
      afterAll(async () => moto().reset());

      it('finds everything of the lab and nothing else, and changes nothing', async () => {
        const found = await findLeftovers(aws, ours);
        expect(found.unseen).toEqual([]);
        expect(found.notes).toEqual([]);
        // The interface of a control plane goes with its cluster, and west's is still there.
        const [, controlPlane = ''] = inWest.seeds.filter((seed) => seed.startsWith('aws_network_interface'));
        expect(seeds.filter((seed) => !listOf(found).includes(seed))).toEqual([controlPlane]);
        expect(found.items.filter(({ type, id }) => !seeds.includes(`${type} ${id}`))).toEqual([
          // The mock makes the group of a classic load balancer, as AWS does: nothing but its VPC tells whose it is.
          expect.objectContaining({
            type: 'aws_security_group',
            name: expect.stringMatching(/^default_elb/),
            kind: 'vpc',
          }),
          expect.objectContaining({
            type: 'aws_security_group',
            name: expect.stringMatching(/^default_elb/),
            kind: 'vpc',
          }),
        ]);
        expect(listOf(found).filter((item) => others.includes(item))).toEqual([]);
        expect(changes()).toEqual([]);
      });

      it("says of each what it is, where, what it costs, why it is the lab's and how it is removed", async () => {
        const priceOf: NonNullable<FindOptions['priceOf']> = ({ type, facts }) =>
          type === 'aws_ebs_volume' && facts?.volumeType === 'gp3' ? Number(facts.gib) * 0.0001 : undefined;
        const found = await findLeftovers(aws, { ...ours, priceOf });
        const report = reportOf(found, '123456789012');
        expect(report.items.find(({ type }) => type === 'aws_ebs_volume')).toEqual({
          type: 'aws_ebs_volume',
          id: expect.stringMatching(/^vol-/),
          region,
          perHour: 0.001,
          name: 'pvc-1',
          why: expect.stringMatching(/^tag KubernetesCluster=weather-(west|east)$/),
          remove: expect.stringMatching(/^aws ec2 delete-volume --volume-id vol-\w+ --region eu-north-1$/),
        });
        expect(report.items.find(({ type }) => type === 'aws_iam_role')).toMatchObject({
          region: 'global',
          perHour: null,
        });
        const text = formatLeftovers(report);
        expect(text).toContain('aws_eks_cluster weather-west\n  not priced · tag isthmus.dev/lab=weather\n');
        expect(text).toContain(
          `${found.items.length} things left of lab weather in eu-north-1, account 123456789012, $0.0020 an hour and`,
        );
        const schema = JSON.parse(readFileSync(join(__dirname, '../../../docs/schema/leftovers.schema.json'), 'utf8'));
        expect(fromJSONSchema(schema).safeParse(JSON.parse(JSON.stringify(report))).error).toBeUndefined();
      });

      it('finds the same by the tags alone when nobody can tell the names of the clusters', async () => {
        const found = await labTraces(aws, 'weather');
        expect(found.clusters.toSorted()).toEqual(['weather-east', 'weather-west']);
        expect(listOf(found)).toEqual(listOf(await findLeftovers(aws, ours)));
        // No mesh is called `2-west`, so that the clusters of lab `weather-2` are no question.
        expect(found.unseen).toEqual([]);
      });

      it.each([
        ['ec2:DescribeVolumes', 'EC2 volumes', 'aws_ebs_volume'],
        ['eks:GET /clusters', 'EKS clusters', 'aws_eks_cluster'],
        ['logs:DescribeLogGroups', 'CloudWatch log groups', 'aws_cloudwatch_log_group'],
        ['iam:ListRoleTags', 'IAM roles', 'aws_iam_role'],
        ['tagging:GetResources', 'everything that has tags (tagging API)', 'aws_kms_key'],
      ])('without %s it says that it could not look, and shows the rest', async (action, service, type) => {
        proxy.deny(action);
        const found = await findLeftovers(aws, ours);
        const place = found.unseen.find((one) => one.service === service);
        expect(place?.permissions).not.toHaveLength(0);
        expect(formatLeftovers(reportOf(found, '123456789012'))).toMatch(
          new RegExp(`could not look: ${service.replace(/[()]/g, '.')}: .*; missing permission: [a-z0-9-]+:[A-Z]`),
        );
        expect(found.items.filter((item) => item.type === type)).toEqual([]);
        expect(found.items.length).toBeGreaterThan(20);
        expect(isNothingLeft({ ...reportOf(found, '123456789012'), items: [] })).toBe(false);
      });

      it('without any permission it names every place that it could not look into', async () => {
        for (const permission of neededPermissions(aws)) proxy.deny(permission.replace(/^tag:/, 'tagging:'));
        proxy.deny('eks:GET /clusters');
        const found = await findLeftovers(aws, ours);
        expect(found.items).toEqual([]);
        expect(found.unseen.length).toBe(29);
        expect(found.unseen.filter(({ permissions = [] }) => permissions.length === 0)).toEqual([]);
        expect(isNothingLeft(reportOf(found, '123456789012'))).toBe(false);
        expect(formatLeftovers(reportOf(found, '123456789012'))).not.toContain('Nothing');
      });

      it('says that the credentials are no good instead of saying so of every place', async () => {
        proxy.expire();
        await expect(findLeftovers(aws, ours)).rejects.toThrow(
          /^AWS does not take the credentials: .*expired.*aws sts get-caller-identity/,
        );
      });

      it('deletes nothing when it is not asked to, or the answer is no, or it does not know whose the clusters are', async () => {
        const request = { ...ours, region, progress: silentProgress, confirm: async () => false, delete: false };
        expect((await leftovers(request)).items.length).toBeGreaterThan(20);
        const shown = jest.fn(async () => false);
        await expect(leftovers({ ...request, delete: true, confirm: shown })).rejects.toThrow('nothing was deleted');
        expect(shown).toHaveBeenCalledTimes(1);
        proxy.deny('eks:GET /clusters');
        const yes = { ...request, delete: true, confirm: async () => true };
        await expect(leftovers(yes)).rejects.toThrow(/nothing was deleted: .* allow eks:ListClusters/);
        expect(changes()).toEqual([]);
      });

      it('does not try again what it may not delete, nor what waits for that, and says so', async () => {
        const denied = 'DeleteFlowLogs';
        proxy.deny(`ec2:${denied}`);
        const found = await findLeftovers(aws, ours);
        const items = found.items.filter(
          ({ type, id }) => type === 'aws_flow_log' || id.startsWith('/isthmus/weather/'),
        );
        const { failed, removed } = await removeLeftovers(aws, { ...found, items, parts: [] }, { ...ours, ...quick });
        expect(removed).toEqual([]);
        expect(changes()).toEqual([`ec2:${denied}`]);
        expect([...failed.values()].toSorted()).toEqual([
          'UnauthorizedOperation: You are not authorized.',
          'it waits for aws_flow_log, which is still there',
        ]);
      });

      it('with --delete and a yes, removes all of the lab in an order that works, and nothing of others', async () => {
        const before = listOf(await findLeftovers(aws, theirs));
        const { left, failed, removed } = await removeLeftovers(aws, await findLeftovers(aws, ours), {
          ...ours,
          ...quick,
        });
        expect([...failed]).toEqual([]);
        expect(listOf(left)).toEqual([]);
        expect(left.unseen).toEqual([]);
        expect(left.notes).toEqual([expect.stringMatching(/^aws_kms_key .* scheduled for deletion/)]);
        expect(removed.length).toBeGreaterThan(45);
        expect(listOf(await findLeftovers(aws, theirs))).toEqual(before);
        expect(before.length).toBeGreaterThan(25);
      });
    });

    describe('one thing at a time', () => {
      afterEach(async () => moto().reset());

      it('reads all pages', async () => {
        const names = Array.from({ length: 120 }, (_, i) => `/isthmus/weather/${i}`);
        await Promise.all(names.map((logGroupName) => aws.logs.send(new CreateLogGroupCommand({ logGroupName }))));
        const found = await findLeftovers(aws, ours);
        expect(found.items.map(({ id }) => id)).toEqual(names.toSorted());
        expect(proxy.calls.filter((call) => call === 'logs:DescribeLogGroups').length).toBeGreaterThanOrEqual(5);
      });

      it('leaves out what is terminated, deleted or scheduled for deletion', async () => {
        const network = await seedMesh(aws, west);
        const idOf = (type: string) => network.seeds.find((seed) => seed.startsWith(`${type} `))?.split(' ')[1] ?? '';
        const gone = ['aws_instance', 'aws_nat_gateway', 'aws_kms_key'].map((type) => `${type} ${idOf(type)}`);
        expect(listOf(await findLeftovers(aws, ours))).toEqual(expect.arrayContaining(gone));
        await aws.ec2.send(new TerminateInstancesCommand({ InstanceIds: [idOf('aws_instance')] }));
        await aws.ec2.send(new DeleteNatGatewayCommand({ NatGatewayId: idOf('aws_nat_gateway') }));
        await aws.kms.send(new ScheduleKeyDeletionCommand({ KeyId: idOf('aws_kms_key'), PendingWindowInDays: 7 }));
        const found = await findLeftovers(aws, ours);
        expect(listOf(found).filter((item) => gone.includes(item))).toEqual([]);
        expect(found.notes).toEqual([
          expect.stringMatching(/^aws_kms_key .*: it is scheduled for deletion on \d{4}-\d\d-\d\d and costs nothing$/),
        ]);
      });

      it("does not count things of a cluster of that name which is not the lab's", async () => {
        const network = await seedNetwork(aws, { lab: 'elsewhere', mesh: 'west' });
        await seedCluster(aws, west, network, {});
        await seedOrphans(aws, west, network);
        const found = await findLeftovers(aws, ours);
        expect(listOf(found)).toEqual([]);
        expect(found.notes).toEqual([
          expect.stringContaining('EKS cluster weather-west does not carry the tag of lab weather'),
        ]);
      });

      it('leaves the roles alone that a lab of the same name has in another region: IAM shows them in each', async () => {
        const make = (name: string, tags: Readonly<Record<string, string>>) =>
          aws.iam.send(
            new CreateRoleCommand({
              RoleName: name,
              AssumeRolePolicyDocument: '{}',
              Tags: Object.entries({ [labTag]: 'weather', ...tags }).map(([Key, Value]) => ({ Key, Value })),
            }),
          );
        await make('weather-west-cluster-1', { [regionTag]: region });
        await make('weather-west-cluster-2', { [regionTag]: 'eu-west-1' });
        // Of a version that did not tag with the region.
        await make('weather-west-cluster-3', {});
        expect(listOf(await findLeftovers(aws, ours))).toEqual([
          'aws_iam_role weather-west-cluster-1',
          'aws_iam_role weather-west-cluster-3',
        ]);
      });

      it('finds what it has no look for by the tagging API, and leaves its removal to people', async () => {
        await aws.ec2.send(new CreateTransitGatewayCommand(specified('transit-gateway', { [labTag]: 'weather' })));
        await aws.ec2.send(new CreateTransitGatewayCommand(specified('transit-gateway', { [labTag]: 'weather-2' })));
        const found = await findLeftovers(aws, ours);
        expect(found.items).toEqual([
          expect.objectContaining({ type: 'aws_ec2_transit_gateway', id: expect.stringMatching(/^arn:aws:ec2:/) }),
        ]);
        const { failed } = await removeLeftovers(aws, found, { ...ours, ...quick });
        expect([...failed.values()]).toEqual(['this type is removed by hand']);
      });

      it('lists what others run in a VPC of the lab, and leaves it there', async () => {
        const network = await seedNetwork(aws, west);
        const machine = { ImageId: 'ami-0123456789abcdef0', MinCount: 1, MaxCount: 1, SubnetId: network.subnets[0] };
        const { Instances: made = [] } = await aws.ec2.send(new RunInstancesCommand(machine));
        const id = made[0]?.InstanceId ?? '';
        const [, SubnetId] = network.subnets;
        const { NatGateway } = await aws.ec2.send(
          new CreateNatGatewayCommand({ SubnetId, ConnectivityType: 'private' }),
        );
        const nat = NatGateway?.NatGatewayId ?? '';
        const found = await findLeftovers(aws, ours);
        const items = found.items.filter((item) => [id, nat].includes(item.id));
        const there = expect.objectContaining({ why: expect.stringMatching(/^is in vpc-\w+ of the lab/) });
        expect(items).toEqual([there, there]);
        // Alone: the mock, unlike AWS, would let the VPC go from under it.
        const { failed, left } = await removeLeftovers(aws, { ...found, items, parts: [] }, { ...ours, ...quick });
        const reason = "it carries no mark of the lab's: look whose it is";
        expect([failed.get(id), failed.get(nat)]).toEqual([reason, reason]);
        expect(listOf(left)).toContain(`aws_instance ${id}`);
        expect(changes().filter((call) => /Delete|Terminate/.test(call))).toEqual([]);
      });

      it('removes security groups whose rules name each other', async () => {
        const { vpc } = await seedNetwork(aws, west);
        const ids: string[] = [];
        for (const GroupName of ['a', 'b']) {
          const { GroupId = '' } = await aws.ec2.send(
            new CreateSecurityGroupCommand({ GroupName, Description: 'x', VpcId: vpc }),
          );
          ids.push(GroupId);
        }
        for (const [GroupId, other] of [ids, ids.toReversed()]) {
          const rule = { IpProtocol: 'tcp', FromPort: 1, ToPort: 2, UserIdGroupPairs: [{ GroupId: other }] };
          await aws.ec2.send(new AuthorizeSecurityGroupIngressCommand({ GroupId, IpPermissions: [rule] }));
        }
        const { left } = await removeLeftovers(aws, await findLeftovers(aws, ours), { ...ours, ...quick });
        expect(listOf(left)).toEqual([]);
      });

      it('waits until load balancers are gone, and then says which are in the way', async () => {
        const network = await seedNetwork(aws, west);
        const seeds = await seedOrphans(aws, west, network);
        const arn = seeds.find((seed) => seed.startsWith('aws_lb '))?.split(' ')[1] ?? '';
        const place = { vpc: network.vpc };
        const attempt = waitForBalancersGone(aws, place, { timeout: 0 });
        await expect(attempt).rejects.toThrow(
          `aws elbv2 delete-load-balancer --load-balancer-arn ${arn} --region ${region}`,
        );
        await expect(attempt).rejects.toThrow('a0weatherwest, of service shop/front');
        await expect(waitForBalancersGone(aws, { cluster: 'weather-2-west' }, { timeout: 0 })).resolves.toBeUndefined();
        // They go while it waits.
        const said: string[] = [];
        const say = (line: string) => {
          if (said.length === 0) {
            void aws.balancers.send(new DeleteLoadBalancerCommand({ LoadBalancerArn: arn }));
            void aws.classicBalancers.send(new DeleteClassicCommand({ LoadBalancerName: 'a0weatherwest' }));
          }
          said.push(line);
        };
        await waitForBalancersGone(aws, { cluster: 'weather-west' }, { ...quick, say });
        expect(said[0]).toBe('2 load balancers: k8s-weather-west, a0weatherwest');
      });

      it("waits until network interfaces are gone, and takes away what the cluster's CNI lost if it may", async () => {
        const network = await seedNetwork(aws, west);
        const mine = await seedOrphans(aws, west, network);
        const [lost = '', controlPlane = ''] = mine.filter((seed) => seed.startsWith('aws_network_interface'));
        const place = { cluster: 'weather-west' };
        await expect(waitForInterfacesGone(aws, place, { timeout: 0 })).rejects.toThrow(
          /these network interfaces are still there after .*aws-K8S-i-0123456789abcdef0, available\n {4}aws ec2 delete-network-interface/s,
        );
        const attempt = waitForInterfacesGone(aws, place, { timeout: 0, reclaim: true });
        await expect(attempt).rejects.toThrow(controlPlane.split(' ')[1]);
        await expect(attempt).rejects.not.toThrow(lost.split(' ')[1]);
        await aws.ec2.send(new DeleteNetworkInterfaceCommand({ NetworkInterfaceId: controlPlane.split(' ')[1] }));
        await expect(waitForInterfacesGone(aws, place, { timeout: 0 })).resolves.toBeUndefined();
        proxy.deny('ec2:DescribeNetworkInterfaces');
        await expect(waitForInterfacesGone(aws, place, quick)).rejects.toThrow(
          /could not look for .*ec2:DescribeNetworkInterfaces/,
        );
      });

      it('does not prove that nothing is left while something may be of a cluster of the lab', async () => {
        const tags = { KubernetesCluster: 'wea-ther-west' };
        const zone = { AvailabilityZone: `${region}a`, Size: 1 };
        await aws.ec2.send(new CreateVolumeCommand({ ...zone, ...specified('volume', tags) }));
        const found = await labTraces(aws, 'wea');
        expect(found.items).toEqual([]);
        expect(found.unseen).toEqual([{ service: 'EKS', reason: expect.stringContaining('cluster wea-ther-west') }]);
        expect(isNothingLeft(reportOf(found, '123456789012'))).toBe(false);
      });

      it('tells of the volumes of a cluster, and only of those', async () => {
        const zone = { AvailabilityZone: `${region}a`, Size: 1 };
        const claim = { CSIVolumeName: 'pvc-1' };
        const tags: readonly Readonly<Record<string, string>>[] = [
          { KubernetesCluster: 'weather-west', ...claim },
          { 'isthmus.dev/lab': 'weather', 'isthmus.dev/mesh': 'west', ...claim },
          { KubernetesCluster: 'weather-2-west', ...claim },
          // The disk of a node.
          { 'eks:cluster-name': 'weather-west', 'isthmus.dev/lab': 'weather', 'isthmus.dev/mesh': 'west' },
        ];
        const made = await Promise.all(
          tags.map((each) => aws.ec2.send(new CreateVolumeCommand({ ...zone, ...specified('volume', each) }))),
        );
        const ids = made.map(({ VolumeId }) => VolumeId);
        const found = await volumesOf(aws, 'weather-west');
        expect(found.map(({ id }) => id).toSorted()).toEqual(ids.slice(0, 2).toSorted());
        expect(changes()).toEqual(tags.map(() => 'ec2:CreateVolume'));
      });
    });
  },
  { keeps: true },
);
