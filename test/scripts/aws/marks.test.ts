import fc from 'fast-check';
import { clusterName, meshTag } from '../../../model/aws';
import { labTag } from '../../../model/names';
import { areBadCredentials, isGone, unseen } from '../../../scripts/aws/leftovers/failure';
import { networkInterface } from '../../../scripts/aws/leftovers/looks/interface';
import { taggedResource } from '../../../scripts/aws/leftovers/looks/tagged';
import { clustersTold, foreignClusters, markOf, tagFilters } from '../../../scripts/aws/leftovers/marks';
import { priceOfLeftover } from '../../../scripts/aws/leftovers/price';
import { removalCommand } from '../../../scripts/aws/leftovers/removal-commands';
import { removals } from '../../../scripts/aws/leftovers/removals';
import type { Resource, Tags } from '../../../scripts/aws/leftovers/resource';

const scope = { lab: 'weather', clusters: ['weather-west', 'weather-east'] };
const vpcs = new Set(['vpc-1']);
const thing = (more: Partial<Resource> = {}): Resource => ({ type: 'aws_x', id: 'x-1', name: '', tags: {}, ...more });
const kindOf = (more: Partial<Resource>) => markOf(thing(more), scope, vpcs)?.kind;

describe('what is a lab’s', () => {
  it.each<[Tags, string | undefined]>([
    [{ [labTag]: 'weather' }, 'tag'],
    [{ [labTag]: 'weather-2' }, undefined],
    [{ [labTag]: 'Weather' }, undefined],
    [{ [labTag]: '' }, undefined],
    [{ 'isthmus.dev/labs': 'weather' }, undefined],
    [{ 'kubernetes.io/cluster/weather-west': 'owned' }, 'cluster'],
    // Used by the cluster and owned by somebody else, such as the subnets of a VPC that was there before.
    [{ 'kubernetes.io/cluster/weather-west': 'shared' }, undefined],
    [{ 'kubernetes.io/cluster/weather-west-2': 'owned' }, undefined],
    [{ 'kubernetes.io/cluster/weather': 'owned' }, undefined],
    [{ 'aws:eks:cluster-name': 'weather-east' }, 'cluster'],
    [{ 'eks:cluster-name': 'weather-east' }, 'cluster'],
    [{ 'cluster.k8s.amazonaws.com/name': 'weather-east' }, 'cluster'],
    [{ 'ebs.csi.aws.com/cluster-name': 'weather-east' }, 'cluster'],
    [{ KubernetesCluster: 'weather-east' }, 'cluster'],
    [{ 'elbv2.k8s.aws/cluster': 'weather-east' }, 'cluster'],
    [{ 'elbv2.k8s.aws/cluster': 'weather-east-1' }, undefined],
    [{ 'ebs.csi.aws.com/cluster': 'true', CSIVolumeName: 'pvc-1' }, undefined],
    [{ 'kubernetes.io/service-name': 'shop/front' }, undefined],
    // Another lab's own tag counts more than a cluster's.
    [{ [labTag]: 'other', 'kubernetes.io/cluster/weather-west': 'owned' }, undefined],
  ])('tags %j: %s', (tags, kind) => {
    expect(kindOf({ tags })).toBe(kind);
  });

  it.each<[string, string, string | undefined]>([
    ['aws_cloudwatch_log_group', '/aws/eks/weather-west/cluster', 'name'],
    ['aws_cloudwatch_log_group', '/aws/eks/weather-west-2/cluster', undefined],
    ['aws_cloudwatch_log_group', '/isthmus/weather/west/flow', 'name'],
    ['aws_cloudwatch_log_group', '/isthmus/weather-2/west/flow', undefined],
    ['aws_cloudwatch_log_group', '/aws/containerinsights/weather-east/application', 'name'],
    ['aws_security_group', 'eks-cluster-sg-weather-west-1234567890', 'name'],
    ['aws_security_group', 'eks-cluster-sg-weather-west-2-1234567890', undefined],
    ['aws_security_group', 'eks-cluster-sg-weather-west-', undefined],
    ['aws_network_interface', 'Amazon EKS weather-west', 'name'],
    ['aws_network_interface', 'Amazon EKS weather-west-2', undefined],
    ['aws_kms_alias', 'alias/weather-west', 'name'],
    ['aws_kms_alias', 'alias/weather-west-2', undefined],
    ['aws_instance', 'Amazon EKS weather-west', undefined],
  ])('%s named %s: %s', (type, name, kind) => {
    expect(kindOf({ type, name })).toBe(kind);
  });

  it('counts what is in a VPC of the lab, unless another lab tagged it', () => {
    expect(kindOf({ vpcs: ['vpc-1'] })).toBe('vpc');
    expect(kindOf({ vpcs: ['vpc-2', 'vpc-1'] })).toBe('vpc');
    expect(kindOf({ vpcs: ['vpc-2'] })).toBeUndefined();
    expect(kindOf({ vpcs: ['vpc-1'], tags: { [labTag]: 'other' } })).toBeUndefined();
  });

  it('never takes anything of one lab for another’s, whatever the two are called', () => {
    const name = fc.stringMatching(/^[a-c]([a-c-]{0,4}[a-c])?$/);
    fc.assert(
      fc.property(name, name, name, name, (lab, mesh, otherLab, otherMesh) => {
        const [own, other] = [clusterName(lab, mesh), clusterName(otherLab, otherMesh)];
        // Two labs in one region can't have clusters of one name.
        fc.pre(lab !== otherLab && own !== other);
        const theirs: Resource[] = [
          thing({ tags: { [labTag]: otherLab, [meshTag]: otherMesh } }),
          thing({ tags: { [`kubernetes.io/cluster/${other}`]: 'owned' } }),
          thing({ tags: { 'eks:cluster-name': other } }),
          thing({ type: 'aws_security_group', name: `eks-cluster-sg-${other}-123` }),
          thing({ type: 'aws_cloudwatch_log_group', name: `/aws/eks/${other}/cluster` }),
          thing({ type: 'aws_cloudwatch_log_group', name: `/isthmus/${otherLab}/${otherMesh}/flow` }),
          thing({ type: 'aws_network_interface', name: `Amazon EKS ${other}` }),
          thing({ type: 'aws_kms_alias', name: `alias/${other}` }),
        ];
        const marks = theirs.map((resource) => markOf(resource, { lab, clusters: [own] }, new Set()));
        expect(marks).toEqual(theirs.map(() => undefined));
        const found = theirs.map((resource) => markOf(resource, { lab: otherLab, clusters: [other] }, new Set()));
        expect(found).not.toContain(undefined);
      }),
    );
  });

  it('learns clusters from meshes that the lab’s own things name, and drops those of that name that others made', () => {
    const mine = thing({ tags: { [labTag]: 'weather', [meshTag]: 'west' } });
    const others = thing({ tags: { [labTag]: 'weather-2', [meshTag]: 'south' } });
    expect(clustersTold('weather', [mine, mine, others])).toEqual(['weather-west']);
    const cluster = (id: string, tags: Tags) => thing({ type: 'aws_eks_cluster', id, tags });
    const clusters = [cluster('weather-west', {}), cluster('weather-east', { [labTag]: 'weather' })];
    expect(foreignClusters('weather', clusters)).toEqual(['weather-west']);
  });

  it('asks the tagging API for tags that mark a thing, and for no others', () => {
    for (const { Key, Values } of tagFilters(scope)) {
      expect(kindOf({ tags: { [Key]: Values[0] ?? '' } })).toMatch(/^(tag|cluster)$/);
    }
  });
});

