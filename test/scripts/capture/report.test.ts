import { createCipheriv, randomBytes } from 'node:crypto';
import * as fc from 'fast-check';
import { conversations } from '../../../scripts/capture/report';
import { pcapOf, type Segment } from '../../support/pcap';

const ends = { from: '10.0.0.1', to: '10.0.0.2', fromPort: 40_000, toPort: 8443 };
const gossipKey = randomBytes(32).toString('base64');

function record(type: number, length: number): Buffer {
  return Buffer.concat([Buffer.from([type, 3, 3, length >> 8, length & 0xff]), randomBytes(length)]);
}

/** A stream from its first byte on, cut into segments of the given size. */
function stream(bytes: Buffer, size = 1000, more: Partial<Segment> = {}): Segment[] {
  const segments: Segment[] = [{ ...ends, ...more, sequence: 4_294_967_290, syn: true }];
  for (let at = 0; at < bytes.length; at += size) {
    segments.push({ ...ends, ...more, sequence: 4_294_967_291 + at, payload: bytes.subarray(at, at + size) });
  }
  return segments;
}

function natures(segments: readonly Segment[]): string[] {
  return conversations(pcapOf(segments), [gossipKey]).map(({ nature }) => nature);
}

/** A gossip message as memberlist seals it. */
function sealed(text: string, associated: Buffer, key = gossipKey): Buffer {
  const nonce = randomBytes(12);
  const cipher = createCipheriv('aes-256-gcm', Buffer.from(key, 'base64'), nonce).setAAD(associated);
  return Buffer.concat([Buffer.from([1]), nonce, cipher.update(text), cipher.final(), cipher.getAuthTag()]);
}

function gossipStream(text: string): Buffer {
  const header = Buffer.from([10, 0, 0, 0, 29 + text.length]);
  return Buffer.concat([header, sealed(text, header)]);
}

const tls = Buffer.concat([record(22, 517), record(20, 1), record(23, 16_000), record(23, 40)]);
const http = Buffer.from('GET /secret HTTP/1.1\r\nhost: info\r\n\r\n');
const udp = { protocol: 'udp', fromPort: 8301, toPort: 8301 } as const;
const query = Buffer.concat([Buffer.from([0, 1, 1, 0, 0, 1, 0, 0, 0, 0, 0, 0]), Buffer.from('\x04info\0\0\x01\0\x01')]);

test.each<[string, string, readonly Segment[]]>([
  ['TLS', 'tls', stream(tls)],
  ['TLS after the byte by which Consul asks for it', 'tls', stream(Buffer.concat([Buffer.from([3]), tls]))],
  ['TLS whose end the capture missed', 'tls', stream(tls.subarray(0, -17))],
  ['TLS whose end is within a header', 'tls', stream(Buffer.concat([tls, Buffer.from([23, 3])]))],
  ['TLS that was open before', 'tls', stream(tls.subarray(300)).slice(1)],
  ['TLS with a segment sent twice', 'tls', stream(tls).flatMap((segment) => [segment, segment])],
  ['TLS with segments in another order', 'tls', [...stream(tls).slice(0, 1), ...stream(tls).slice(1).toReversed()]],
  ['TLS with a segment that the capture lost', 'tls', stream(tls).filter((_segment, index) => index !== 5)],
  ['a request', 'clear', stream(http)],
  ['a request on a connection that was open before', 'clear', stream(http).slice(1)],
  ['a request before TLS', 'clear', stream(Buffer.concat([http, tls]))],
  ['a request before TLS, open before', 'clear', stream(Buffer.concat([http.subarray(0, 3), tls, http])).slice(1)],
  ['a request behind TLS', 'clear', stream(Buffer.concat([tls, http]))],
  ['HTTP/2', 'clear', stream(Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n'))],
  ['random bytes', 'clear', stream(Buffer.concat([Buffer.from([0xff]), randomBytes(2000)]))],
  ["Consul's RPC without TLS", 'clear', stream(Buffer.from([1, 0x84, 0xa3, 0x66]))],
  ['gossip', 'gossip', [{ ...ends, ...udp, payload: sealed('ping', Buffer.alloc(0)) }]],
  ['a gossip stream', 'gossip', stream(Buffer.concat([gossipStream('push'), gossipStream('pull')]))],
  [
    'gossip sealed with another key',
    'clear',
    [{ ...ends, ...udp, payload: sealed('ping', Buffer.alloc(0), randomBytes(32).toString('base64')) }],
  ],
  ['gossip in clear', 'clear', [{ ...ends, ...udp, payload: Buffer.from([0, 0x82, 0xa5, 0x53, 0x65, 0x71]) }]],
  [
    'one clear message among sealed ones',
    'clear',
    [
      { ...ends, ...udp, payload: sealed('ping', Buffer.alloc(0)) },
      { ...ends, ...udp, payload: Buffer.from('hello, this one is not sealed at all') },
    ],
  ],
  ['a question to a name server', 'dns', [{ ...ends, protocol: 'udp', toPort: 53, payload: query }]],
  ['the same question at another port', 'clear', [{ ...ends, protocol: 'udp', toPort: 5353, payload: query }]],
  ['a request at the port of a name server', 'clear', stream(http, 1000, { toPort: 53 })],
  ['a connection without a byte', 'empty', stream(Buffer.alloc(0))],
  ['an echo', 'icmp', [{ ...ends, protocol: 'icmp', fromPort: 0, toPort: 0, payload: Buffer.from('ping') }]],
])('%s is %s', (_what, nature, segments) => {
  expect(natures(segments)).toEqual([nature]);
});

test('a clear conversation shows what anybody could read, and nobody else does', () => {
  const [clear, other] = conversations(pcapOf([...stream(http), ...stream(tls, 1000, { toPort: 15_012 })]));
  expect(clear).toEqual({
    protocol: 'tcp',
    from: '10.0.0.1',
    to: '10.0.0.2:8443',
    nature: 'clear',
    bytes: http.length,
    flows: 1,
    excerpt: 'GET /secret HTTP/1.1..host: info....',
  });
  expect(other).toMatchObject({ nature: 'tls', to: '10.0.0.2:15012' });
  expect(other).not.toHaveProperty('excerpt');
});

test('two connections of the same ports, one after the other, are looked at apart', () => {
  const second = stream(http).map((segment) => ({ ...segment, sequence: (segment.sequence ?? 0) + 77_777 }));
  expect(natures([...stream(tls), ...second]).sort()).toEqual(['clear', 'tls']);
});

test('text is never taken for TLS, wherever a capture begins', () => {
  const text = fc.string({ minLength: 1, maxLength: 3000 });
  fc.assert(
    fc.property(text, fc.boolean(), (some, fromStart) => {
      const segments = stream(Buffer.from(some));
      expect(natures(fromStart ? segments : segments.slice(1))).toEqual(['clear']);
    }),
  );
});

test('a capture that cut packets short, or is none, is refused', () => {
  expect(() => conversations(pcapOf(stream(tls), 96))).toThrow('capture with -s 0');
  expect(() => conversations(Buffer.from('no capture at all, but long enough'))).toThrow('not a pcap file');
});
