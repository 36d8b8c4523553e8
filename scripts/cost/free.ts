/** Resource types of AWS that cost nothing, each with the reason. What is in no list is reported as not priced. */

const reasons: Readonly<Record<string, readonly string[]>> = {
  'network configuration is free; what flows through it is billed at gateways, balancers and endpoints': [
    'aws_default_network_acl',
    'aws_default_route_table',
    'aws_default_security_group',
    'aws_ec2_subnet_cidr_reservation',
    'aws_internet_gateway',
    'aws_main_route_table_association',
    'aws_network_acl',
    'aws_network_acl_rule',
    'aws_route',
    'aws_route_table',
    'aws_route_table_association',
    'aws_security_group',
    'aws_security_group_rule',
    'aws_subnet',
    'aws_vpc',
    'aws_vpc_dhcp_options',
    'aws_vpc_dhcp_options_association',
    'aws_vpc_ipv4_cidr_block_association',
    'aws_vpc_peering_connection_accepter',
    'aws_vpc_peering_connection_options',
    'aws_vpc_security_group_egress_rule',
    'aws_vpc_security_group_ingress_rule',
  ],
  'an Elastic IP is billed, not its use': ['aws_eip_association'],
  'part of its load balancer': [
    'aws_autoscaling_attachment',
    'aws_lb_listener',
    'aws_lb_listener_rule',
    'aws_lb_target_group',
    'aws_lb_target_group_attachment',
  ],
  'billed at the endpoint of who uses it, and at the load balancer behind it': [
    'aws_vpc_endpoint_connection_accepter',
    'aws_vpc_endpoint_service',
    'aws_vpc_endpoint_service_allowed_principal',
  ],
  'part of its endpoint': [
    'aws_vpc_endpoint_policy',
    'aws_vpc_endpoint_route_table_association',
    'aws_vpc_endpoint_security_group_association',
  ],
  'included in the control plane': [
    'aws_eks_access_entry',
    'aws_eks_access_policy_association',
    'aws_eks_addon',
    'aws_eks_identity_provider_config',
    'aws_eks_pod_identity_association',
  ],
  'its instances and volumes are billed with the nodes': ['aws_launch_template'],
  'part of its key': ['aws_kms_alias', 'aws_kms_grant', 'aws_kms_key_policy'],
  'names and rules only': ['aws_cloudwatch_log_resource_policy', 'aws_ec2_tag', 'aws_placement_group'],
};

const byType = new Map(Object.entries(reasons).flatMap(([reason, types]) => types.map((type) => [type, reason])));

/** Types that cost nothing. All of IAM does besides. */
export const freeTypes = [...byType.keys()];

/** Why a type costs nothing; undefined when it may cost something. */
export function freeBecause(type: string): string | undefined {
  // IAM as a whole.
  return type.startsWith('aws_iam_') ? 'IAM is free' : byType.get(type);
}
