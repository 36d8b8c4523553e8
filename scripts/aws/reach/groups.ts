/** Security groups with their rules, whichever of Terraform's three ways a rule is written in. */
import { parseCidr } from '../../../model/cidr';
import { FailureError } from '../../errors';
import { blocks, required } from './blocks';
import { everywhere } from './degree';
import type { Peer, Rule, SecurityGroup, Vpc } from './network';
import { clusterGroup, defaultGroup, type Resolver, type Row } from './resolve';

type Direction = Rule['direction'];

export function groupsOf(plan: Resolver, vpcs: readonly Vpc[]): SecurityGroup[] {
  const apart = [...separateRules(plan), ...olderRules(plan)];
  const group = (id: string, vpc: string, rules: readonly Rule[]): SecurityGroup => ({
    id,
    vpc,
    rules: [...rules, ...apart.filter((one) => one.group === id).map(({ rule }) => rule)],
  });
  const adopted = plan.ofType('aws_default_security_group');
  return [
    ...plan
      .ofType('aws_security_group')
      .map((row) =>
        group(row.address, required(plan.id(row, 'vpc_id'), row, 'vpc_id'), inlineRules(plan, row, row.address)),
      ),
    // AWS' own default group talks to itself and to everybody; Terraform's takes those rules away.
    ...vpcs.map(({ id }) => {
      const own = adopted.find((row) => plan.id(row, 'vpc_id') === id);
      const self = defaultGroup(id);
      return group(self, id, own === undefined ? openToItself(self, self) : inlineRules(plan, own, self));
    }),
    // EKS makes this one; it is on the control plane's interfaces and on nodes without groups of their own.
    // https://docs.aws.amazon.com/eks/latest/userguide/sec-group-reqs.html
    ...[...plan.ofType('aws_eks_cluster'), ...plan.ofType('data.aws_eks_cluster')].map((row) => {
      const self = clusterGroup(row.address);
      return group(self, '', openToItself(self, 'made by EKS'));
    }),
  ];
}

function openToItself(group: string, id: string): Rule[] {
  const ports = [0, 65535] as const;
  return [
    { id: `${id}: from itself`, direction: 'ingress', ports, peer: { kind: 'group', group } },
    { id: `${id}: to everywhere`, direction: 'egress', ports, peer: { kind: 'cidr', cidr: everywhere } },
  ];
}

interface Apart {
  readonly group: string;
  readonly rule: Rule;
}

function separateRules(plan: Resolver): Apart[] {
  return (['ingress', 'egress'] as const).flatMap((direction) =>
    plan.ofType(`aws_vpc_security_group_${direction}_rule`).flatMap((row) => {
      const ports = portsOf(plan, row, 'ip_protocol');
      const peer = peerOf(plan, row);
      if (ports === undefined || peer === undefined) return [];
      return [
        {
          group: required(plan.id(row, 'security_group_id'), row, 'security_group_id'),
          rule: { id: row.address, direction, ports, peer },
        },
      ];
    }),
  );
}

function peerOf(plan: Resolver, row: Row): Peer | undefined {
  const group = plan.id(row, 'referenced_security_group_id');
  if (group !== undefined) return { kind: 'group', group };
  return row.values.cidr_ipv4 === undefined ? undefined : rangeOf(plan, row, row.values.cidr_ipv4);
}

function olderRules(plan: Resolver): Apart[] {
  return plan.ofType('aws_security_group_rule').flatMap((row) => {
    const group = required(plan.id(row, 'security_group_id'), row, 'security_group_id');
    const direction: Direction = plan.text(row, 'type') === 'egress' ? 'egress' : 'ingress';
    const source = plan.id(row, 'source_security_group_id');
    const others = source === undefined ? [] : [source];
    return blockRules(plan, row, { direction, id: row.address, self: group, others }).map((rule) => ({ group, rule }));
  });
}

function inlineRules(plan: Resolver, row: Row, self: string): Rule[] {
  return (['ingress', 'egress'] as const).flatMap((direction) =>
    blocks(row, direction).flatMap((block, index) =>
      blockRules(plan, block, {
        direction,
        id: `${row.address} ${direction} ${index}`,
        self,
        others: plan.ids(block, 'security_groups'),
      }),
    ),
  );
}

interface BlockOptions {
  readonly direction: Direction;
  readonly id: string;
  readonly self: string;
  readonly others: readonly string[];
}

function blockRules(plan: Resolver, row: Row, { direction, id, self, others }: BlockOptions): Rule[] {
  const ports = portsOf(plan, row, 'protocol');
  if (ports === undefined) return [];
  const ranges = (row.values.cidr_blocks ?? []) as readonly unknown[];
  const groups = plan.flag(row, 'self') === true ? [self, ...others] : others;
  const peers: readonly Peer[] = [
    ...ranges.map((raw) => rangeOf(plan, row, raw)),
    ...groups.map((group): Peer => ({ kind: 'group', group })),
  ];
  return peers.map((peer) => ({ id, direction, ports, peer }));
}

/** TCP ports of a rule; none when it is about another protocol. */
function portsOf(plan: Resolver, row: Row, key: string): readonly [number, number] | undefined {
  const protocol = plan.text(row, key)?.toLowerCase();
  if (protocol === '-1' || protocol === 'all') return [0, 65535];
  if (protocol !== 'tcp' && protocol !== '6') return undefined;
  const from = plan.number(row, 'from_port') ?? 0;
  return [from, plan.number(row, 'to_port') ?? from];
}

/** A range of addresses as rules and endpoints write it. */
export function rangeOf(plan: Resolver, row: Row, raw: unknown): Peer {
  const value = plan.known(plan.resolve(row.stack, raw));
  if (value.kind === 'reference' && value.attribute === 'public_ip') return { kind: 'address', eip: value.address };
  const cidr = value.kind === 'reference' ? undefined : parseCidr(String(value.value));
  if (cidr === undefined) {
    throw new FailureError(
      `${row.address}: ${raw} is not a range that the reachability model knows. Allowed: an IPv4 network such as 203.0.113.0/24, or the address of an aws_eip of the plan.`,
    );
  }
  return { kind: 'cidr', cidr };
}
