import { Route } from '@cdktf/provider-aws/lib/route';
import { SecurityGroup } from '@cdktf/provider-aws/lib/security-group';
import { VpcEndpoint } from '@cdktf/provider-aws/lib/vpc-endpoint';
import { VpcEndpointService } from '@cdktf/provider-aws/lib/vpc-endpoint-service';
import { VpcPeeringConnection } from '@cdktf/provider-aws/lib/vpc-peering-connection';
import { VpcSecurityGroupEgressRule } from '@cdktf/provider-aws/lib/vpc-security-group-egress-rule';
import { VpcSecurityGroupIngressRule } from '@cdktf/provider-aws/lib/vpc-security-group-ingress-rule';
import { VpcPeering } from '../../../../constructs/aws/network/peering';
import { PrivateLink, type PrivateLinkProps } from '../../../../constructs/aws/network/private-link';
import type { IVpc } from '../../../../constructs/aws/network/vpc';
import { cidr, Synthesised } from '../../../support/aws';

const west: IVpc = {
  vpcId: 'vpc-west',
  cidr: cidr('10.10.0.0/16'),
  zones: ['eu-north-1a', 'eu-north-1b'],
  privateSubnetIds: ['subnet-w1', 'subnet-w2'],
  publicSubnetIds: ['subnet-w3', 'subnet-w4'],
  privateRouteTableIds: ['rtb-w1', 'rtb-w2'],
  endpointAddresses: ['10.10.31.225', '10.10.63.225'],
};
const east: IVpc = {
  vpcId: 'vpc-east',
  cidr: cidr('10.20.0.0/16'),
  privateSubnetIds: ['subnet-e1', 'subnet-e2'],
  publicSubnetIds: [],
  privateRouteTableIds: ['rtb-e1'],
};

describe('a peering', () => {
  const peering = new Synthesised((scope) => {
    new VpcPeering(scope, 'Peering', { name: 'demo', requester: west, accepter: east });
  });

  test('accepts itself and resolves no names', () => {
    const connection = peering.one(VpcPeeringConnection);
    expect(connection).toMatchObject({ vpc_id: 'vpc-west', peer_vpc_id: 'vpc-east', auto_accept: true });
    expect(connection).not.toHaveProperty('requester');
    expect(connection).not.toHaveProperty('accepter');
  });

  test('gives every private route table of both a route to the other network, and to nothing else', () => {
    const routes = peering.all(Route).map((route) => [route.route_table_id, route.destination_cidr_block]);
    expect(routes.toSorted()).toEqual([
      ['rtb-e1', '10.10.0.0/16'],
      ['rtb-w1', '10.20.0.0/16'],
      ['rtb-w2', '10.20.0.0/16'],
    ]);
    const ways = peering.all(Route).map((route) => route.vpc_peering_connection_id);
    expect(new Set(ways)).toEqual(new Set([`\${${peering.address(VpcPeeringConnection)}.id}`]));
  });

  test('is refused between networks that overlap', () => {
    const twice = () =>
      new Synthesised((scope) => {
        new VpcPeering(scope, 'Peering', {
          name: 'demo',
          requester: west,
          accepter: { ...east, cidr: cidr('10.10.128.0/20') },
        });
      });
    expect(twice).toThrow(/stack\/Peering {2}accepter\.cidr: overlaps the requester's 10\.10\.0\.0\/16/);
  });
});

describe('a private link', () => {
  const props: PrivateLinkProps = { name: 'demo-west-to-east', balancerArn: 'arn:lb', port: 8443, caller: west };
  const link = (more: Partial<PrivateLinkProps> = {}) =>
    new Synthesised((scope) => {
      new PrivateLink(scope, 'Link', { ...props, ...more });
    });

  test("is offered to this account only and waits for a person's word for anybody else", () => {
    const service = link().one(VpcEndpointService);
    expect(service).toMatchObject({ acceptance_required: true, network_load_balancer_arns: ['arn:lb'] });
    expect(service.allowed_principals).toEqual([
      expect.stringMatching(/^arn:\$\{data\.aws_partition\..*\}:iam::\$\{data\.aws_caller_identity\..*\}:root$/),
    ]);
  });

  test('has a known address in each private subnet of the caller', () => {
    expect(link().one(VpcEndpoint)).toMatchObject({
      vpc_id: 'vpc-west',
      vpc_endpoint_type: 'Interface',
      auto_accept: true,
      private_dns_enabled: false,
      subnet_ids: ['subnet-w1', 'subnet-w2'],
      subnet_configuration: [
        { subnet_id: 'subnet-w1', ipv4: '10.10.31.225' },
        { subnet_id: 'subnet-w2', ipv4: '10.10.63.225' },
      ],
    });
  });

  test('is only where addresses are given, or where AWS likes when none are known', () => {
    expect(link({ caller: east, addresses: ['10.20.0.9'] }).one(VpcEndpoint)).toMatchObject({
      subnet_ids: ['subnet-e1'],
      subnet_configuration: [{ subnet_id: 'subnet-e1', ipv4: '10.20.0.9' }],
    });
    const free = link({ caller: east }).one(VpcEndpoint);
    expect(free).toMatchObject({ subnet_ids: ['subnet-e1', 'subnet-e2'] });
    expect(free).not.toHaveProperty('subnet_configuration');
  });

  test("lets in one port from the caller's network, and nothing out", () => {
    const made = link();
    expect(made.one(SecurityGroup)).toMatchObject({ vpc_id: 'vpc-west' });
    expect(made.one(VpcSecurityGroupIngressRule)).toMatchObject({
      cidr_ipv4: '10.10.0.0/16',
      ip_protocol: 'tcp',
      from_port: 8443,
      to_port: 8443,
    });
    expect(made.all(VpcSecurityGroupEgressRule)).toEqual([]);
  });

  test.each([[[]], [['10.10.0.9', '10.10.32.9', '10.10.64.9']]])('is refused with addresses %j', (addresses) => {
    expect(() => link({ addresses })).toThrow(/addresses: do not fit the private subnets of the caller/);
  });
});
