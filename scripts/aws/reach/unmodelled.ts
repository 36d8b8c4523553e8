/** What in a plan might change who reaches what in a way that the model does not know. Better listed than overlooked. */
import type { Resolver, Row } from './resolve';

const modelled = [
  'aws_vpc',
  'aws_vpc_ipv4_cidr_block_association',
  'aws_subnet',
  'aws_route_table',
  'aws_default_route_table',
  'aws_main_route_table_association',
  'aws_route_table_association',
  'aws_route',
  'aws_internet_gateway',
  'aws_internet_gateway_attachment',
  'aws_nat_gateway',
  'aws_eip',
  'aws_vpc_peering_connection',
  'aws_vpc_peering_connection_accepter',
  'aws_vpc_endpoint',
  'aws_vpc_endpoint_route_table_association',
  'aws_vpc_endpoint_service',
  'aws_security_group',
  'aws_default_security_group',
  'aws_security_group_rule',
  'aws_vpc_security_group_ingress_rule',
  'aws_vpc_security_group_egress_rule',
  'aws_lb',
  'aws_lb_listener',
  'aws_lb_target_group',
  'aws_autoscaling_attachment',
  'aws_eks_cluster',
  'aws_eks_node_group',
  'aws_launch_template',
];

/** Nothing here carries or filters a packet. */
const harmless = [
  /^aws_iam_/,
  /^aws_kms_/,
  /^aws_cloudwatch_/,
  /^aws_eks_(access_|addon$|pod_identity_)/,
  /^aws_flow_log$/,
  /^aws_vpc_peering_connection_options$/,
  /^aws_vpc_endpoint_(policy|service_allowed_principal)$/,
  /^aws_(s3|budgets|sns|sqs|ssm|secretsmanager)_/,
  /^aws_ec2_(tag|subnet_cidr_reservation)$/,
  /^aws_autoscaling_group_tag$/,
  /^aws_placement_group$/,
];

/** Arguments that bring IPv6 or other ways in, by what they are when they do not. */
const conditions: Readonly<Record<string, readonly unknown[]>> = {
  ip_address_type: [undefined, 'ipv4'],
  assign_generated_ipv6_cidr_block: [undefined, false],
  ipv6_cidr_block: [undefined],
  remote_access: [undefined],
  vpc_endpoint_type: [undefined, 'Gateway', 'Interface'],
  gateway_load_balancer_arns: [undefined],
};

/** Protocols of listeners and target groups that are TCP below. */
const protocols: readonly unknown[] = [undefined, 'TCP', 'TLS', 'HTTP', 'HTTPS'];

/** A load balancer that a controller would make, behind the plan's back. */
const controllerMade = /\btype['"]?:\s*['"]?LoadBalancer\b/;

/** A rule or a route for addresses that AWS lists, wherever it is written. */
const prefixList = /"(destination_)?prefix_list_ids?":(?!\[\]|null)/;

/** Addresses, with what about the resource it is where it is not all of it. */
export function unmodelledOf(plan: Resolver): string[] {
  return plan.rows.flatMap((row) => unmodelledParts(row).map((part) => `${row.address}${part}`));
}

function unmodelledParts({ type, values }: Row): string[] {
  const text = JSON.stringify(values);
  if (type === 'helm_release') {
    return controllerMade.test(text.replaceAll('\\"', '"')) ? [': a Service of type LoadBalancer'] : [];
  }
  if (!type.startsWith('aws_') || harmless.some((pattern) => pattern.test(type))) return [];
  if (!modelled.includes(type)) return [''];
  return [
    ...Object.entries(conditions).flatMap(([key, fine]) => (fine.includes(values[key]) ? [] : [`: ${key}`])),
    ...(type.startsWith('aws_lb') && !protocols.includes(values.protocol) ? [': protocol'] : []),
    ...(prefixList.test(text) ? [': a prefix list'] : []),
  ];
}
