import { CloudwatchLogGroup } from '@cdktf/provider-aws/lib/cloudwatch-log-group';
import { DefaultSecurityGroup } from '@cdktf/provider-aws/lib/default-security-group';
import { Ec2SubnetCidrReservation } from '@cdktf/provider-aws/lib/ec2-subnet-cidr-reservation';
import { Eip } from '@cdktf/provider-aws/lib/eip';
import { FlowLog } from '@cdktf/provider-aws/lib/flow-log';
import { IamRole } from '@cdktf/provider-aws/lib/iam-role';
import { IamRolePolicy } from '@cdktf/provider-aws/lib/iam-role-policy';
import { InternetGateway } from '@cdktf/provider-aws/lib/internet-gateway';
import { KmsKey } from '@cdktf/provider-aws/lib/kms-key';
import { NatGateway } from '@cdktf/provider-aws/lib/nat-gateway';
import { Route } from '@cdktf/provider-aws/lib/route';
import { RouteTable } from '@cdktf/provider-aws/lib/route-table';
import { RouteTableAssociation } from '@cdktf/provider-aws/lib/route-table-association';
import { SecurityGroup } from '@cdktf/provider-aws/lib/security-group';
import { Subnet } from '@cdktf/provider-aws/lib/subnet';
import { Vpc as VpcResource } from '@cdktf/provider-aws/lib/vpc';
import { VpcEndpoint } from '@cdktf/provider-aws/lib/vpc-endpoint';
import { VpcSecurityGroupEgressRule } from '@cdktf/provider-aws/lib/vpc-security-group-egress-rule';
import { VpcSecurityGroupIngressRule } from '@cdktf/provider-aws/lib/vpc-security-group-ingress-rule';
import { Vpc, type VpcProps } from '../../../../constructs/aws/network/vpc';
import { cidr, Synthesised, zones } from '../../../support/aws';

const props: VpcProps = { name: 'demo-west', region: 'eu-north-1', cidr: cidr('10.10.0.0/16'), zones };
const made = (more: Partial<VpcProps> = {}) =>
  new Synthesised((scope) => {
    new Vpc(scope, 'Vpc', { ...props, ...more });
  });
const plain = made();

describe('a network', () => {
  test('has names for its machines, and a default security group that lets nothing pass', () => {
    expect(plain.one(VpcResource)).toMatchObject({
      cidr_block: '10.10.0.0/16',
      enable_dns_support: true,
      enable_dns_hostnames: true,
    });
    expect(Object.keys(plain.one(DefaultSecurityGroup)).toSorted()).toEqual(['tags', 'vpc_id']);
  });

  test('has a private and a public subnet in each zone, none of which gives out public addresses', () => {
    const subnets = plain.all(Subnet);
    expect(subnets.map((subnet) => subnet.availability_zone).toSorted()).toEqual([...zones, ...zones].toSorted());
    expect(subnets.map((subnet) => subnet.map_public_ip_on_launch)).toEqual(Array(6).fill(false));
    expect(plain.one(Subnet, 'Private-eu-north-1b')).toMatchObject({ cidr_block: '10.10.32.0/19' });
    expect(plain.one(Subnet, 'Public-eu-north-1b')).toMatchObject({ cidr_block: '10.10.226.0/23' });
  });

  test('keeps the fixed addresses of the border from everybody else', () => {
    expect(plain.all(Ec2SubnetCidrReservation)).toHaveLength(3);
    expect(plain.one(Ec2SubnetCidrReservation, 'eu-north-1c')).toMatchObject({
      cidr_block: '10.10.95.224/28',
      reservation_type: 'explicit',
      subnet_id: expect.stringContaining('Private-eu-north-1c'),
    });
  });

  test('reaches S3 without the NAT gateway from every private subnet', () => {
    expect(plain.one(VpcEndpoint)).toMatchObject({
      vpc_endpoint_type: 'Gateway',
      service_name: 'com.amazonaws.eu-north-1.s3',
      route_table_ids: zones.map((zone) => expect.stringContaining(`PrivateTable-${zone}`)),
    });
  });

  test('has no flow log, key or role unless asked', () => {
    for (const type of [FlowLog, CloudwatchLogGroup, KmsKey, IamRole, SecurityGroup])
      expect(plain.all(type)).toEqual([]);
  });
});

