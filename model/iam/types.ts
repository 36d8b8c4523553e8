/**
 * IAM actions that Terraform's AWS provider takes to create, read, change and destroy what plans hold, by type. Written
 * from the provider's source and AWS's service authorization reference.
 */

/** `service:Operation` for each operation. */
function of(service: string, ...operations: readonly string[]): readonly string[] {
  return operations.map((operation) => `${service}:${operation}`);
}

const ec2 = (...operations: readonly string[]) => of('ec2', ...operations);
const eks = (...operations: readonly string[]) => of('eks', ...operations);
const elb = (...operations: readonly string[]) => of('elasticloadbalancing', ...operations);
const iam = (...operations: readonly string[]) => of('iam', ...operations);
const kms = (...operations: readonly string[]) => of('kms', ...operations);

const ec2Tags = ec2('CreateTags', 'DeleteTags');
const eksTags = eks('TagResource', 'UntagResource');
const elbTags = elb('AddTags', 'RemoveTags', 'DescribeTags');

const network = {
  aws_vpc: [
    ...ec2('CreateVpc', 'DeleteVpc', 'ModifyVpcAttribute', 'DescribeVpcs', 'DescribeVpcAttribute'),
    // What AWS makes with each VPC is among its attributes.
    ...ec2('DescribeNetworkAcls', 'DescribeRouteTables', 'DescribeSecurityGroups'),
    ...ec2Tags,
  ],
  aws_default_security_group: [
    ...ec2('DescribeSecurityGroups', 'RevokeSecurityGroupIngress', 'RevokeSecurityGroupEgress'),
    ...ec2Tags,
  ],
  aws_subnet: [
    ...ec2('CreateSubnet', 'DeleteSubnet', 'ModifySubnetAttribute', 'DescribeSubnets'),
    // Interfaces that nobody holds any more are removed with it.
    ...ec2('DescribeNetworkInterfaces', 'DetachNetworkInterface', 'DeleteNetworkInterface'),
    ...ec2Tags,
  ],
  aws_ec2_subnet_cidr_reservation: ec2(
    'CreateSubnetCidrReservation',
    'DeleteSubnetCidrReservation',
    'GetSubnetCidrReservations',
  ),
  aws_route_table: [
    ...ec2('CreateRouteTable', 'DeleteRouteTable', 'DisassociateRouteTable', 'DescribeRouteTables'),
    ...ec2Tags,
  ],
  aws_route_table_association: ec2(
    'AssociateRouteTable',
    'DisassociateRouteTable',
    'ReplaceRouteTableAssociation',
    'DescribeRouteTables',
  ),
  aws_route: ec2('CreateRoute', 'ReplaceRoute', 'DeleteRoute', 'DescribeRouteTables'),
  aws_internet_gateway: [
    ...ec2('CreateInternetGateway', 'AttachInternetGateway', 'DetachInternetGateway', 'DeleteInternetGateway'),
    ...ec2('DescribeInternetGateways'),
    ...ec2Tags,
  ],
  aws_eip: [
    ...ec2('AllocateAddress', 'DisassociateAddress', 'ReleaseAddress'),
    ...ec2('DescribeAddresses', 'DescribeAddressesAttribute'),
    ...ec2Tags,
  ],
  aws_nat_gateway: [...ec2('CreateNatGateway', 'DeleteNatGateway', 'DescribeNatGateways'), ...ec2Tags],
  aws_security_group: [
    ...ec2('CreateSecurityGroup', 'DeleteSecurityGroup', 'DescribeSecurityGroups'),
    // The rule that lets everything out, which AWS adds to each group, is taken away.
    ...ec2('RevokeSecurityGroupEgress', 'RevokeSecurityGroupIngress'),
    ...ec2('DescribeNetworkInterfaces', 'DetachNetworkInterface', 'DeleteNetworkInterface'),
    ...ec2Tags,
  ],
  aws_vpc_security_group_ingress_rule: [
    ...ec2('AuthorizeSecurityGroupIngress', 'RevokeSecurityGroupIngress', 'ModifySecurityGroupRules'),
    ...ec2('DescribeSecurityGroupRules'),
    ...ec2Tags,
  ],
  aws_vpc_security_group_egress_rule: [
    ...ec2('AuthorizeSecurityGroupEgress', 'RevokeSecurityGroupEgress', 'ModifySecurityGroupRules'),
    ...ec2('DescribeSecurityGroupRules'),
    ...ec2Tags,
  ],
  aws_flow_log: [...ec2('CreateFlowLogs', 'DeleteFlowLogs', 'DescribeFlowLogs'), ...iam('PassRole'), ...ec2Tags],
};

