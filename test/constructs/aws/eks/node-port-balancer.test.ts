import { AutoscalingAttachment } from '@cdktf/provider-aws/lib/autoscaling-attachment';
import { Lb } from '@cdktf/provider-aws/lib/lb';
import { LbListener } from '@cdktf/provider-aws/lib/lb-listener';
import { LbTargetGroup } from '@cdktf/provider-aws/lib/lb-target-group';
import { SecurityGroup } from '@cdktf/provider-aws/lib/security-group';
import { VpcSecurityGroupEgressRule } from '@cdktf/provider-aws/lib/vpc-security-group-egress-rule';
import { VpcSecurityGroupIngressRule } from '@cdktf/provider-aws/lib/vpc-security-group-ingress-rule';
import type { ICluster } from '../../../../constructs/aws/eks/icluster';
import { NodePortBalancer, type NodePortBalancerProps } from '../../../../constructs/aws/eks/node-port-balancer';
import { Vpc } from '../../../../constructs/aws/network/vpc';
import { cidr, Synthesised } from '../../../support/aws';

const vpc = Vpc.fromExisting(
  {
    id: 'vpc-1',
    privateSubnets: ['private-1', 'private-2'],
    publicSubnets: ['public-1', 'public-2'],
    routeTables: [],
  },
  cidr('10.20.0.0/16'),
);
const cluster: ICluster = {
  clusterName: 'demo-east',
  endpoint: 'https://example',
  certificateAuthority: '',
  nodeSecurityGroupId: 'sg-nodes',
  autoscalingGroupName: 'asg-nodes',
};
const props: NodePortBalancerProps = {
  name: 'demo-east-border',
  vpc,
  cluster,
  port: 8443,
  nodePort: 30443,
  scheme: 'internal',
};
const made = (more: Partial<NodePortBalancerProps> = {}) =>
  new Synthesised((scope) => {
    new NodePortBalancer(scope, 'Border', { ...props, ...more });
  });
const plain = made();
const group = `\${${plain.address(SecurityGroup)}.id}`;

/** Rules of the load balancer's own security group that let something in. */
const callers = (plan: Synthesised) =>
  plan
    .all(VpcSecurityGroupIngressRule)
    .filter((rule) => rule.security_group_id === group)
    .map((rule) => [rule.cidr_ipv4, rule.ip_protocol, rule.from_port, rule.to_port]);

describe('who may connect', () => {
  test('nobody, unless somebody is named', () => {
    expect(callers(plain)).toEqual([]);
    expect(callers(made({ scheme: 'internet-facing' }))).toEqual([]);
    expect(plain.one(SecurityGroup)).not.toHaveProperty('ingress');
    expect(plain.one(SecurityGroup)).not.toHaveProperty('egress');
  });

  test('those named, on the port of the listener, each once', () => {
    const from = [cidr('10.10.0.0/16'), cidr('203.0.113.7/32'), cidr('10.10.0.0/16')];
    expect(callers(made({ from, fromAddresses: ['${nat.ip}'] }))).toEqual([
      ['10.10.0.0/16', 'tcp', 8443, 8443],
      ['203.0.113.7/32', 'tcp', 8443, 8443],
      ['${nat.ip}/32', 'tcp', 8443, 8443],
    ]);
  });

  test('callers through a private link are held to the same rules', () => {
    expect(plain.one(Lb)).toMatchObject({
      security_groups: [group],
      enforce_security_group_inbound_rules_on_private_link_traffic: 'on',
    });
  });
});

test('between load balancer and nodes passes the node port, only from one to the other', () => {
  const nodePort = { ip_protocol: 'tcp', from_port: 30443, to_port: 30443 };
  expect(plain.one(VpcSecurityGroupEgressRule)).toMatchObject({
    security_group_id: group,
    referenced_security_group_id: 'sg-nodes',
    ...nodePort,
  });
  expect(plain.one(VpcSecurityGroupIngressRule)).toMatchObject({
    security_group_id: 'sg-nodes',
    referenced_security_group_id: group,
    ...nodePort,
  });
});

