/** Packets from one network to the other, and what the border router did with them. */
import { randomInt } from 'node:crypto';
import type { Control, Observation, Stop } from '../attack';
import type { Field } from '../field';
import type { Attempt, Seen } from '../vantage/agent';
import type { Place } from '../vantage/places';
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
  const { from, name, host, port, protocol = 'tcp', localPort = ownPort() } = crossing;
  const attempt: Attempt =
    protocol === 'udp' ? { kind: 'datagram', host, port } : { kind: 'raw', host, port, localPort, ...hasty };
  const source = await field.ownAddress(from);
  const began = Date.now();
  const seen = await field.from(from, attempt);
  const dialled = protocol === 'udp' ? Number(seen.local?.split(':').at(-1) ?? 0) : localPort;
  const own = `src host ${source} and src port ${dialled} and dst host ${host} and dst port ${port}`;
  const packets = await field.capture('border').packets(`${protocol} and ${own}`, began);
  const tried = `${protocol.toUpperCase()} from the network of ${from} to ${name}, ${host}:${port}`;
  return observe(tried, seen, {
    notes: packets.slice(0, 6).map((line) => `border: ${line}`),
    stop: firewall(packets, seen),
  });
}

const hasty = { quiet: 1, timeout: 1_500 } as const;

/** A port to dial from by which the packets of one attempt are known: below the kernel's own choice and node ports. */
export function ownPort(): number {
  return randomInt(22_000, 30_000);
}

/** Ends of an attempt that was made and that nobody let in. Any other, such as of an agent that is gone, proves nothing. */
const shut = ['timeout', 'silence', 'ECONNREFUSED', 'ECONNRESET', 'EHOSTUNREACH'];

const came = (line: string) => / In +IP6? /.test(line);
const left = (line: string) => / Out +IP6? /.test(line);

/**
 * Dropped: a live attacker was not let in, its packets came in at the border and none went out. A packet that never
 * came there proves nothing.
 * @param packets of this very attempt
 */
export function firewall(
  packets: readonly string[],
  { end, connected }: Pick<Seen, 'end' | 'connected'>,
  who = 'the border router',
): Stop | undefined {
  const taken = packets.filter(came).length;
  if (!shut.includes(end) || connected === true || taken === 0 || packets.some(left)) return undefined;
  return {
    how: 'firewall',
    who,
    what: `took ${taken} packet${taken === 1 ? '' : 's'} and sent none on`,
  };
}

/** The same of a scan: each of its ports was dialled, its first packet came in, none was let in and none sent on. */
export function scanStop(
  packets: readonly string[],
  { end, open, counted = {} }: Seen,
  ports: readonly number[],
  who = 'the border router',
): Stop | undefined {
  const ended = Object.entries(counted).reduce((sum, [how, count]) => sum + (shut.includes(how) ? count : 0), 0);
  if (end !== 'scanned' || open?.length !== 0 || ended !== ports.length || packets.some(left)) return undefined;
  if (!each(ports, packets.filter(came))) return undefined;
  return { how: 'firewall', who, what: `took the first packet to each of ${ports.length} ports and sent none on` };
}

/** Whether there is a packet to each of the ports. */
function each(ports: readonly number[], packets: readonly string[]): boolean {
  const found = new Set(packets.map((line) => Number(/ > [\d.]+\.(\d+): /.exec(line)?.[1])));
  return ports.every((port) => found.has(port));
}

/**
 * Who refused a scan within the node's network: NetworkPolicies, which reset, too, sent nothing on; a machine that got
 * the first packet to each port and reset each has nothing there.
 */
export function withinStop(
  packets: readonly string[],
  seen: Seen,
  ports: readonly number[],
  who: string,
): Stop | undefined {
  const { end, open, counted } = seen;
  const reset = end === 'scanned' && open?.length === 0 && counted?.ECONNREFUSED === ports.length;
  if (!reset) return undefined;
  if (each(ports, packets.filter(left)))
    return { how: 'not-listening', who, what: `got the first packet to each of ${ports.length} ports, and reset it` };
  return scanStop(packets, seen, ports, policies);
}

/** From inside its own network somebody listens there: what the border hides is not just absent. */
export async function listens(field: Field, from: Place, { name, host, port }: Target): Promise<Control> {
  const seen = await field.from(from, { kind: 'raw', host, port, quiet: 1, timeout: 3_000 });
  return {
    ok: seen.connected === true,
    evidence: `${name} at ${host}:${port} from inside its network: ${seen.connected === true ? 'connects' : seen.end}`,
  };
}

/** From where the attacker is, what it may reach is reached. */
export async function reaches(field: Field, from: Place, { name, host, port }: Target): Promise<Control> {
  const { connected, end } = await field.from(from, { kind: 'raw', host, port, quiet: 1, timeout: 3_000 });
  return {
    ok: connected === true,
    evidence: `${name} at ${host}:${port} from where the attacker is: ${connected === true ? 'connects' : end}`,
  };
}

/** Dials from a pod to something in the same network, and looks on the node whether the packets were passed on. */
export async function within(field: Field, from: Place, target: Target): Promise<Observation> {
  const { name, host, port } = target;
  const began = Date.now();
  const seen = await field.from(from, { kind: 'raw', host, port, quiet: 300, timeout: 2_000 });
  const packets = await opening(field, from, target, began);
  return observe(`TCP from ${from} to ${name}, ${host}:${port}`, seen, {
    notes: packets.slice(0, 6).map((line) => `node: ${line}`),
    stop: seen.end === 'ECONNREFUSED' ? firewall(packets, seen, policies) : undefined,
  });
}

/**
 * Whether the node held back what a pod's proxy dialled.
 * @param began milliseconds of Unix time
 */
export async function unpassed(field: Field, from: Place, target: Target, began: number): Promise<Stop | undefined> {
  return firewall(await opening(field, from, target, began), { end: 'ECONNREFUSED' }, policies);
}

const policies = "NetworkPolicies on Istio's node";

/** First packets of connections from a pod to a target, as the node's interfaces saw them. */
async function opening(field: Field, from: Place, { host, port }: Target, began: number): Promise<string[]> {
  const source = await field.ownAddress(from);
  const first = 'tcp[tcpflags] & (tcp-syn|tcp-ack) = tcp-syn';
  const wanted = `${first} and src host ${source} and dst host ${host} and dst port ${port}`;
  return field.capture('node').packets(wanted, began);
}
