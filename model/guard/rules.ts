/**
 * The packet filter of a guarded pod, as input of `iptables-nft-restore --noflush` and `ip6tables-nft-restore --noflush`.
 *
 * What one container sends to another never leaves the loopback interface, whatever address it names. There the chain
 * INTRAPOD accepts the declared pairs by the user of the sending socket, and refuses the rest. What Istio's or Consul's
 * own rules redirect to the proxy still counts as sent by the pod's network interface, so it is not seen here: an accept to
 * 15001 would only help whoever dials the proxy directly.
 */
import { consulUpstreams } from './consul-upstreams';
import { type Protocol, parseDeclaration } from './declaration';
import { ownContainers, proxyKinds, userOf } from './parties';
import type { GuardConfig, Pod, ProxyKind } from './types';

export interface GuardRules {
  /** For `iptables-nft-restore`. */
  readonly v4: string;
  /** For `ip6tables-nft-restore`. */
  readonly v6: string;
}

interface Family {
  readonly loopback: string;
  readonly multicast: string;
  readonly broadcast: boolean;
  readonly icmp: string;
  readonly probeSources: readonly string[];
}

/**
 * Rules of a pod. They follow from what its author wrote and from the cluster's configuration, never from what other
 * webhooks have added, so the order of webhooks does not change them.
 *
 * The pod has a user for each container ({@link mutate}) and a declaration without faults; a pair whose container has no
 * user gets no rule.
 */
export function guardRules(pod: Pod, config: GuardConfig): GuardRules {
  const sources = config.probeSources ?? [];
  return {
    v4: rules(pod, config, {
      loopback: '127.0.0.0/8',
      multicast: '224.0.0.0/4',
      broadcast: true,
      icmp: 'icmp',
      probeSources: config.probeSources === undefined ? ['0.0.0.0/0'] : sources.filter((block) => !block.includes(':')),
    }),
    v6: rules(pod, config, {
      loopback: '::1/128',
      multicast: 'ff00::/8',
      broadcast: false,
      icmp: 'ipv6-icmp',
      probeSources: config.probeSources === undefined ? ['::/0'] : sources.filter((block) => block.includes(':')),
    }),
  };
}

function rules(pod: Pod, config: GuardConfig, family: Family): string {
  const kinds = proxyKinds(config);
  return [
    '*filter',
    // With --noflush, naming a chain empties it if it exists. A second jump changes nothing: INTRAPOD decides every packet.
    ':INTRAPOD - [0:0]',
    ':INTRAPOD-IN - [0:0]',
    '-I OUTPUT 1 -o lo -j INTRAPOD',
    // A copy of what is sent to many comes back to the pod itself without passing the loopback interface.
    `-I OUTPUT 1 -p udp -d ${family.multicast} -j INTRAPOD`,
    ...(family.broadcast ? ['-I OUTPUT 1 -p udp -m addrtype --dst-type BROADCAST -j INTRAPOD'] : []),
    '-I INPUT 1 ! -i lo -j INTRAPOD-IN',
    ...answers(family),
    ...kinds.flatMap((kind) => proxyRules[kind](pod, family)),
    ...mesh(pod, config, kinds),
    ...declared(pod, config),
    '# everything else between containers',
    '-A INTRAPOD -p tcp -j REJECT --reject-with tcp-reset',
    '-A INTRAPOD -j REJECT',
    ...kinds.flatMap((kind) => closed[kind](family)),
    'COMMIT',
    '',
  ].join('\n');
}

function answers({ icmp }: Family): string[] {
  return [
    // A closed socket has no user any more, but still sends the rest of its data: both directions of a TCP connection.
    '# answers',
    '-A INTRAPOD -p tcp -m conntrack --ctstate ESTABLISHED -j ACCEPT',
    // UDP has no such tail, and another container could take over the port of a socket that was closed: answers only.
    '-A INTRAPOD -p udp -m conntrack --ctstate ESTABLISHED --ctdir REPLY -j ACCEPT',
    // The reset that REJECT sends, without which a refused call would hang; and "nobody listens" for UDP.
    '-A INTRAPOD -p tcp --tcp-flags RST RST -m conntrack --ctstate RELATED -j ACCEPT',
    `-A INTRAPOD -p ${icmp} -m conntrack --ctstate RELATED -j ACCEPT`,
  ];
}

