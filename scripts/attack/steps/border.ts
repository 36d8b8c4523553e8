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
  const packets = await field.border.packets(`${protocol} and dst host ${host} and dst port ${port}${source}`);
  const tried = `${protocol.toUpperCase()} from the network of ${from} to ${name}, ${host}:${port}`;
  return observe(tried, seen, {
    notes: packets.slice(0, 6).map((line) => `border: ${line}`),
    stop: firewall(packets, seen.connected),
  });
}

/** Dropped: packets came in at the border and none went out. A packet that never came there proves nothing. */
export function firewall(packets: readonly string[], connected: boolean | undefined): Stop | undefined {
  const came = packets.filter((line) => / In +IP6? /.test(line)).length;
  const left = packets.filter((line) => / Out +IP6? /.test(line)).length;
  if (connected === true || came === 0 || left > 0) return undefined;
  return {
    how: 'firewall',
    who: 'the border router',
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
