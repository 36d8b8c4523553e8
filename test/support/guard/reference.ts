/** What a guarded pod lets pass, said once more without rules: the answer that generated rules are held against. */
import { BlockList } from 'node:net';
import type { Pair } from '../../../model/guard/declaration';
import type { ProxyKind } from '../../../model/guard/types';
import type { Packet } from './iptables';

export interface Expected {
  readonly kinds: readonly ProxyKind[];
  /** User of each of the author's containers. */
  readonly users: ReadonlyMap<string, number>;
  readonly pairs: readonly Pair[];
  /** TCP ports that the containers publish. */
  readonly published: readonly number[];
  readonly upstreams: readonly number[];
  readonly probeSources: readonly string[];
}

const proxies = {
  istio: { user: 1337, own: [15000, 15004, 15020, 15021, 15090], dns: 15053 },
  consul: { user: 5995, own: [19000, 20100, 20600], dns: 8600 },
} as const;

/** Whether a packet passes. */
export function passes(expected: Expected, packet: Packet): boolean {
  return packet.hook === 'INPUT' ? passesIn(expected, packet) : passesOut(expected, packet);
}

function passesOut(expected: Expected, packet: Packet): boolean {
  const { protocol, destination, port = -1, user, state = 'NEW', direction = 'ORIGINAL' } = packet;
  const many = protocol === 'udp' && (packet.broadcast === true || isMulticast(destination));
  if (packet.device !== 'lo' && !many) return true;
  if (protocol === 'tcp' && state === 'ESTABLISHED') return true;
  if (protocol === 'udp' && state === 'ESTABLISHED' && direction === 'REPLY') return true;
  if (state === 'RELATED' && (protocol === 'tcp' ? packet.reset === true : protocol.includes('icmp'))) return true;
  if (protocol !== 'tcp' && protocol !== 'udp') return false;
  const declared = expected.pairs.some(
    (pair) => pair.protocol.toLowerCase() === protocol && pair.port === port && expected.users.get(pair.from) === user,
  );
  return declared || expected.kinds.some((kind) => passesAsProxy(expected, kind, packet));
}

function passesAsProxy({ published, upstreams }: Expected, kind: ProxyKind, packet: Packet): boolean {
  const { protocol, destination, port = -1, user, redirectedFrom } = packet;
  const proxy = proxies[kind];
  if (redirectedFrom === 53 && port === proxy.dns) return true;
  if (protocol !== 'tcp') return false;
  const loopback = destination === '::1' || destination.startsWith('127.');
  if (kind === 'consul' && loopback && upstreams.includes(port)) return true;
  if (user !== proxy.user) return false;
  if (published.includes(port)) return true;
  const own: readonly number[] = proxy.own;
  return loopback && (own.includes(port) || (kind === 'consul' && port >= 32768 && port <= 60999));
}

function passesIn(
  { kinds, probeSources }: Expected,
  { device, protocol, source, port = -1, redirectedFrom }: Packet,
): boolean {
  if (device === 'lo' || (protocol !== 'tcp' && protocol !== 'udp')) return true;
  const list = new BlockList();
  const family = (text: string) => (text.includes(':') ? 'ipv6' : 'ipv4');
  for (const block of probeSources) {
    const [base = '', prefix = ''] = block.split('/');
    list.addSubnet(base, Number(prefix), family(base));
  }
  const probe = protocol === 'tcp' && list.check(source, family(source));
  const between = (first: number, last: number) => port >= first && port <= last;
  return kinds.every((kind) => {
    if (redirectedFrom !== undefined) return true;
    if (kind === 'istio') {
      if (!between(15000, 15099) || (protocol === 'tcp' && port === 15008)) return true;
      return probe && (port === 15020 || port === 15021);
    }
    if (protocol === 'tcp' && port === 20000) return true;
    if (probe && (between(20300, 20599) || port === 21000)) return true;
    return !(
      port === 8600 ||
      port === 15001 ||
      between(19000, 19099) ||
      between(20001, 20999) ||
      between(21000, 21099)
    );
  });
}

function isMulticast(address: string): boolean {
  return address.includes(':')
    ? address.startsWith('ff')
    : Number(address.split('.')[0]) >= 224 && Number(address.split('.')[0]) < 240;
}
