/**
 * What Kubernetes' documentation says that NetworkPolicies mean: a pod is closed in a direction once any policy of its
 * namespace selects it for that direction; what any of those opens is open; a connection needs both ends. Traffic of a
 * node to its own pods is outside of all this.
 */
import { contains, parseAddress, parseCidr } from '../../model/cidr';
import type { NetworkPolicy, Peer, PolicyPort, PolicySpec, Selector } from '../../model/network-policy/policy';

type Labels = Readonly<Record<string, string>>;

export interface Pod {
  readonly namespace: string;
  readonly labels: Labels;
  readonly address: string;
}

/** Another end: a pod, or an address that is none's. */
export type End = Pod | { readonly address: string };

export interface Cluster {
  readonly policies: readonly NetworkPolicy[];
  /** Labels of namespaces; `kubernetes.io/metadata.name` comes by itself. */
  readonly namespaces: Readonly<Record<string, Labels>>;
}

export function allows(cluster: Cluster, from: End, to: End, port: number, protocol: PolicyPort['protocol'] = 'TCP') {
  const at = { port, protocol };
  return opens(cluster, 'Egress', from, to, at) && opens(cluster, 'Ingress', to, from, at);
}

function opens(cluster: Cluster, direction: 'Ingress' | 'Egress', own: End, other: End, at: PolicyPort): boolean {
  if (!isPod(own)) return true;
  const selected = cluster.policies.filter(
    ({ metadata, spec }) =>
      metadata.namespace === own.namespace &&
      spec.policyTypes.includes(direction) &&
      matches(spec.podSelector, own.labels),
  );
  if (selected.length === 0) return true;
  return selected.some(({ metadata, spec }) =>
    rulesOf(spec, direction).some(
      ({ peers, ports }) =>
        ports.some(({ port, protocol }) => port === at.port && protocol === at.protocol) &&
        (peers === undefined || peers.some((peer) => isPeer(cluster, metadata.namespace, peer, other))),
    ),
  );
}

function rulesOf({ ingress, egress }: PolicySpec, direction: 'Ingress' | 'Egress') {
  return direction === 'Ingress'
    ? ingress.map(({ from, ports }) => ({ peers: from, ports }))
    : egress.map(({ to, ports }) => ({ peers: to, ports }));
}

function isPeer(cluster: Cluster, namespace: string, peer: Peer, other: End): boolean {
  if (peer.ipBlock !== undefined) {
    const { cidr, except = [] } = peer.ipBlock;
    return holds(cidr, other.address) && !except.some((part) => holds(part, other.address));
  }
  if (!isPod(other)) return false;
  const labels = { 'kubernetes.io/metadata.name': other.namespace, ...cluster.namespaces[other.namespace] };
  const inNamespace =
    peer.namespaceSelector === undefined ? other.namespace === namespace : matches(peer.namespaceSelector, labels);
  return inNamespace && matches(peer.podSelector ?? {}, other.labels);
}

function matches({ matchLabels = {} }: Selector, labels: Labels): boolean {
  return Object.entries(matchLabels).every(([key, value]) => labels[key] === value);
}

function holds(block: string, address: string): boolean {
  const cidr = parseCidr(block);
  const number = parseAddress(address);
  if (cidr === undefined || number === undefined) throw new Error(`${block} or ${address} is no address`);
  return contains(cidr, number);
}

function isPod(end: End): end is Pod {
  return 'labels' in end;
}
