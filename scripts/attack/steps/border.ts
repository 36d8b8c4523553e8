/** Packets from one network to the other, and what the border router did with them. */
import type { Control, Observation, Stop } from '../attack';
import type { Field, Place } from '../field';
import type { Attempt } from '../vantage/agent';
import { observe } from './observe';

/** Where something listens: `name` is for people. */
export interface Target {
  readonly name: string;
  readonly host: string;
  readonly port: number;
}

export interface Crossing extends Target {
  readonly from: 'west' | 'east' | 'plain' | 'consumer';
  /** @default - tcp */
  readonly protocol?: 'tcp' | 'udp';
  /** Port to dial from. @default - any */
  readonly localPort?: number;
}

/** Dials across the border. The capture tells whether the router took the packets, and whether it sent them on. */
export async function cross(field: Field, crossing: Crossing): Promise<Observation> {
  const { from, name, host, port, protocol = 'tcp', localPort } = crossing;
  const attempt: Attempt =
    protocol === 'udp'
      ? { kind: 'datagram', host, port }
      : { kind: 'raw', host, port, quiet: 1, timeout: 1_500, ...(localPort === undefined ? {} : { localPort }) };
  const seen = await field.from(from, attempt);
  const source = localPort === undefined ? '' : ` and src port ${localPort}`;
  const packets = await field
    .capture('border')
    .packets(`${protocol} and dst host ${host} and dst port ${port}${source}`);
  const tried = `${protocol.toUpperCase()} from the network of ${from} to ${name}, ${host}:${port}`;
  return observe(tried, seen, {
    notes: packets.slice(0, 6).map((line) => `border: ${line}`),
    stop: firewall(packets, seen.connected),
  });
}

/** Dropped: packets came in at the border and none went out. A packet that never came there proves nothing. */
export function firewall(
  packets: readonly string[],
  connected: boolean | undefined,
  who = 'the border router',
): Stop | undefined {
  const came = packets.filter((line) => / In +IP6? /.test(line)).length;
  const left = packets.filter((line) => / Out +IP6? /.test(line)).length;
  if (connected === true || came === 0 || left > 0) return undefined;
  return {
    how: 'firewall',
    who,
    what: `took ${came} packet${came === 1 ? '' : 's'} and sent none on`,
  };
}

/** From inside its own network somebody listens there: what the border hides is not just absent. */
export async function listens(field: Field, from: Place, { name, host, port }: Target): Promise<Control> {
  const seen = await field.from(from, { kind: 'raw', host, port, quiet: 1, timeout: 3_000 });
  return {
    ok: seen.connected === true,
    evidence: `${name} at ${host}:${port} from inside its network: ${seen.connected === true ? 'connects' : seen.end}`,
  };
}

/** Dials from a pod to something in the same network, and looks on the node whether the packets were passed on. */
export async function within(field: Field, from: Place, target: Target): Promise<Observation> {
  const { name, host, port } = target;
  const seen = await field.from(from, { kind: 'raw', host, port, quiet: 300, timeout: 2_000 });
  const packets = await opening(field, from, target);
  return observe(`TCP from ${from} to ${name}, ${host}:${port}`, seen, {
    notes: packets.slice(0, 6).map((line) => `node: ${line}`),
    stop: seen.end === 'ECONNREFUSED' ? firewall(packets, seen.connected, policies) : undefined,
  });
}

/** Whether the node held back what a pod's proxy dialled. */
export async function unpassed(field: Field, from: Place, target: Target): Promise<Stop | undefined> {
  return firewall(await opening(field, from, target), false, policies);
}

const policies = "NetworkPolicies on Istio's node";

/** First packets of connections from a pod to a target, as the node's interfaces saw them. */
async function opening(field: Field, from: Place, { host, port }: Target): Promise<string[]> {
  const source = await field.ownAddress(from);
  const first = 'tcp[tcpflags] & (tcp-syn|tcp-ack) = tcp-syn';
  return field.capture('node').packets(`${first} and src host ${source} and dst host ${host} and dst port ${port}`);
}
