/** IAM actions that our own commands take beside Terraform: what they send to AWS themselves. */

/** `up` before it makes anything, and tokens for the Kubernetes APIs. */
const preflight: readonly string[] = [
  'ec2:DescribeAddresses',
  'ec2:DescribeAvailabilityZones',
  'ec2:DescribeInstances',
  'ec2:DescribeInstanceTypeOfferings',
  'ec2:DescribeInstanceTypes',
  'ec2:DescribeInternetGateways',
  'ec2:DescribeRegions',
  'ec2:DescribeRouteTables',
  'ec2:DescribeSubnets',
  'ec2:DescribeVpcs',
  'eks:DescribeCluster',
  'eks:DescribeClusterVersions',
  'eks:ListClusters',
  'elasticloadbalancing:DescribeLoadBalancers',
  'servicequotas:GetAWSDefaultServiceQuota',
  'servicequotas:GetServiceQuota',
  // Also what a token of `aws eks get-token` is: this very call, signed.
  'sts:GetCallerIdentity',
];

/** `leftovers`, and the waits of `down`. */
const looks: readonly string[] = [
  'autoscaling:DescribeAutoScalingGroups',
  'ec2:DescribeAddresses',
  'ec2:DescribeFlowLogs',
  'ec2:DescribeInstances',
  'ec2:DescribeInternetGateways',
  'ec2:DescribeLaunchTemplates',
  'ec2:DescribeNatGateways',
  'ec2:DescribeNetworkInterfaces',
  'ec2:DescribeRouteTables',
  'ec2:DescribeSecurityGroups',
  'ec2:DescribeSnapshots',
  'ec2:DescribeSubnets',
  'ec2:DescribeVolumes',
  'ec2:DescribeVpcEndpoints',
  'ec2:DescribeVpcEndpointServiceConfigurations',
  'ec2:DescribeVpcPeeringConnections',
  'ec2:DescribeVpcs',
  'eks:DescribeCluster',
  'eks:DescribeNodegroup',
  'eks:ListClusters',
  'eks:ListNodegroups',
  'elasticloadbalancing:DescribeLoadBalancers',
  'elasticloadbalancing:DescribeTags',
  'elasticloadbalancing:DescribeTargetGroups',
  'iam:ListOpenIDConnectProviders',
  'iam:ListOpenIDConnectProviderTags',
  'iam:ListPolicies',
  'iam:ListPolicyTags',
  'iam:ListRoles',
  'iam:ListRoleTags',
  'kms:DescribeKey',
  'kms:ListAliases',
  'logs:DescribeLogGroups',
  'tag:GetResources',
];

/** `leftovers --delete`, and interfaces that `down` takes away because nobody else does. */
const removals: readonly string[] = [
  'autoscaling:DeleteAutoScalingGroup',
  'ec2:DeleteFlowLogs',
  'ec2:DeleteInternetGateway',
  'ec2:DeleteLaunchTemplate',
  'ec2:DeleteNatGateway',
  'ec2:DeleteNetworkInterface',
  'ec2:DeleteRouteTable',
  'ec2:DeleteSecurityGroup',
  'ec2:DeleteSnapshot',
  'ec2:DeleteSubnet',
  'ec2:DeleteVolume',
  'ec2:DeleteVpc',
  'ec2:DeleteVpcEndpoints',
  'ec2:DeleteVpcEndpointServiceConfigurations',
  'ec2:DeleteVpcPeeringConnection',
  'ec2:DetachInternetGateway',
  'ec2:DisassociateRouteTable',
  'ec2:ReleaseAddress',
  'ec2:RevokeSecurityGroupEgress',
  'ec2:RevokeSecurityGroupIngress',
  'ec2:TerminateInstances',
  'eks:DeleteCluster',
  'eks:DeleteNodegroup',
  'elasticloadbalancing:DeleteLoadBalancer',
  'elasticloadbalancing:DeleteTargetGroup',
  'iam:DeleteOpenIDConnectProvider',
  'iam:DeletePolicy',
  'iam:DeletePolicyVersion',
  'iam:DeleteRole',
  'iam:DeleteRolePolicy',
  'iam:DetachRolePolicy',
  'iam:ListAttachedRolePolicies',
  'iam:ListInstanceProfilesForRole',
  'iam:ListPolicyVersions',
  'iam:ListRolePolicies',
  'iam:RemoveRoleFromInstanceProfile',
  'kms:DeleteAlias',
  'kms:ScheduleKeyDeletion',
  'logs:DeleteLogGroup',
];

/** Everything that the commands send, without repetition. */
export const commandActions: readonly string[] = [...new Set([...preflight, ...looks, ...removals])].toSorted();

/** What AWS asks for besides, in the name of whoever sends: the quota of load balancers is theirs to tell. */
export const indirectActions: readonly string[] = ['elasticloadbalancing:DescribeAccountLimits'];

/** What Terraform's state in a bucket takes, and the look at the bucket before. */
export const stateActions = {
  bucket: ['s3:GetBucketVersioning', 's3:ListBucket'],
  /** State and its lock. */
  objects: ['s3:DeleteObject', 's3:GetObject', 's3:PutObject'],
} as const;
