/** How each type is removed through the AWS API. */
import { DeleteAutoScalingGroupCommand } from '@aws-sdk/client-auto-scaling';
import { DeleteLogGroupCommand } from '@aws-sdk/client-cloudwatch-logs';
import {
  DeleteFlowLogsCommand,
  DeleteInternetGatewayCommand,
  DeleteLaunchTemplateCommand,
  DeleteNatGatewayCommand,
  DeleteNetworkInterfaceCommand,
  DeleteRouteTableCommand,
  DeleteSecurityGroupCommand,
  DeleteSnapshotCommand,
  DeleteSubnetCommand,
  DeleteVolumeCommand,
  DeleteVpcCommand,
  DeleteVpcEndpointServiceConfigurationsCommand,
  DeleteVpcEndpointsCommand,
  DeleteVpcPeeringConnectionCommand,
  DescribeNetworkInterfacesCommand,
  DescribeRouteTablesCommand,
  DescribeSecurityGroupsCommand,
  DetachInternetGatewayCommand,
  DisassociateRouteTableCommand,
  type EC2Client,
  type IpPermission,
  ReleaseAddressCommand,
  RevokeSecurityGroupEgressCommand,
  RevokeSecurityGroupIngressCommand,
  TerminateInstancesCommand,
  type UnsuccessfulItem,
} from '@aws-sdk/client-ec2';
import { DeleteClusterCommand, DeleteNodegroupCommand } from '@aws-sdk/client-eks';
import { DeleteLoadBalancerCommand as DeleteClassicCommand } from '@aws-sdk/client-elastic-load-balancing';
import { DeleteLoadBalancerCommand, DeleteTargetGroupCommand } from '@aws-sdk/client-elastic-load-balancing-v2';
import {
  DeleteOpenIDConnectProviderCommand,
  DeletePolicyCommand,
  DeletePolicyVersionCommand,
  DeleteRoleCommand,
  DeleteRolePolicyCommand,
  DetachRolePolicyCommand,
  type IAMClient,
  paginateListAttachedRolePolicies,
  paginateListInstanceProfilesForRole,
  paginateListPolicyVersions,
  paginateListRolePolicies,
  RemoveRoleFromInstanceProfileCommand,
} from '@aws-sdk/client-iam';
import { DeleteAliasCommand, ScheduleKeyDeletionCommand } from '@aws-sdk/client-kms';
import type { AwsClients } from '../clients';
import { collect, type Resource } from './resource';

type Removal = (clients: AwsClients, resource: Resource) => Promise<unknown>;

/** By type, in the order in which they go. Each asks AWS to begin; not all are gone when it answers. */
export const removals: Readonly<Record<string, Removal>> = {
  aws_eks_node_group: ({ eks }, { id }) => {
    const [clusterName, nodegroupName] = id.split(':');
    return eks.send(new DeleteNodegroupCommand({ clusterName, nodegroupName }));
  },
  aws_autoscaling_group: ({ autoScaling }, { id }) =>
    autoScaling.send(new DeleteAutoScalingGroupCommand({ AutoScalingGroupName: id, ForceDelete: true })),
  aws_instance: ({ ec2 }, { id }) => ec2.send(new TerminateInstancesCommand({ InstanceIds: [id] })),
  aws_eks_cluster: ({ eks }, { id }) => eks.send(new DeleteClusterCommand({ name: id })),
  aws_flow_log: async ({ ec2 }, { id }) => check(await ec2.send(new DeleteFlowLogsCommand({ FlowLogIds: [id] }))),
  aws_vpc_endpoint: async ({ ec2 }, { id }) =>
    check(await ec2.send(new DeleteVpcEndpointsCommand({ VpcEndpointIds: [id] }))),
  aws_vpc_endpoint_service: async ({ ec2 }, { id }) =>
    check(await ec2.send(new DeleteVpcEndpointServiceConfigurationsCommand({ ServiceIds: [id] }))),
  aws_lb: ({ balancers }, { id }) => balancers.send(new DeleteLoadBalancerCommand({ LoadBalancerArn: id })),
  aws_elb: ({ classicBalancers }, { id }) => classicBalancers.send(new DeleteClassicCommand({ LoadBalancerName: id })),
  aws_lb_target_group: ({ balancers }, { id }) => balancers.send(new DeleteTargetGroupCommand({ TargetGroupArn: id })),
  aws_nat_gateway: ({ ec2 }, { id }) => ec2.send(new DeleteNatGatewayCommand({ NatGatewayId: id })),
  aws_vpc_peering_connection: ({ ec2 }, { id }) =>
    ec2.send(new DeleteVpcPeeringConnectionCommand({ VpcPeeringConnectionId: id })),
  aws_network_interface: ({ ec2 }, { id }) => ec2.send(new DeleteNetworkInterfaceCommand({ NetworkInterfaceId: id })),
  aws_eip: ({ ec2 }, { id }) => ec2.send(new ReleaseAddressCommand({ AllocationId: id })),
  aws_ebs_volume: ({ ec2 }, { id }) => ec2.send(new DeleteVolumeCommand({ VolumeId: id })),
  aws_ebs_snapshot: ({ ec2 }, { id }) => ec2.send(new DeleteSnapshotCommand({ SnapshotId: id })),
  aws_launch_template: ({ ec2 }, { id }) => ec2.send(new DeleteLaunchTemplateCommand({ LaunchTemplateId: id })),
  aws_security_group: removeGroup,
  aws_route_table: removeRouteTable,
  aws_subnet: ({ ec2 }, { id }) => ec2.send(new DeleteSubnetCommand({ SubnetId: id })),
  aws_internet_gateway: async ({ ec2 }, { id, vpcs = [] }) => {
    for (const VpcId of vpcs) await ec2.send(new DetachInternetGatewayCommand({ InternetGatewayId: id, VpcId }));
    await ec2.send(new DeleteInternetGatewayCommand({ InternetGatewayId: id }));
  },
  aws_vpc: ({ ec2 }, { id }) => ec2.send(new DeleteVpcCommand({ VpcId: id })),
  aws_cloudwatch_log_group: ({ logs }, { id }) => logs.send(new DeleteLogGroupCommand({ logGroupName: id })),
  aws_iam_role: ({ iam }, { id }) => removeRole(iam, id),
  aws_iam_policy: ({ iam }, { id }) => removePolicy(iam, id),
  aws_iam_openid_connect_provider: ({ iam }, { id }) =>
    iam.send(new DeleteOpenIDConnectProviderCommand({ OpenIDConnectProviderArn: id })),
  aws_kms_alias: ({ kms }, { id }) => kms.send(new DeleteAliasCommand({ AliasName: id })),
  // Seven days are the least that AWS allows.
  aws_kms_key: ({ kms }, { id }) => kms.send(new ScheduleKeyDeletionCommand({ KeyId: id, PendingWindowInDays: 7 })),
};

