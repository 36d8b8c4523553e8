/**
 * NetworkPolicies of a cluster of one node as an nftables ruleset. A pure function of what the API holds, so that it can
 * be compared with a model of what policies mean.
 */
import { keeperMark } from '../../model/network-policy/keeper';
import type { NetworkPolicy, Peer, PolicyPort, Selector } from '../../model/network-policy/policy';
import { type ClusterState, type LivePod, livePods } from './state';

type Direction = 'Ingress' | 'Egress';

/** One line of a chain: these pods, with those others, at these ports. */
interface Pass {
  readonly pods: readonly string[];
  /** Addresses and networks. @default - anybody */
  readonly others?: readonly string[];
  /** Networks left out of `others`. */
  readonly except: readonly string[];
  readonly ports: readonly PolicyPort[];
}

/**
 * The whole ruleset, which replaces the former one at once.
 * @param podNetwork addresses of the node's pods, in CIDR notation; one that is no known pod's passes nothing
 * @param keeper id of the process that keeps the rules, marked in them. @default - no mark
 */
export function ruleset(state: ClusterState, podNetwork: string, keeper?: number): string {
  const policies = state.policies.map(enforceable);
  const pods = livePods(state);
  const known = pods.map(({ address }) => address);
  // Its pod may be up a moment before the API says so. It tries again, where a refusal might make it give up.
  const unknown = (side: string) =>
    `ip ${side} ${podNetwork} ${known.length === 0 ? '' : `ip ${side} != ${set(known)} `}`;
  return `table ip network-policy
delete table ip network-policy
table ip network-policy {
  chain refuse {
    counter${keeper === undefined ? '' : ` ${keeperMark(keeper)}`}
    meta l4proto tcp reject with tcp reset
    reject with icmp type admin-prohibited
  }
  chain egress {
${lines({ ...state, policies }, pods, 'Egress')}
  }
  chain ingress {
${lines({ ...state, policies }, pods, 'Ingress')}
  }
  chain forward {
    type filter hook forward priority filter; policy accept;
    ct state established,related accept
    ${unknown('saddr')}counter drop
    ${unknown('daddr')}counter drop
    jump egress
    jump ingress
  }
  chain input {
    type filter hook input priority filter; policy accept;
    iifname "lo" accept
    ct state established,related accept
    ${unknown('saddr')}counter drop
    jump egress
  }
}
`;
}

/** What is open returns; of the pods that a policy is about, all else is refused. */
function lines(state: ClusterState, pods: readonly LivePod[], direction: Direction): string {
  const about = state.policies.filter(({ spec }) => spec.policyTypes.includes(direction));
  const closed = new Set(about.flatMap((policy) => selected(policy, pods)));
  const [own, other] = direction === 'Egress' ? ['saddr', 'daddr'] : ['daddr', 'saddr'];
  const passes = about.flatMap((policy) => passesOf(policy, state, pods, direction));
  const open = passes.flatMap(({ pods: some, others, except, ports }) => {
    const peers = others === undefined ? '' : `ip ${other} ${set(others)} `;
    const but = except.length === 0 ? '' : `ip ${other} != ${set(except)} `;
    return [...byProtocol(ports)].map(
      ([protocol, numbers]) => `ip ${own} ${set(some)} ${peers}${but}${protocol} dport ${set(numbers)} return`,
    );
  });
  const refused = closed.size === 0 ? [] : [`ip ${own} ${set([...closed])} jump refuse`];
  return [...open, ...refused].map((line) => `    ${line}`).join('\n');
}

function passesOf(policy: NetworkPolicy, state: ClusterState, pods: readonly LivePod[], direction: Direction): Pass[] {
  const own = selected(policy, pods);
  if (own.length === 0) return [];
  const { ingress = [], egress = [] } = policy.spec;
  const rules =
    direction === 'Egress'
      ? egress.map(({ to, ports }) => ({ peers: to, ports }))
      : ingress.map(({ from, ports }) => ({ peers: from, ports }));
  return rules
    .flatMap(({ peers, ports }) =>
      peers === undefined
        ? [{ pods: own, except: [], ports }]
        : peers.map((peer) => ({ pods: own, ...peerOf(policy, peer, state, pods), ports })),
    )
    .filter(({ others }: Pass) => others === undefined || others.length > 0);
}

