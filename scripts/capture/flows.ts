/** Packets put together to what each side said. No I/O. */
import type { Endpoint, Packet } from './packets';

/** One direction of a TCP connection or of an exchange of UDP datagrams, as one interface saw it. */
export interface Flow {
  readonly device: number;
  readonly protocol: Packet['protocol'];
  readonly from: Endpoint;
  readonly to: Endpoint;
  /** Whether it was seen from its first byte on. */
  readonly fromStart: boolean;
  /** TCP: stretches of the byte stream without a gap. Otherwise: the datagrams. Never empty ones. */
  readonly pieces: readonly Buffer[];
}

/** All flows, in order of their first packet; also those without a byte. */
export function flowsOf(packets: readonly Packet[]): Flow[] {
  const groups = new Map<string, [Packet, ...Packet[]]>();
  for (const packet of packets) {
    const { device, protocol, from, to } = packet;
    const key = [device, protocol, from.address, from.port, to.address, to.port].join(' ');
    const known = groups.get(key);
    if (known === undefined) groups.set(key, [packet]);
    else known.push(packet);
  }
  return [...groups.values()].flatMap((group) => (group[0].protocol === 'tcp' ? connections(group) : [whole(group)]));
}

function whole(group: readonly [Packet, ...Packet[]]): Flow {
  const { device, protocol, from, to } = group[0];
  const pieces = group.map(({ payload }) => payload).filter(({ length }) => length > 0);
  return { device, protocol, from, to, fromStart: true, pieces };
}

/** A pair of ports may serve several connections, one after the other. */
function connections(group: readonly [Packet, ...Packet[]]): Flow[] {
  const runs: [Packet, ...Packet[]][] = [];
  for (const packet of group) {
    const last = runs.at(-1);
    const begins = packet.syn && last?.[0].sequence !== packet.sequence;
    if (last === undefined || begins) runs.push([packet]);
    else last.push(packet);
  }
  return runs.map((run) => ({ ...whole(run), fromStart: run[0].syn, pieces: stretches(run) }));
}

/** Puts segments in order, drops what was sent again. */
function stretches(segments: readonly [Packet, ...Packet[]]): Buffer[] {
  const [{ sequence: first, syn }] = segments;
  // Relative to the first packet; half of the number space lies before it.
  const offsetOf = (sequence: number) => {
    const distance = (sequence - first - (syn ? 1 : 0)) >>> 0;
    return distance > 0x7fffffff ? distance - 0x100000000 : distance;
  };
  const ordered = segments
    .filter(({ payload }) => payload.length > 0)
    .map(({ sequence, payload }) => ({ at: offsetOf(sequence), payload }))
    .toSorted((a, b) => a.at - b.at);
  const pieces: Buffer[][] = [];
  let end = Number.NaN;
  for (const { at, payload } of ordered) {
    if (at + payload.length <= end) continue;
    const fresh = at < end ? payload.subarray(end - at) : payload;
    if (at <= end) pieces.at(-1)?.push(fresh);
    else pieces.push([fresh]);
    end = at + payload.length;
  }
  return pieces.map((parts) => Buffer.concat(parts));
}
