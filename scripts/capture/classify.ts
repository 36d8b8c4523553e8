/** What a flow is, by its bytes alone: nothing is believed because of a port, but that DNS is at 53. */
import { createDecipheriv } from 'node:crypto';
import type { Flow } from './flows';

/**
 * - `tls`: TLS records from end to end
 * - `gossip`: Consul's gossip; every message opens with the mesh's gossip key
 * - `dns`: DNS messages at port 53
 * - `empty`: not a byte of payload
 * - `icmp`: errors and echoes of the network itself
 * - `clear`: anything else, so also what is merely unknown
 */
export type Nature = 'tls' | 'gossip' | 'dns' | 'empty' | 'icmp' | 'clear';

/** @param gossipKeys keys of the Consul meshes, as Consul writes them: base64 of 16, 24 or 32 bytes */
export function natureOf(flow: Flow, gossipKeys: readonly string[] = []): Nature {
  if (flow.pieces.length === 0) return 'empty';
  if (flow.protocol === 'other') return 'icmp';
  if (flow.protocol === 'tcp' && isTls(flow)) return 'tls';
  if (isGossip(flow, gossipKeys)) return 'gossip';
  return isDns(flow) ? 'dns' : 'clear';
}

/** Longest TLS record: 2^14 bytes and what encryption may add (RFC 8446, section 5.2; RFC 5246, section 6.2.3). */
const longestRecord = 2 ** 14 + 2048;

/** Consul's RPC port serves several protocols; this first byte asks for TLS (agent/pool/conn.go, RPCTLS). */
const consulTls = 3;

/**
 * Is every stretch a chain of records? One that was not seen from its start, or follows a gap, may begin within a
 * record; from the next one on the chain must hold to the end. Text never does.
 */
function isTls({ pieces, fromStart }: Flow): boolean {
  return pieces.every((piece, index) => {
    if (index > 0 || !fromStart) return beginsWithin(piece);
    return isChain(piece, 0) || (piece[0] === consulTls && isChain(piece, 1));
  });
}

function beginsWithin(piece: Buffer): boolean {
  for (let at = 0; at < Math.min(piece.length, longestRecord); at += 1) {
    if (isHeader(piece, at) && isChain(piece, at)) return true;
  }
  return false;
}

/** A record that the capture's end cuts short counts when its header is there. */
function isChain(bytes: Buffer, start: number): boolean {
  let at = start;
  while (at < bytes.length) {
    // The capture may end within a header.
    if (at > start && at + 5 > bytes.length) return isType(bytes.readUInt8(at));
    if (!isHeader(bytes, at)) return false;
    at += 5 + bytes.readUInt16BE(at + 3);
  }
  return at > start;
}

function isHeader(bytes: Buffer, at: number): boolean {
  if (at + 5 > bytes.length) return false;
  const length = bytes.readUInt16BE(at + 3);
  // Versions 1.0 to 1.3.
  return isType(bytes.readUInt8(at)) && bytes[at + 1] === 3 && (bytes[at + 2] ?? 9) <= 4 && length <= longestRecord;
}

/** Change of cipher, alert, handshake, application data. */
function isType(byte: number): boolean {
  return byte >= 20 && byte <= 23;
}

/** Message type of an encrypted gossip stream (hashicorp/memberlist, net.go). */
const encryptedStream = 10;

function isGossip({ protocol, pieces, fromStart }: Flow, keys: readonly string[]): boolean {
  const opened = (message: Buffer, associated: Buffer) => keys.some((key) => opens(message, associated, key));
  if (protocol === 'udp') return pieces.every((piece) => opened(piece, Buffer.alloc(0)));
  const [stream] = pieces;
  if (stream === undefined || pieces.length > 1 || !fromStart) return false;
  for (let at = 0; at < stream.length; ) {
    if (at + 5 > stream.length || stream[at] !== encryptedStream) return false;
    const end = at + 5 + stream.readUInt32BE(at + 1);
    if (!opened(stream.subarray(at + 5, end), stream.subarray(at, at + 5))) return false;
    at = end;
  }
  return true;
}

/** AES-GCM: version byte, nonce of 12 bytes, ciphertext, tag of 16 (hashicorp/memberlist, security.go). */
function opens(message: Buffer, associated: Buffer, key: string): boolean {
  if (message.length < 29) return false;
  const secret = Buffer.from(key, 'base64');
  try {
    const cipher = createDecipheriv(`aes-${secret.length * 8}-gcm` as 'aes-256-gcm', secret, message.subarray(1, 13));
    cipher.setAAD(associated).setAuthTag(message.subarray(-16));
    cipher.update(message.subarray(13, -16));
    cipher.final();
    return true;
  } catch {
    return false;
  }
}

function isDns({ protocol, from, to, pieces }: Flow): boolean {
  if (from.port !== 53 && to.port !== 53) return false;
  // Over TCP each message has its length before it.
  const messages = protocol === 'tcp' ? pieces.map((piece) => piece.subarray(2)) : pieces;
  // Query, notify or update; one question at most; no reserved bit.
  return messages.every(
    (message) => message.length >= 12 && message.readUInt16BE(4) <= 1 && (message.readUInt8(3) & 0x40) === 0,
  );
}