describe('where it lies', () => {
  const mapping = (more: Partial<NodePortBalancerProps>) => made(more).one(Lb).subnet_mapping;

  test('internal: in all private subnets, or at its addresses', () => {
    expect(plain.one(Lb)).toMatchObject({ internal: true, load_balancer_type: 'network' });
    expect(mapping({})).toEqual([{ subnet_id: 'private-1' }, { subnet_id: 'private-2' }]);
    expect(mapping({ addresses: ['10.20.0.9', '10.20.32.9'] })).toEqual([
      { subnet_id: 'private-1', private_ipv4_address: '10.20.0.9' },
      { subnet_id: 'private-2', private_ipv4_address: '10.20.32.9' },
    ]);
    expect(mapping({ addresses: ['10.20.0.9'] })).toHaveLength(1);
  });

  test('internet-facing: in all public subnets, or at its Elastic IPs', () => {
    const scheme = 'internet-facing';
    expect(made({ scheme }).one(Lb).internal).toBe(false);
    expect(mapping({ scheme })).toEqual([{ subnet_id: 'public-1' }, { subnet_id: 'public-2' }]);
    expect(mapping({ scheme, elasticIps: ['eipalloc-1'] })).toEqual([
      { subnet_id: 'public-1', allocation_id: 'eipalloc-1' },
    ]);
  });

  test('a zone without a ready node is served by the others', () => {
    expect(plain.one(Lb).enable_cross_zone_load_balancing).toBe(true);
  });
});

test('a call to the port reaches the node port of every node in the Auto Scaling group', () => {
  const targets = `\${${plain.address(LbTargetGroup)}.arn}`;
  expect(plain.one(LbListener)).toMatchObject({
    load_balancer_arn: `\${${plain.address(Lb)}.arn}`,
    port: 8443,
    protocol: 'TCP',
    default_action: [{ type: 'forward', target_group_arn: targets }],
  });
  expect(plain.one(LbTargetGroup)).toMatchObject({
    vpc_id: 'vpc-1',
    target_type: 'instance',
    protocol: 'TCP',
    port: 30443,
    preserve_client_ip: 'false',
    health_check: { protocol: 'TCP', port: 'traffic-port' },
  });
  expect(plain.one(AutoscalingAttachment)).toMatchObject({
    autoscaling_group_name: 'asg-nodes',
    lb_target_group_arn: targets,
  });
});

describe('one that AWS would refuse', () => {
  test.each<[string, Partial<NodePortBalancerProps>, string]>([
    ['a long name', { name: 'a'.repeat(33) }, 'name: is no name of a load balancer'],
    ['a hyphen at the end', { name: 'demo-' }, 'name: is no name of a load balancer'],
    ['the beginning of an internal name', { name: 'internal-west' }, 'name: begins with internal-, which AWS keeps'],
    ['the beginning of an id', { name: 'sg-west' }, 'name: begins with sg-, which AWS keeps'],
    ['Elastic IPs inside', { elasticIps: ['a'] }, 'elasticIps: are of no use to an internal load balancer'],
    [
      'private addresses outside',
      { scheme: 'internet-facing', addresses: ['a'] },
      'addresses: are of no use to an internet-facing load balancer',
    ],
    ['too many addresses', { addresses: ['a', 'b', 'c'] }, 'addresses: do not fit the subnets'],
    ['no place at all', { addresses: [] }, 'addresses: do not fit the subnets'],
    ['a port of no node', { nodePort: 8443 }, 'nodePort: is out of range'],
    ['no port', { port: 0 }, 'port: is out of range'],
  ])('%s', (_name, more, problem) => {
    expect(() => made(more)).toThrow(`stack/Border  ${problem}`);
  });

  test('all at once', () => {
    expect(() => made({ name: '', port: 0, nodePort: 1 })).toThrow(/^stack\/Border has 3 faults:\n/);
  });
});