const border = {
  aws_vpc_endpoint: [
    ...ec2('CreateVpcEndpoint', 'ModifyVpcEndpoint', 'DeleteVpcEndpoints', 'DescribeVpcEndpoints'),
    ...ec2('DescribePrefixLists', 'DescribeNetworkInterfaces'),
    // One that accepts itself looks its service up.
    ...ec2('AcceptVpcEndpointConnections', 'DescribeVpcEndpointServiceConfigurations'),
    // The zone of its private names.
    'route53:AssociateVPCWithHostedZone',
    ...ec2Tags,
  ],
  aws_vpc_endpoint_service: [
    ...ec2('CreateVpcEndpointServiceConfiguration', 'ModifyVpcEndpointServiceConfiguration'),
    ...ec2('DeleteVpcEndpointServiceConfigurations', 'DescribeVpcEndpointServiceConfigurations'),
    ...ec2('ModifyVpcEndpointServicePermissions', 'DescribeVpcEndpointServicePermissions'),
    ...ec2Tags,
  ],
  aws_vpc_peering_connection: [
    ...ec2('CreateVpcPeeringConnection', 'AcceptVpcPeeringConnection', 'DeleteVpcPeeringConnection'),
    ...ec2('DescribeVpcPeeringConnections'),
    ...ec2Tags,
  ],
};

const cluster = {
  aws_eks_cluster: [
    ...eks('CreateCluster', 'DescribeCluster', 'UpdateClusterConfig', 'UpdateClusterVersion', 'DeleteCluster'),
    ...eks('AssociateEncryptionConfig', 'DescribeUpdate'),
    ...iam('PassRole', 'GetRole', 'ListAttachedRolePolicies', 'CreateServiceLinkedRole'),
    ...ec2('DescribeSubnets', 'DescribeVpcs', 'DescribeSecurityGroups'),
    // EKS lets itself use the key in the name of whoever makes the cluster.
    ...kms('DescribeKey', 'CreateGrant'),
    ...eksTags,
  ],
  aws_eks_access_entry: [
    ...eks('CreateAccessEntry', 'DescribeAccessEntry', 'UpdateAccessEntry', 'DeleteAccessEntry'),
    ...eksTags,
  ],
  aws_eks_access_policy_association: eks(
    'AssociateAccessPolicy',
    'DisassociateAccessPolicy',
    'ListAssociatedAccessPolicies',
  ),
  aws_eks_addon: [
    ...eks('CreateAddon', 'DescribeAddon', 'UpdateAddon', 'DeleteAddon', 'DescribeUpdate'),
    ...eks('CreatePodIdentityAssociation', 'DescribePodIdentityAssociation'),
    ...eks('UpdatePodIdentityAssociation', 'DeletePodIdentityAssociation'),
    ...iam('PassRole', 'GetRole'),
    ...eksTags,
  ],
  aws_eks_node_group: [
    ...eks('CreateNodegroup', 'DescribeNodegroup', 'DeleteNodegroup', 'DescribeUpdate'),
    ...eks('UpdateNodegroupConfig', 'UpdateNodegroupVersion'),
    ...iam('PassRole', 'GetRole', 'ListAttachedRolePolicies', 'CreateServiceLinkedRole'),
    // EKS asks EC2 whether whoever makes the group could start an instance of its launch template.
    ...ec2('RunInstances', 'CreateTags', 'DescribeSubnets', 'DescribeLaunchTemplateVersions'),
    ...eksTags,
  ],
  aws_launch_template: [
    ...ec2('CreateLaunchTemplate', 'CreateLaunchTemplateVersion', 'ModifyLaunchTemplate', 'DeleteLaunchTemplate'),
    ...ec2('DescribeLaunchTemplates', 'DescribeLaunchTemplateVersions'),
    ...ec2Tags,
  ],
  aws_autoscaling_attachment: of(
    'autoscaling',
    'AttachLoadBalancerTargetGroups',
    'DetachLoadBalancerTargetGroups',
    'DescribeAutoScalingGroups',
  ),
};