/** What the proxy's own processes say to each other, and the name server that the mesh puts on a loopback address. */
const proxyRules: Readonly<Record<ProxyKind, (pod: Pod, family: Family) => string[]>> = {
  istio: (_, { loopback }) => [
    '# istio-proxy to itself: admin, debug, agent, health, metrics; never 15006, or the pod could call itself through it',
    tcp(`-d ${loopback} -m owner --uid-owner 1337 -m multiport --dports 15000,15004,15020,15021,15090`),
    ...nameServer(15053),
  ],
  consul: (pod, { loopback }) => [
    '# consul-dataplane to itself: admin, metrics, shutdown; and its xDS server, on a port that the kernel chooses',
    tcp(`-d ${loopback} -m owner --uid-owner 5995 -m multiport --dports 19000,20100,20600,32768:60999`),
    ...nameServer(8600),
    ...consulUpstreams(pod).ports.map((port) => tcp(`-d ${loopback} --dport ${port}`)),
  ],
};

function tcp(match: string): string {
  return `-A INTRAPOD -p tcp ${match} -j ACCEPT`;
}

/** Queries to a name server on a loopback address that the mesh's own rules have redirected. */
function nameServer(port: number): string[] {
  return ['udp', 'tcp'].map(
    (protocol) =>
      `-A INTRAPOD -p ${protocol} -m conntrack --ctstate DNAT --ctorigdstport 53 -m ${protocol} --dport ${port} -j ACCEPT`,
  );
}

/** The proxy hands calls from outside, and probes, to the ports that the containers publish. */
function mesh(pod: Pod, config: GuardConfig, kinds: readonly ProxyKind[]): string[] {
  const users = { istio: 1337, consul: 5995 } as const;
  const published = ownContainers(pod, config).flatMap(({ ports }) => ports ?? []);
  const ports = [
    ...new Set(published.filter(({ protocol }) => protocol !== 'UDP').map(({ containerPort }) => containerPort)),
  ].sort((a, b) => a - b);
  return kinds.flatMap((kind) => ports.map((port) => tcp(`-m owner --uid-owner ${users[kind]} --dport ${port}`)));
}

function declared(pod: Pod, config: GuardConfig): string[] {
  const own = ownContainers(pod, config);
  const { declaration } = parseDeclaration(pod.metadata?.annotations ?? {}, own);
  return declaration.pairs.flatMap(({ from, to, port, protocol }) => {
    const caller = own.find(({ name }) => name === from);
    const user = caller === undefined ? undefined : userOf(pod, caller);
    if (user === undefined) return [];
    return [`# ${from} to ${to}`, accept(protocol, user, port)];
  });
}

function accept(protocol: Protocol, user: number, port: number): string {
  return `-A INTRAPOD -p ${protocol.toLowerCase()} -m owner --uid-owner ${user} --dport ${port} -j ACCEPT`;
}

/**
 * What reaches the proxy's own ports from the network. Calls that the mesh redirects to its proxy have been translated;
 * so whoever names the proxy's port is not one of them.
 */
const closed: Readonly<Record<ProxyKind, (family: Family) => string[]>> = {
  istio: (family) => [
    '# istio-proxy from the network: redirected calls, tunnels of the mesh (15008), and probes',
    '-A INTRAPOD-IN -m conntrack --ctstate DNAT -j RETURN',
    '-A INTRAPOD-IN -p tcp --dport 15008 -j RETURN',
    ...probes(family, '15020,15021'),
    ...refuse('15000:15099'),
  ],
  consul: (family) => [
    '# consul-dataplane from the network: its public listener (20000) stays open; redirected calls, and probes',
    '-A INTRAPOD-IN -m conntrack --ctstate DNAT -j RETURN',
    ...probes(family, '20300:20599,21000'),
    ...refuse('8600,15001,19000:19099,20001:20999,21000:21099'),
  ],
};

function probes({ probeSources }: Family, ports: string): string[] {
  return probeSources.map((block) => `-A INTRAPOD-IN -s ${block} -p tcp -m multiport --dports ${ports} -j RETURN`);
}

function refuse(ports: string): string[] {
  return [
    `-A INTRAPOD-IN -p tcp -m multiport --dports ${ports} -j REJECT --reject-with tcp-reset`,
    `-A INTRAPOD-IN -p udp -m multiport --dports ${ports} -j REJECT`,
  ];
}
