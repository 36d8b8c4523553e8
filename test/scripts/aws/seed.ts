/** Fills the mock of AWS with what a lab leaves behind, tagged as the plan, EKS and the controllers tag it. */
import { CreateLogGroupCommand } from '@aws-sdk/client-cloudwatch-logs';
import {
  AllocateAddressCommand,
  AttachInternetGatewayCommand,
  CreateFlowLogsCommand,
  CreateInternetGatewayCommand,
  CreateNatGatewayCommand,
  CreateRouteTableCommand,
  CreateSecurityGroupCommand,
  CreateSubnetCommand,
  CreateVpcCommand,
  CreateVpcEndpointCommand,
  CreateVpcEndpointServiceConfigurationCommand,
  CreateVpcPeeringConnectionCommand,
  type ResourceType,
} from '@aws-sdk/client-ec2';
import { CreateClusterCommand, CreateNodegroupCommand } from '@aws-sdk/client-eks';
import { CreateLoadBalancerCommand, CreateTargetGroupCommand } from '@aws-sdk/client-elastic-load-balancing-v2';
import { CreateOpenIDConnectProviderCommand, CreatePolicyCommand, CreateRoleCommand } from '@aws-sdk/client-iam';
import { CreateAliasCommand, CreateKeyCommand } from '@aws-sdk/client-kms';
import { clusterName, flowLogGroup, meshTag } from '../../../model/aws';
import { labTag } from '../../../model/names';
import type { AwsClients } from '../../../scripts/aws/clients';
import type { Tags } from '../../../scripts/aws/leftovers/resource';

export interface Owner {
  readonly lab: string;
  readonly mesh: string;
}

/** What was made: `TYPE ID`, as leftovers name it. */
export type Seeds = readonly string[];

/** Tags as most services take them. */
export const listed = (tags: Tags) => Object.entries(tags).map(([Key, Value]) => ({ Key, Value }));

/** EC2's way to give tags to what it makes. */
export const specified = (type: ResourceType, tags: Tags) => ({
  TagSpecifications: [{ ResourceType: type, Tags: listed(tags) }],
});

export const planTags = ({ lab, mesh }: Owner): Tags => ({ [labTag]: lab, [meshTag]: mesh });

/** A VPC and its parts, as the plan makes them. */
export async function seedNetwork(aws: AwsClients, owner: Owner, cidr = '10.10.0.0'): Promise<Network> {
  const tags = planTags(owner);
  const { ec2 } = aws;
  const made = await ec2.send(new CreateVpcCommand({ CidrBlock: `${cidr}/16`, ...specified('vpc', tags) }));
  const vpc = made.Vpc?.VpcId ?? '';
  const subnets: string[] = [];
  for (const [i, zone] of ['a', 'b'].entries()) {
    const CidrBlock = `${cidr.replace(/\.0\.0$/, `.${i}.0`)}/24`;
    const place = { VpcId: vpc, CidrBlock, AvailabilityZone: `${aws.region}${zone}` };
    const { Subnet } = await ec2.send(new CreateSubnetCommand({ ...place, ...specified('subnet', tags) }));
    subnets.push(Subnet?.SubnetId ?? '');
  }
  const table = await ec2.send(new CreateRouteTableCommand({ VpcId: vpc, ...specified('route-table', tags) }));
  const gateway = await ec2.send(new CreateInternetGatewayCommand(specified('internet-gateway', tags)));
  const gatewayId = gateway.InternetGateway?.InternetGatewayId ?? '';
  await ec2.send(new AttachInternetGatewayCommand({ InternetGatewayId: gatewayId, VpcId: vpc }));
  const seeds = [
    `aws_vpc ${vpc}`,
    ...subnets.map((id) => `aws_subnet ${id}`),
    `aws_route_table ${table.RouteTable?.RouteTableId}`,
    `aws_internet_gateway ${gatewayId}`,
  ];
  return { vpc, subnets, seeds };
}

export interface Network {
  readonly vpc: string;
  readonly subnets: readonly string[];
  readonly seeds: Seeds;
}

/** What the plan makes at the edges of a VPC. */
async function seedEdges(aws: AwsClients, owner: Owner, { vpc, subnets }: Network): Promise<Seeds> {
  const tags = planTags(owner);
  const name = clusterName(owner.lab, owner.mesh);
  const { ec2, balancers } = aws;
  const [subnet = ''] = subnets;
  const address = await ec2.send(new AllocateAddressCommand(specified('elastic-ip', tags)));
  const nat = await ec2.send(
    new CreateNatGatewayCommand({
      SubnetId: subnet,
      AllocationId: address.AllocationId,
      ...specified('natgateway', tags),
    }),
  );
  const group = await ec2.send(
    new CreateSecurityGroupCommand({
      GroupName: `${name}-border`,
      Description: 'border',
      VpcId: vpc,
      ...specified('security-group', tags),
    }),
  );
  const balancer = await balancers.send(
    new CreateLoadBalancerCommand({
      Name: `${name}-border`,
      Type: 'network',
      Subnets: [...subnets],
      Tags: listed(tags),
    }),
  );
  const arn = balancer.LoadBalancers?.[0]?.LoadBalancerArn ?? '';
  const targets = await balancers.send(
    new CreateTargetGroupCommand({
      Name: `${name}-border`,
      Protocol: 'TCP',
      Port: 31443,
      VpcId: vpc,
      Tags: listed(tags),
    }),
  );
  const endpoint = await ec2.send(
    new CreateVpcEndpointCommand({
      VpcId: vpc,
      ServiceName: `com.amazonaws.${aws.region}.ecr.api`,
      VpcEndpointType: 'Interface',
      SubnetIds: [subnet],
      ...specified('vpc-endpoint', tags),
    }),
  );
  const service = await ec2.send(
    new CreateVpcEndpointServiceConfigurationCommand({
      NetworkLoadBalancerArns: [arn],
      ...specified('vpc-endpoint-service', tags),
    }),
  );
  return [
    `aws_eip ${address.AllocationId}`,
    `aws_nat_gateway ${nat.NatGateway?.NatGatewayId}`,
    `aws_security_group ${group.GroupId}`,
    `aws_lb ${arn}`,
    `aws_lb_target_group ${targets.TargetGroups?.[0]?.TargetGroupArn}`,
    `aws_vpc_endpoint ${endpoint.VpcEndpoint?.VpcEndpointId}`,
    `aws_vpc_endpoint_service ${service.ServiceConfiguration?.ServiceId}`,
  ];
}