function peerOf(
  { metadata: { namespace } }: NetworkPolicy,
  { ipBlock, podSelector = {}, namespaceSelector }: Peer,
  { namespaces }: ClusterState,
  pods: readonly LivePod[],
): Pick<Pass, 'others' | 'except'> {
  if (ipBlock !== undefined) return { others: [ipBlock.cidr], except: ipBlock.except ?? [] };
  const within =
    namespaceSelector === undefined
      ? [namespace]
      : namespaces
          .filter(({ metadata }) => matches(namespaceSelector, metadata.labels))
          .map(({ metadata }) => metadata.name);
  const chosen = pods.filter((pod) => within.includes(pod.namespace) && matches(podSelector, pod.labels));
  return { others: chosen.map(({ address }) => address), except: [] };
}

function selected({ metadata, spec }: NetworkPolicy, pods: readonly LivePod[]): string[] {
  return pods
    .filter(({ namespace, labels }) => namespace === metadata.namespace && matches(spec.podSelector, labels))
    .map(({ address }) => address);
}

function matches({ matchLabels = {} }: Selector, labels: Readonly<Record<string, string>> = {}): boolean {
  return Object.entries(matchLabels).every(([key, value]) => labels[key] === value);
}

function byProtocol(ports: readonly PolicyPort[]): Map<string, number[]> {
  const found = new Map<string, number[]>();
  for (const { protocol, port } of ports) {
    const name = protocol.toLowerCase();
    found.set(name, [...(found.get(name) ?? []), port]);
  }
  return found;
}

function set(values: readonly (string | number)[]): string {
  return `{ ${[...new Set(values)].join(', ')} }`;
}

/**
 * Why a policy can't be enforced here as it is written; undefined when it can. Such a policy closes the pods that it is
 * about, or its whole namespace when even those are not clear.
 */
export function faultOf({ metadata: { namespace, name }, spec }: NetworkPolicy): string | undefined {
  const { ingress = [], egress = [], podSelector } = spec;
  const rules = [...ingress.map(({ from, ports }) => [from, ports]), ...egress.map(({ to, ports }) => [to, ports])] as [
    readonly Peer[] | undefined,
    readonly PolicyPort[] | undefined,
  ][];
  const selectors = rules.flatMap(([peers = []]) =>
    peers.flatMap(({ podSelector: pods = {}, namespaceSelector = {} }) => [pods, namespaceSelector]),
  );
  const what = [podSelector, ...selectors].some(isUnknown)
    ? 'a selector with matchExpressions'
    : rules.some(([, ports = []]) => ports.length === 0)
      ? 'a rule for every port'
      : rules.some(([, ports = []]) => !ports.every(isKnown))
        ? 'a port by name, a range of ports, or a protocol besides TCP and UDP'
        : rules.some(([peers = []]) => peers.some(({ ipBlock }) => ipBlock?.cidr.includes(':')))
          ? 'an IPv6 block'
          : undefined;
  return what === undefined
    ? undefined
    : `NetworkPolicy ${namespace}/${name}: the lab's node does not enforce ${what}; what it is about is closed`;
}

function isUnknown(selector: Selector): boolean {
  return Object.keys(selector).some((key) => key !== 'matchLabels');
}

function isKnown({ port, protocol, ...rest }: PolicyPort): boolean {
  return typeof port === 'number' && ['TCP', 'UDP'].includes(protocol) && Object.keys(rest).length === 0;
}

function enforceable(policy: NetworkPolicy): NetworkPolicy {
  if (faultOf(policy) === undefined) return policy;
  const podSelector = isUnknown(policy.spec.podSelector) ? {} : policy.spec.podSelector;
  return { ...policy, spec: { ...policy.spec, podSelector, ingress: [], egress: [] } };
}