const balancers = {
  aws_lb: [
    ...elb('CreateLoadBalancer', 'DeleteLoadBalancer', 'DescribeLoadBalancers'),
    ...elb('ModifyLoadBalancerAttributes', 'DescribeLoadBalancerAttributes', 'DescribeCapacityReservation'),
    ...elb('SetSubnets', 'SetSecurityGroups', 'SetIpAddressType'),
    // Asked in the name of whoever makes it.
    ...ec2('DescribeAccountAttributes', 'DescribeAddresses', 'DescribeInternetGateways', 'DescribeNetworkInterfaces'),
    ...ec2('DescribeSecurityGroups', 'DescribeSubnets', 'DescribeVpcs'),
    ...iam('CreateServiceLinkedRole'),
    ...elbTags,
  ],
  aws_lb_listener: [
    ...elb('CreateListener', 'ModifyListener', 'DeleteListener', 'DescribeListeners'),
    ...elb('ModifyListenerAttributes', 'DescribeListenerAttributes'),
    ...elbTags,
  ],
  aws_lb_target_group: [
    ...elb('CreateTargetGroup', 'ModifyTargetGroup', 'DeleteTargetGroup', 'DescribeTargetGroups'),
    ...elb('ModifyTargetGroupAttributes', 'DescribeTargetGroupAttributes'),
    ...elbTags,
  ],
};

const account = {
  aws_cloudwatch_log_group: of(
    'logs',
    ...['CreateLogGroup', 'DeleteLogGroup', 'DescribeLogGroups', 'PutRetentionPolicy'],
    ...['AssociateKmsKey', 'DisassociateKmsKey', 'ListTagsForResource', 'TagResource', 'UntagResource'],
  ),
  aws_kms_key: kms(
    ...['CreateKey', 'DescribeKey', 'ScheduleKeyDeletion', 'UpdateKeyDescription', 'GetKeyPolicy', 'PutKeyPolicy'],
    ...['EnableKeyRotation', 'DisableKeyRotation', 'GetKeyRotationStatus'],
    ...['ListResourceTags', 'TagResource', 'UntagResource'],
  ),
  aws_iam_role: iam(
    ...['CreateRole', 'GetRole', 'UpdateAssumeRolePolicy', 'DeleteRole', 'TagRole', 'UntagRole'],
    ...['ListRolePolicies', 'ListAttachedRolePolicies', 'ListInstanceProfilesForRole'],
  ),
  aws_iam_role_policy: iam('PutRolePolicy', 'GetRolePolicy', 'DeleteRolePolicy'),
  aws_iam_role_policy_attachment: iam('AttachRolePolicy', 'DetachRolePolicy', 'ListAttachedRolePolicies'),
};

const lookups = {
  'data.aws_autoscaling_groups': ['autoscaling:DescribeAutoScalingGroups'],
  'data.aws_caller_identity': ['sts:GetCallerIdentity'],
  'data.aws_eks_cluster': eks('DescribeCluster'),
  // The role behind the session of whoever deploys.
  'data.aws_iam_session_context': iam('GetRole'),
  // The provider knows the answer.
  'data.aws_partition': [],
};

/** By type; what is only looked up begins with `data.`. */
export const typeActions: Readonly<Record<string, readonly string[]>> = {
  ...network,
  ...border,
  ...cluster,
  ...balancers,
  ...account,
  ...lookups,
};