/** What the plan makes outside of VPCs, and the flow log that leads there. */
async function seedAccount(aws: AwsClients, owner: Owner, { vpc }: Network): Promise<Seeds> {
  const tags = planTags(owner);
  const name = clusterName(owner.lab, owner.mesh);
  const { ec2, iam, kms, logs } = aws;
  await logs.send(new CreateLogGroupCommand({ logGroupName: flowLogGroup(owner.lab, owner.mesh), tags }));
  const trust = JSON.stringify({ Version: '2012-10-17', Statement: [] });
  const role = { RoleName: `${name}-flow-2026`, AssumeRolePolicyDocument: trust, Tags: listed(tags) };
  const made = await iam.send(new CreateRoleCommand(role));
  const flow = await ec2.send(
    new CreateFlowLogsCommand({
      ResourceIds: [vpc],
      ResourceType: 'VPC',
      TrafficType: 'ALL',
      LogGroupName: flowLogGroup(owner.lab, owner.mesh),
      DeliverLogsPermissionArn: made.Role?.Arn,
      ...specified('vpc-flow-log', tags),
    }),
  );
  const policy = await iam.send(
    new CreatePolicyCommand({
      PolicyName: `${name}-ebs`,
      PolicyDocument: JSON.stringify({
        Version: '2012-10-17',
        Statement: [{ Effect: 'Allow', Action: 'ec2:DescribeVolumes', Resource: '*' }],
      }),
      Tags: listed(tags),
    }),
  );
  const provider = await iam.send(
    new CreateOpenIDConnectProviderCommand({
      Url: `https://oidc.eks.example.com/id/${name}`,
      ThumbprintList: ['c'.repeat(40)],
      Tags: listed(tags),
    }),
  );
  const key = await kms.send(
    new CreateKeyCommand({
      Description: name,
      Tags: listed(tags).map(({ Key, Value }) => ({ TagKey: Key, TagValue: Value })),
    }),
  );
  const keyId = key.KeyMetadata?.KeyId ?? '';
  await kms.send(new CreateAliasCommand({ AliasName: `alias/${name}`, TargetKeyId: keyId }));
  return [
    `aws_cloudwatch_log_group ${flowLogGroup(owner.lab, owner.mesh)}`,
    `aws_iam_role ${role.RoleName}`,
    `aws_flow_log ${flow.FlowLogIds?.[0]}`,
    `aws_iam_policy ${policy.Policy?.Arn}`,
    `aws_iam_openid_connect_provider ${provider.OpenIDConnectProviderArn}`,
    `aws_kms_key ${keyId}`,
    `aws_kms_alias alias/${name}`,
  ];
}

/** The rest of what the plan makes in and around a VPC. */
export async function seedPlan(aws: AwsClients, owner: Owner, network: Network): Promise<Seeds> {
  return [...(await seedEdges(aws, owner, network)), ...(await seedAccount(aws, owner, network))];
}

/** The cluster itself with a node group. */
export async function seedCluster({ eks }: AwsClients, owner: Owner, { subnets }: Network, tags = planTags(owner)) {
  const name = clusterName(owner.lab, owner.mesh);
  const roleArn = 'arn:aws:iam::123456789012:role/eks';
  await eks.send(new CreateClusterCommand({ name, roleArn, resourcesVpcConfig: { subnetIds: [...subnets] }, tags }));
  await eks.send(
    new CreateNodegroupCommand({ clusterName: name, nodegroupName: 'nodes', nodeRole: roleArn, subnets: [...subnets] }),
  );
  return [`aws_eks_cluster ${name}`, `aws_eks_node_group ${name}:nodes`];
}

export async function seedPeering({ ec2 }: AwsClients, owner: Owner, from: Network, to: Network): Promise<Seeds> {
  const { VpcPeeringConnection: made } = await ec2.send(
    new CreateVpcPeeringConnectionCommand({
      VpcId: from.vpc,
      PeerVpcId: to.vpc,
      ...specified('vpc-peering-connection', { [labTag]: owner.lab }),
    }),
  );
  return [`aws_vpc_peering_connection ${made?.VpcPeeringConnectionId}`];
}
