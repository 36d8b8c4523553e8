/** What security groups let pass. They keep state: an answer needs no rule of its own. */
import { type Cidr, formatCidr } from '../../../model/cidr';
import { cover, distinct, everywhere, intersection, share } from './degree';
import type { Id, Network, Rule } from './network';
import { type Step, unknownStep } from './way';

/** Who is at the other end, as a rule may know it. */
export interface Party {
  readonly name: string;
  /** The addresses it may have. */
  readonly ranges: readonly Cidr[];
  /** Security groups that its interfaces carry. */
  readonly groups: readonly Id[];
  /**
   * Elastic IPs that it comes from, instead of ranges. AWS chooses their addresses when they are made, so they are taken
   * to lie in no range that a person gave, unless the ranges are all there are.
   */
  readonly elastic?: readonly Id[];
}

/** Whether groups let a party in, or let packets out to it. No group at all lets everything pass. */
export function admitted(
  network: Pick<Network, 'groups'>,
  groups: readonly Id[],
  direction: Rule['direction'],
  party: Party,
  port: number,
): Step {
  const way = direction === 'ingress' ? `from ${party.name}` : `to ${party.name}`;
  if (groups.length === 0) return { degree: 'all', hop: `no security group: port ${port} ${way}`, stop: '' };
  const stop = `no ${direction} rule of ${groups.join(', ')} for port ${port} ${way}`;
  const rules = groups
    .flatMap((id) => network.groups.find((group) => group.id === id)?.rules ?? [])
    .filter((rule) => rule.direction === direction && rule.ports[0] <= port && port <= rule.ports[1]);
  const ranges = rules.flatMap(({ peer }) => (peer.kind === 'cidr' ? [peer.cidr] : []));
  const whole =
    rules.find((rule) => knows(rule, party)) ??
    (cover(ranges, everywhere) ? rules.find(({ peer }) => peer.kind === 'cidr') : undefined);
  if (whole !== undefined) return { degree: 'all', hop: `${whole.id} lets port ${port} pass ${way}`, stop };
  // Groups only ever add to each other.
  const unknown = groups.filter((id) => !network.groups.some((group) => group.id === id));
  if (unknown.length > 0) return unknownStep(`rules of ${unknown.join(', ')}, which is not of this plan`);
  const left = distinct(intersection(party.ranges, ranges));
  const used = rules.filter(({ peer }) => peer.kind === 'cidr' && intersection([peer.cidr], left).length > 0);
  const degree = share(party.ranges, ranges);
  return {
    degree,
    hop: `${used.map(({ id }) => id).join(', ')} lets port ${port} pass ${way}`,
    stop:
      degree === 'some'
        ? `${groups.join(', ')} lets port ${port} pass only ${direction === 'ingress' ? 'from' : 'to'} ${left.map(formatCidr).join(', ')}`
        : stop,
    ...(direction === 'ingress' && { sources: left }),
  };
}

/** Whether a rule is about all of a party, whatever its addresses. */
function knows({ peer }: Rule, { groups, elastic }: Party): boolean {
  switch (peer.kind) {
    case 'group':
      return groups.includes(peer.group);
    case 'address':
      return elastic !== undefined && elastic.length > 0 && elastic.every((id) => id === peer.eip);
    case 'cidr':
      return false;
  }
}
