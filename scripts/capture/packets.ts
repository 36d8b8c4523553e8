/** Packets of a capture file: IPv4 over Ethernet, or over the pseudo interface `any`. No I/O. */

/** A TCP segment or UDP datagram with its payload. */
export interface Packet {
  /** Index of the interface; 0 when the file does not say (it is of one interface then). */
  readonly device: number;
  readonly protocol: 'tcp' | 'udp' | 'other';
  readonly from: Endpoint;
  readonly to: Endpoint;
  /** TCP only. */
  readonly sequence: number;
  readonly syn: boolean;
  readonly payload: Buffer;
}

export interface Endpoint {
  readonly address: string;
  readonly port: number;
}

const ethernet = 1;
const cooked = 113;
const cooked2 = 276;
const ipv4 = 0x0800;

/**
 * Reads a pcap file of little-endian order, as tcpdump writes it here. ARP is left out; what is neither TCP nor UDP has
 * protocol `other` and the IP payload.
 * @throws Error when it is no such file
 */
export function readPackets(file: Buffer): Packet[] {
  const magic = file.length < 24 ? 0 : file.readUInt32LE(0);
  if (magic !== 0xa1b2c3d4 && magic !== 0xa1b23c4d) throw new Error('not a pcap file of this machine');
  const link = file.readUInt32LE(20) & 0xffff;
  const packets: Packet[] = [];
  for (let at = 24; at + 16 <= file.length; ) {
    const captured = file.readUInt32LE(at + 8);
    if (file.readUInt32LE(at + 12) > captured) throw new Error('packets were cut short: capture with -s 0');
    const frame = file.subarray(at + 16, at + 16 + captured);
    // The last packet of a capture that was stopped may be incomplete.
    if (frame.length < captured) break;
    const packet = readFrame(frame, link);
    if (packet !== undefined) packets.push(packet);
    at += 16 + captured;
  }
  return packets;
}

function readFrame(frame: Buffer, link: number): Packet | undefined {
  switch (link) {
    case ethernet:
      return frame.readUInt16BE(12) === ipv4 ? readIp(frame.subarray(14), 0) : undefined;
    case cooked:
      return frame.readUInt16BE(14) === ipv4 ? readIp(frame.subarray(16), 0) : undefined;
    case cooked2:
      return frame.readUInt16BE(0) === ipv4 ? readIp(frame.subarray(20), frame.readUInt32BE(4)) : undefined;
    default:
      throw new Error(`link type ${link} is not known; allowed: ${ethernet}, ${cooked}, ${cooked2}`);
  }
}

function readIp(packet: Buffer, device: number): Packet {
  const header = (packet.readUInt8(0) & 0x0f) * 4;
  const body = packet.subarray(header, packet.readUInt16BE(2));
  const address = (offset: number) => [...packet.subarray(offset, offset + 4)].join('.');
  const between = (from: number, to: number) => ({
    device,
    from: { address: address(12), port: from },
    to: { address: address(16), port: to },
  });
  const isFragment = (packet.readUInt16BE(6) & 0x1fff) !== 0;
  const protocol = isFragment ? -1 : packet.readUInt8(9);
  if (protocol === 6) {
    return {
      ...between(body.readUInt16BE(0), body.readUInt16BE(2)),
      protocol: 'tcp',
      sequence: body.readUInt32BE(4),
      syn: (body.readUInt8(13) & 0x02) !== 0,
      payload: body.subarray((body.readUInt8(12) >> 4) * 4),
    };
  }
  const other = { sequence: 0, syn: false };
  if (protocol === 17) {
    const ports = between(body.readUInt16BE(0), body.readUInt16BE(2));
    return { ...ports, ...other, protocol: 'udp', payload: body.subarray(8) };
  }
  return { ...between(0, 0), ...other, protocol: 'other', payload: body };
}