describe('ways', () => {
  test('public subnets have the internet gateway', () => {
    expect(plain.all(InternetGateway)).toHaveLength(1);
    const [table] = Object.keys(plain.named(RouteTable)).filter((name) => name.includes('PublicTable'));
    expect(plain.one(Route, 'PublicRoute')).toMatchObject({
      route_table_id: `\${aws_route_table.${table}.id}`,
      destination_cidr_block: '0.0.0.0/0',
      gateway_id: `\${${plain.address(InternetGateway)}.id}`,
    });
    for (const zone of zones) {
      expect(plain.one(RouteTableAssociation, `PublicTableOf-${zone}`)).toMatchObject({
        subnet_id: expect.stringContaining(`Public-${zone}`),
        route_table_id: `\${aws_route_table.${table}.id}`,
      });
    }
  });

  test('private subnets have no route to the internet gateway, and each its own table', () => {
    for (const zone of zones) {
      expect(plain.one(RouteTableAssociation, `PrivateTableOf-${zone}`)).toMatchObject({
        subnet_id: expect.stringContaining(`Private-${zone}`),
        route_table_id: expect.stringContaining(`PrivateTable-${zone}`),
      });
    }
    const routes = plain.all(Route).filter((route) => route.gateway_id !== undefined);
    expect(routes).toHaveLength(1);
  });

  test('one NAT gateway serves all zones', () => {
    expect(plain.all(NatGateway)).toHaveLength(1);
    expect(plain.all(Eip)).toHaveLength(1);
    expect(plain.one(NatGateway)).toMatchObject({ subnet_id: expect.stringContaining('Public-eu-north-1a') });
    const routes = zones.map((zone) => plain.one(Route, `PrivateRoute-${zone}`).nat_gateway_id);
    expect(new Set(routes).size).toBe(1);
  });

  test('one NAT gateway per zone serves its own', () => {
    const many = made({ nat: 'per-zone' });
    expect(many.all(NatGateway)).toHaveLength(3);
    for (const zone of zones) {
      expect(many.one(NatGateway, `Nat-${zone}`)).toMatchObject({
        subnet_id: expect.stringContaining(`Public-${zone}`),
        allocation_id: expect.stringContaining(`NatAddress-${zone}`),
      });
      expect(many.one(Route, `PrivateRoute-${zone}`)).toMatchObject({
        route_table_id: expect.stringContaining(`PrivateTable-${zone}`),
        nat_gateway_id: expect.stringContaining(`Nat-${zone}`),
      });
    }
  });

  test('another NAT mode changes no table and no subnet', () => {
    const many = made({ nat: 'per-zone' });
    for (const type of [Subnet, RouteTable, RouteTableAssociation]) expect(many.named(type)).toEqual(plain.named(type));
    expect(Object.keys(many.named(Route))).toEqual(Object.keys(plain.named(Route)));
  });

  test('public addresses go before the internet gateway does', () => {
    const gateway = plain.address(InternetGateway);
    expect(plain.after(plain.address(Eip), gateway)).toBe(true);
    expect(plain.after(plain.address(NatGateway), gateway)).toBe(true);
  });
});

describe('endpoints by choice', () => {
  const chosen = made({ endpoints: ['ecr.api', 'ecr.dkr'] });

  test('lie in every private subnet under their usual name', () => {
    expect(chosen.all(VpcEndpoint)).toHaveLength(3);
    expect(chosen.one(VpcEndpoint, 'ecrdkr')).toMatchObject({
      vpc_endpoint_type: 'Interface',
      service_name: 'com.amazonaws.eu-north-1.ecr.dkr',
      private_dns_enabled: true,
      subnet_ids: zones.map((zone) => expect.stringContaining(`Private-${zone}`)),
    });
  });

  test('let in HTTPS from the network, and nothing else in or out', () => {
    expect(chosen.one(VpcSecurityGroupIngressRule)).toMatchObject({
      cidr_ipv4: '10.10.0.0/16',
      ip_protocol: 'tcp',
      from_port: 443,
      to_port: 443,
    });
    expect(chosen.all(VpcSecurityGroupEgressRule)).toEqual([]);
    expect(chosen.one(SecurityGroup)).not.toHaveProperty('egress');
    expect(chosen.one(SecurityGroup)).not.toHaveProperty('ingress');
  });

  test('take no fixed address', () => {
    const reserved = chosen.address(Ec2SubnetCidrReservation, 'eu-north-1a');
    expect(chosen.after(chosen.address(VpcEndpoint, 'ecrapi'), reserved)).toBe(true);
  });
});