it.each<[Parameters<typeof networkInterface>[0], string | undefined]>([
  [{ Attachment: { InstanceId: 'i-1' }, Description: 'aws-K8S-i-1' }, 'i-1'],
  [{ Description: 'aws-K8S-i-1' }, undefined],
  [{ Description: 'Interface for NAT Gateway nat-0a1b' }, 'nat-0a1b'],
  [{ Description: 'VPC Endpoint Interface vpce-0a1b' }, 'vpce-0a1b'],
  [{ Description: 'ELB net/weather-west-border/0123456789abcdef' }, 'net/weather-west-border/0123456789abcdef'],
  [{ Description: 'ELB a0123' }, 'a0123'],
  [{ Description: 'Amazon EKS weather-west' }, 'weather-west'],
])('an interface %j is a part of %s', (found, owner) => {
  expect(networkInterface(found).partOf).toBe(owner);
});

it.each<[string, string | undefined, string | undefined]>([
  ['arn:aws:rds:eu-north-1:123456789012:db:mine', 'aws_rds_db', 'mine'],
  ['arn:aws:sqs:eu-north-1:123456789012:jobs', 'aws_sqs', 'jobs'],
  ['arn:aws:ec2:eu-north-1:123456789012:transit-gateway/tgw-1', 'aws_ec2_transit_gateway', 'tgw-1'],
  ['arn:aws-us-gov:acm:us-gov-west-1:123456789012:certificate/a-b', 'aws_acm_certificate', 'a-b'],
  ['arn:aws:ec2:eu-north-1:123456789012:volume/vol-1', undefined, undefined],
  ['arn:aws:elasticloadbalancing:eu-north-1:1:loadbalancer/net/x/1', undefined, undefined],
])('%s is a %s named %s', (arn, type, name) => {
  expect(taggedResource(arn, {})).toEqual(type === undefined ? [] : [{ type, name, id: arn, tags: {} }]);
});

