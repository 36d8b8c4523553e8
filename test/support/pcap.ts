/** Capture files as tcpdump writes them on Ethernet, packet by packet. */

export interface Segment {
  readonly from: string;
  readonly to: string;
  readonly fromPort: number;
  readonly toPort: number;
  readonly protocol?: 'tcp' | 'udp' | 'icmp';
  readonly sequence?: number;
  readonly syn?: boolean;
  readonly payload?: Buffer;
}

export function pcapOf(segments: readonly Segment[], snapLength = 65_535): Buffer {
  const header = Buffer.alloc(24);
  header.writeUInt32LE(0xa1b2c3d4, 0);
  header.writeUInt32LE(1, 20);
  return Buffer.concat([
    header,
    ...segments.flatMap((segment) => {
      const frame = frameOf(segment);
      const captured = frame.subarray(0, snapLength);
      const record = Buffer.alloc(16);
      record.writeUInt32LE(captured.length, 8);
      record.writeUInt32LE(frame.length, 12);
      return [record, captured];
    }),
  ]);
}

function frameOf({
  from,
  to,
  fromPort,
  toPort,
  protocol = 'tcp',
  sequence = 0,
  syn = false,
  payload,
}: Segment): Buffer {
  const body = payload ?? Buffer.alloc(0);
  const transport = Buffer.alloc(protocol === 'tcp' ? 20 : 8);
  if (protocol !== 'icmp') {
    transport.writeUInt16BE(fromPort, 0);
    transport.writeUInt16BE(toPort, 2);
  }
  if (protocol === 'tcp') {
    transport.writeUInt32BE(sequence >>> 0, 4);
    transport.writeUInt8(5 << 4, 12);
    transport.writeUInt8(syn ? 0x02 : 0x10, 13);
  }
  const ip = Buffer.alloc(20);
  ip.writeUInt8(0x45, 0);
  ip.writeUInt16BE(20 + transport.length + body.length, 2);
  ip.writeUInt8({ tcp: 6, udp: 17, icmp: 1 }[protocol], 9);
  Buffer.from(from.split('.').map(Number)).copy(ip, 12);
  Buffer.from(to.split('.').map(Number)).copy(ip, 16);
  const ethernet = Buffer.alloc(14);
  ethernet.writeUInt16BE(0x0800, 12);
  // Ethernet pads short frames; the padding is not payload.
  const frame = Buffer.concat([ethernet, ip, transport, body]);
  return Buffer.concat([frame, Buffer.alloc(Math.max(0, 60 - frame.length))]);
}