/** Calls that take many ids answer with success and tell of failures inside. */
function check({ Unsuccessful = [] }: { readonly Unsuccessful?: UnsuccessfulItem[] | undefined }): void {
  const [first] = Unsuccessful;
  if (first === undefined) return;
  const error = new Error(first.Error?.Message ?? 'AWS does not say why');
  error.name = first.Error?.Code ?? 'Unsuccessful';
  throw error;
}

/** Two groups whose rules name each other keep each other: then such rules go, unless something still uses the group. */
async function removeGroup({ ec2 }: AwsClients, { id: GroupId }: Resource): Promise<void> {
  try {
    await ec2.send(new DeleteSecurityGroupCommand({ GroupId }));
  } catch (error) {
    const users = { Filters: [{ Name: 'group-id', Values: [GroupId] }] };
    const { NetworkInterfaces = [] } = await ec2.send(new DescribeNetworkInterfacesCommand(users));
    if (NetworkInterfaces.length === 0) await revokeGroupRules(ec2, GroupId);
    throw error;
  }
}

async function revokeGroupRules(client: EC2Client, GroupId: string): Promise<void> {
  const { SecurityGroups = [] } = await client.send(new DescribeSecurityGroupsCommand({ GroupIds: [GroupId] }));
  const naming = (rules: readonly IpPermission[] = []) =>
    rules.flatMap(({ IpProtocol, FromPort, ToPort, UserIdGroupPairs = [] }) =>
      UserIdGroupPairs.length > 0 ? [{ IpProtocol, FromPort, ToPort, UserIdGroupPairs }] : [],
    );
  for (const { IpPermissions, IpPermissionsEgress } of SecurityGroups) {
    const [ingress, egress] = [naming(IpPermissions), naming(IpPermissionsEgress)];
    if (ingress.length > 0)
      await client.send(new RevokeSecurityGroupIngressCommand({ GroupId, IpPermissions: ingress }));
    if (egress.length > 0) await client.send(new RevokeSecurityGroupEgressCommand({ GroupId, IpPermissions: egress }));
  }
}

async function removeRouteTable({ ec2 }: AwsClients, { id: RouteTableId }: Resource): Promise<void> {
  const { RouteTables = [] } = await ec2.send(new DescribeRouteTablesCommand({ RouteTableIds: [RouteTableId] }));
  for (const { RouteTableAssociationId: AssociationId } of RouteTables.flatMap(
    ({ Associations = [] }) => Associations,
  )) {
    await ec2.send(new DisassociateRouteTableCommand({ AssociationId }));
  }
  await ec2.send(new DeleteRouteTableCommand({ RouteTableId }));
}

async function removeRole(client: IAMClient, RoleName: string): Promise<void> {
  const role = { RoleName };
  const attached = paginateListAttachedRolePolicies({ client }, role);
  for (const { PolicyArn } of await collect(attached, (page) => page.AttachedPolicies)) {
    await client.send(new DetachRolePolicyCommand({ RoleName, PolicyArn }));
  }
  for (const PolicyName of await collect(paginateListRolePolicies({ client }, role), (page) => page.PolicyNames)) {
    await client.send(new DeleteRolePolicyCommand({ RoleName, PolicyName }));
  }
  const profiles = paginateListInstanceProfilesForRole({ client }, role);
  for (const { InstanceProfileName } of await collect(profiles, (page) => page.InstanceProfiles)) {
    await client.send(new RemoveRoleFromInstanceProfileCommand({ RoleName, InstanceProfileName }));
  }
  await client.send(new DeleteRoleCommand(role));
}

async function removePolicy(client: IAMClient, PolicyArn: string): Promise<void> {
  const versions = await collect(paginateListPolicyVersions({ client }, { PolicyArn }), (page) => page.Versions);
  for (const { VersionId } of versions.filter(({ IsDefaultVersion }) => IsDefaultVersion !== true)) {
    await client.send(new DeletePolicyVersionCommand({ PolicyArn, VersionId }));
  }
  await client.send(new DeletePolicyCommand({ PolicyArn }));
}