it('gives a command for all that it can remove itself', () => {
  for (const type of Object.keys(removals)) {
    const command = removalCommand(thing({ type, id: 'id-1:b', vpcs: ['vpc-1'] }), 'eu-north-1');
    expect(command).toMatch(/^aws \S+ (delete|release|terminate|schedule|detach)-\S+ .*id-1/);
    expect(command).toContain('--region eu-north-1');
  }
});

it('quotes names that a shell would take apart', () => {
  const found = thing({ type: 'aws_cloudwatch_log_group', id: "/a$&b; rm -r ~ 'c'" });
  expect(removalCommand(found, 'eu-north-1')).toBe(
    "aws logs delete-log-group --log-group-name '/a$&b; rm -r ~ '\\''c'\\''' --region eu-north-1",
  );
});

it.each<[string, NonNullable<Resource['facts']>, number | undefined]>([
  ['aws_eks_cluster', { version: '1.35' }, 0.1],
  ['aws_eks_cluster', { version: '9.99' }, undefined],
  ['aws_instance', { instanceType: 't3.medium', kind: 'on-demand', state: 'stopped' }, 0],
  ['aws_instance', { instanceType: 'x9.huge', kind: 'on-demand', state: 'running' }, undefined],
  ['aws_ebs_volume', { gib: 730, volumeType: 'gp3', iops: 3_000, throughput: 125 }, expect.closeTo(0.08, 1)],
  ['aws_ebs_volume', { gib: 730, volumeType: 'gp3', iops: 9_000, throughput: 125 }, undefined],
  ['aws_eip', {}, 0.005],
  ['aws_nat_gateway', {}, 0.048],
  ['aws_lb', { kind: 'network', addresses: 0 }, 0.0252],
  ['aws_lb', { kind: 'network', addresses: 3 }, 0.0402],
  ['aws_lb', { kind: 'gateway', addresses: 0 }, undefined],
  ['aws_vpc_endpoint', { kind: 'Gateway', zones: 0 }, 0],
  ['aws_kms_key', {}, 0.00137],
  ['aws_cloudwatch_log_group', { gib: 0 }, 0],
  ['aws_cloudwatch_log_group', { gib: 1 }, undefined],
  ['aws_iam_role', {}, 0],
  ['aws_security_group', {}, 0],
  ['aws_rds_db', {}, undefined],
])('a %s %j costs %s an hour', (type, facts, price) => {
  const found = priceOfLeftover(thing({ type, facts }), 'eu-west-1', new Date('2027-01-15'));
  expect(found === undefined ? undefined : Number(found.toFixed(6))).toEqual(price);
});

it('a control plane costs more once its version has left standard support', () => {
  const cluster = thing({ type: 'aws_eks_cluster', facts: { version: '1.35' } });
  expect(priceOfLeftover(cluster, 'eu-west-1', new Date('2028-01-15'))).toBe(0.6);
});

describe('errors of AWS', () => {
  const named = (name: string, message = '') => Object.assign(new Error(message), { name });

  it('take the missing permission from the message, else from the look', () => {
    const text = 'User: arn:aws:iam::1:user/x is not authorized to perform: kms:ListAliases on resource: *';
    expect(unseen('x', ['a:B'], named('AccessDeniedException', text)).permissions).toEqual(['kms:ListAliases']);
    expect(unseen('x', ['a:B'], named('UnauthorizedOperation', 'No.'))).toEqual({
      service: 'x',
      reason: 'UnauthorizedOperation: No.',
      permissions: ['a:B'],
    });
    expect(unseen('x', ['a:B'], named('TimeoutError', 'slow'))).toEqual({ service: 'x', reason: 'TimeoutError: slow' });
  });

  it.each([
    'InvalidVolume.NotFound',
    'InvalidGroup.NotFound',
    'NatGatewayNotFound',
    'LoadBalancerNotFound',
    'ResourceNotFoundException',
    'NoSuchEntityException',
    'NotFoundException',
  ])('%s says that it is gone', (name) => expect(isGone(named(name))).toBe(true));

  it.each(['DependencyViolation', 'VolumeInUse', 'ResourceInUseException'])('%s does not', (name) =>
    expect(isGone(named(name))).toBe(false),
  );

  it('tell bad credentials from missing permissions', () => {
    expect(areBadCredentials(named('ExpiredTokenException'))).toBe(true);
    expect(areBadCredentials(named('AccessDenied'))).toBe(false);
  });
});
