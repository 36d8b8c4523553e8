/** Load balancers, from their listeners to the nodes behind. */

import { blocks, nested, required } from './blocks';
import type { Balancer, Listener, TargetGroup } from './network';
import type { Resolver, Row } from './resolve';

export function balancersOf(plan: Resolver): Balancer[] {
  const listeners = plan.ofType('aws_lb_listener');
  return plan.ofType('aws_lb').map((row) => ({
    id: row.address,
    mesh: row.mesh,
    name: plan.text(row, 'name') ?? row.address,
    public: plan.flag(row, 'internal') !== true,
    subnets: balancerSubnets(plan, row),
    groups: plan.ids(row, 'security_groups'),
    listeners: listeners
      .filter((one) => plan.id(one, 'load_balancer_arn') === row.address)
      .map((one) => listenerOf(plan, one)),
    judgesPrivateLink: plan.text(row, 'enforce_security_group_inbound_rules_on_private_link_traffic') !== 'off',
    crossZone: plan.flag(row, 'enable_cross_zone_load_balancing') ?? plan.text(row, 'load_balancer_type') !== 'network',
  }));
}

export function balancerSubnets(plan: Resolver, row: Row): string[] {
  const mapped = blocks(row, 'subnet_mapping').flatMap((one) => plan.id(one, 'subnet_id') ?? []);
  return [...plan.ids(row, 'subnets'), ...mapped];
}

function listenerOf(plan: Resolver, row: Row): Listener {
  return {
    id: row.address,
    port: required(plan.number(row, 'port'), row, 'port'),
    targetGroups: blocks(row, 'default_action').flatMap((action) => [
      ...listOf(plan.id(action, 'target_group_arn')),
      ...blocks(nested(action, 'forward'), 'target_group').flatMap((one) => listOf(plan.id(one, 'arn'))),
    ]),
  };
}

export function targetGroupsOf(plan: Resolver): TargetGroup[] {
  const attached = plan.ofType('aws_autoscaling_attachment');
  return plan.ofType('aws_lb_target_group').map((row) => {
    const port = required(plan.number(row, 'port'), row, 'port');
    const health = Number(plan.text(nested(row, 'health_check'), 'port') ?? 'traffic-port');
    const byAddress = plan.text(row, 'target_type') === 'ip';
    const protocol = plan.text(row, 'protocol') ?? '';
    return {
      id: row.address,
      port,
      health: Number.isNaN(health) ? port : health,
      // https://docs.aws.amazon.com/elasticloadbalancing/latest/network/edit-target-group-attributes.html
      preservesClient:
        plan.flag(row, 'preserve_client_ip') ??
        (protocol.includes('UDP') || (!byAddress && !protocol.startsWith('HTTP'))),
      nodeGroups: attached
        .filter((one) => plan.id(one, 'lb_target_group_arn') === row.address)
        .map((one) => required(plan.id(one, 'autoscaling_group_name'), one, 'autoscaling_group_name')),
    };
  });
}

function listOf<T>(value: T | undefined): T[] {
  return value === undefined ? [] : [value];
}
