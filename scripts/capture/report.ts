/** A capture as a table: who spoke with whom, and what an eavesdropper would have read. */
import { type Nature, natureOf } from './classify';
import { type Flow, flowsOf } from './flows';
import { readPackets } from './packets';

/** One direction between two programs, however many connections it took. */
export interface Conversation {
  readonly protocol: Flow['protocol'];
  /** `ADDRESS:PORT`, or the address alone at the side whose port was chosen by its kernel. */
  readonly from: string;
  readonly to: string;
  readonly nature: Nature;
  readonly bytes: number;
  readonly flows: number;
  /** The first bytes of one flow, for a person; only of clear ones. */
  readonly excerpt?: string;
}

/** Characters of an excerpt. */
const excerptLength = 120;

/** First port that a kernel chooses by itself (Linux: ip_local_port_range). */
const firstEphemeral = 32_768;

/**
 * @param file of tcpdump, whole packets
 * @param gossipKeys of the Consul meshes
 */
export function conversations(file: Buffer, gossipKeys: readonly string[] = []): Conversation[] {
  const found = new Map<string, Conversation>();
  for (const flow of flowsOf(readPackets(file))) {
    const conversation = conversationOf(flow, natureOf(flow, gossipKeys));
    const { protocol, from, to, nature } = conversation;
    const key = [protocol, from, to, nature].join(' ');
    const known = found.get(key);
    const { bytes = 0, flows = 0 } = known ?? {};
    found.set(key, {
      ...(known ?? conversation),
      bytes: bytes + conversation.bytes,
      flows: flows + conversation.flows,
    });
  }
  return [...found.values()].toSorted((a, b) => `${a.nature} ${a.to}`.localeCompare(`${b.nature} ${b.to}`));
}

function conversationOf(flow: Flow, nature: Nature): Conversation {
  const { protocol, from, to, pieces } = flow;
  const bytes = pieces.reduce((sum, piece) => sum + piece.length, 0);
  const text = ({ address, port }: Flow['from']) =>
    port < firstEphemeral && port > 0 ? `${address}:${port}` : address;
  const excerpt = nature === 'clear' ? { excerpt: printable(pieces[0] ?? Buffer.alloc(0)) } : {};
  return { protocol, from: text(from), to: text(to), nature, bytes, flows: 1, ...excerpt };
}

function printable(bytes: Buffer): string {
  return bytes
    .subarray(0, excerptLength)
    .toString('latin1')
    .replaceAll(/[^\x20-\x7e]/g, '.');
}