describe('a flow log by choice', () => {
  const logged = made({ flowLog: { logGroup: '/isthmus/demo/west/flow', days: 7 } });

  test('records everything, for as long as asked, encrypted', () => {
    expect(logged.one(FlowLog)).toMatchObject({ traffic_type: 'ALL', log_destination_type: 'cloud-watch-logs' });
    expect(logged.one(CloudwatchLogGroup)).toMatchObject({
      name: '/isthmus/demo/west/flow',
      retention_in_days: 7,
      kms_key_id: expect.stringContaining('aws_kms_key.'),
    });
    expect(logged.one(KmsKey)).toMatchObject({ enable_key_rotation: true, deletion_window_in_days: 7 });
    expect(logged.one(KmsKey).policy).toContain('log-group:/isthmus/demo/west/flow"');
  });

  test('may write its own log group and not make one', () => {
    const policy = String(logged.one(IamRolePolicy).policy);
    expect(JSON.parse(policy).Statement[0].Resource).toMatch(/^\$\{aws_cloudwatch_log_group\..*\.arn\}:\*$/);
    expect(policy).not.toContain('CreateLogGroup');
    expect(logged.one(IamRole).assume_role_policy).toContain('aws:SourceAccount');
    expect(logged.after(logged.address(FlowLog), logged.address(IamRolePolicy))).toBe(true);
  });
});

describe('outputs', () => {
  test('are in zone order and hold the fixed addresses', () => {
    const outputs: string[][] = [];
    new Synthesised((scope) => {
      const vpc = new Vpc(scope, 'Vpc', props);
      outputs.push([...vpc.borderAddresses], [...vpc.endpointAddresses], [...vpc.zones]);
      expect([vpc.privateSubnetIds, vpc.publicSubnetIds, vpc.privateRouteTableIds].map((l) => l.length)).toEqual([
        3, 3, 3,
      ]);
      expect(vpc.natAddresses).toHaveLength(1);
    });
    expect(outputs).toEqual([
      ['10.10.31.224', '10.10.63.224', '10.10.95.224'],
      ['10.10.31.225', '10.10.63.225', '10.10.95.225'],
      zones,
    ]);
  });

  test('of an existing network are what was given', () => {
    const existing = {
      id: 'vpc-0123456789abcdef0',
      privateSubnets: ['subnet-1', 'subnet-2'],
      publicSubnets: ['subnet-3', 'subnet-4'],
      routeTables: ['rtb-1'],
    };
    expect(Vpc.fromExisting(existing, cidr('10.30.0.0/16'))).toEqual({
      vpcId: existing.id,
      cidr: cidr('10.30.0.0/16'),
      privateSubnetIds: existing.privateSubnets,
      publicSubnetIds: existing.publicSubnets,
      privateRouteTableIds: existing.routeTables,
    });
  });
});

test('all faults are told at once, with the path, before the first resource', () => {
  let message = '';
  const empty = new Synthesised((scope) => {
    try {
      new Vpc(scope, 'Vpc', { ...props, cidr: cidr('10.10.0.0/22'), zones: ['eu-north-1a', 'eu-north-1a'] });
    } catch (error) {
      message = (error as Error).message;
    }
  });
  expect(message).toBe(
    [
      'stack/Vpc has 3 faults:',
      '  stack/Vpc  cidr: has no room for its subnets',
      '    value:   "10.10.0.0/22"',
      '    allowed: /16 to /20',
      '    fix:     choose a larger network',
      '  stack/Vpc  zones: are too few',
      '    value:   ["eu-north-1a","eu-north-1a"]',
      '    allowed: 3 to 6 availability zones',
      '    fix:     name more zones of the region',
      '  stack/Vpc  zones: are not all different',
      '    value:   "eu-north-1a"',
      '    allowed: different zones',
      '    fix:     remove one',
    ].join('\n'),
  );
  expect(JSON.parse(empty.text)).not.toHaveProperty('resource');
});
