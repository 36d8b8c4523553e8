/** Looks into EC2 for a VPC and its parts that stand alone. */
import {
  DescribeAddressesCommand,
  paginateDescribeInternetGateways,
  paginateDescribeNatGateways,
  paginateDescribeNetworkInterfaces,
  paginateDescribeRouteTables,
  paginateDescribeSecurityGroups,
  paginateDescribeSubnets,
  paginateDescribeVpcs,
} from '@aws-sdk/client-ec2';
import type { AwsClients } from '../../clients';
import { collect, type Look, type Resource, tagsOf } from '../resource';
import { networkInterface } from './interface';

export function interfaceLook({ ec2 }: AwsClients): Look {
  return look('EC2 network interfaces', 'ec2:DescribeNetworkInterfaces', async () => {
    const pages = paginateDescribeNetworkInterfaces({ client: ec2 }, {});
    return (await collect(pages, (page) => page.NetworkInterfaces)).map(networkInterface);
  });
}

export function networkLooks(clients: AwsClients): Look[] {
  const { ec2 } = clients;
  const client = { client: ec2 };
  return [
    interfaceLook(clients),
    look('EC2 security groups', 'ec2:DescribeSecurityGroups', async () => {
      const all = await collect(paginateDescribeSecurityGroups(client, {}), (page) => page.SecurityGroups);
      // The default group can't be deleted; it goes with its VPC.
      return all
        .filter(({ GroupName }) => GroupName !== 'default')
        .map(({ GroupId, GroupName, VpcId, Tags }) => part('aws_security_group', GroupId, Tags, [VpcId], GroupName));
    }),
    look('EC2 NAT gateways', 'ec2:DescribeNatGateways', async () => {
      const all = await collect(paginateDescribeNatGateways(client, {}), (page) => page.NatGateways);
      // AWS takes a failed one away by itself, and it costs nothing.
      return all
        .filter(({ State }) => !['deleting', 'deleted', 'failed'].includes(State ?? ''))
        .map(({ NatGatewayId, VpcId, Tags, NatGatewayAddresses = [] }) => ({
          ...part('aws_nat_gateway', NatGatewayId, Tags, [VpcId]),
          parts: NatGatewayAddresses.map(({ NetworkInterfaceId = '' }) => NetworkInterfaceId),
        }));
    }),
    look('EC2 addresses', 'ec2:DescribeAddresses', async () => {
      // One page always: AWS gives them all.
      const { Addresses = [] } = await ec2.send(new DescribeAddressesCommand({}));
      return Addresses.map(({ AllocationId, PublicIp, Tags }) => part('aws_eip', AllocationId, Tags, [], PublicIp));
    }),
    look('EC2 VPCs', 'ec2:DescribeVpcs', async () => {
      const all = await collect(paginateDescribeVpcs(client, {}), (page) => page.Vpcs);
      return all.map(({ VpcId, Tags }) => part('aws_vpc', VpcId, Tags, []));
    }),
    look('EC2 subnets', 'ec2:DescribeSubnets', async () => {
      const all = await collect(paginateDescribeSubnets(client, {}), (page) => page.Subnets);
      return all.map(({ SubnetId, VpcId, Tags }) => part('aws_subnet', SubnetId, Tags, [VpcId]));
    }),
    look('EC2 route tables', 'ec2:DescribeRouteTables', async () => {
      const all = await collect(paginateDescribeRouteTables(client, {}), (page) => page.RouteTables);
      // The main table can't be deleted; it goes with its VPC.
      return all
        .filter(({ Associations = [] }) => !Associations.some(({ Main }) => Main === true))
        .map(({ RouteTableId, VpcId, Tags }) => part('aws_route_table', RouteTableId, Tags, [VpcId]));
    }),
    look('EC2 internet gateways', 'ec2:DescribeInternetGateways', async () => {
      const all = await collect(paginateDescribeInternetGateways(client, {}), (page) => page.InternetGateways);
      return all.map(({ InternetGatewayId, Attachments = [], Tags }) =>
        part(
          'aws_internet_gateway',
          InternetGatewayId,
          Tags,
          Attachments.map(({ VpcId }) => VpcId),
        ),
      );
    }),
  ];
}

export function look(service: string, permission: string, run: Look['run']): Look {
  return { service, permissions: [permission], run };
}

/** A resource of EC2. Its name is the one given, else its Name tag. */
export function part(
  type: string,
  id: string | undefined,
  tagList: Parameters<typeof tagsOf>[0],
  vpcs: readonly (string | undefined)[],
  name?: string,
): Resource {
  const tags = tagsOf(tagList);
  return {
    type,
    id: id ?? '',
    name: name ?? tags.Name ?? '',
    tags,
    vpcs: vpcs.filter((vpc) => vpc !== undefined),
  };
}
