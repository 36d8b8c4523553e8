/** gRPC calls as bytes: what attackers say is not what a client library would let them say. */
import { BinaryReader, BinaryWriter, WireType } from '@bufbuild/protobuf/wire';
import type { Stop } from '../attack';
import type { Seen } from '../vantage/agent';

/** One message with its length before it, base64. */
export function framed(message: Uint8Array): string {
  const head = Buffer.alloc(5);
  head.writeUInt32BE(message.length, 1);
  return Buffer.concat([head, message]).toString('base64');
}

/** A message of text fields, by their numbers. */
export function texts(fields: Readonly<Record<number, string>>): Uint8Array {
  const writer = new BinaryWriter();
  for (const [field, text] of Object.entries(fields)) writer.tag(Number(field), WireType.LengthDelimited).string(text);
  return writer.finish();
}

/** A message in a field of another. */
export function wrapped(field: number, message: Uint8Array): Uint8Array {
  return new BinaryWriter().tag(field, WireType.LengthDelimited).bytes(message).finish();
}

/** Text fields of the first message of an answer. */
export function textsOf(body: string): { readonly field: number; readonly text: string }[] {
  const bytes = Buffer.from(body, 'latin1').subarray(5);
  const reader = new BinaryReader(bytes);
  const found: { field: number; text: string }[] = [];
  try {
    while (reader.pos < reader.len) {
      const [field, type] = reader.tag();
      if (type === WireType.LengthDelimited) found.push({ field, text: reader.string() });
      else reader.skip(type, field);
    }
  } catch {
    // The answer was cut.
  }
  return found;
}

export function requestHeaders(path: string, more: Readonly<Record<string, string>> = {}): Record<string, string> {
  return { ':method': 'POST', ':path': path, 'content-type': 'application/grpc', te: 'trailers', ...more };
}

/** Status of a gRPC answer; undefined when there was none. */
export function grpcStatus({
  headers,
  trailers,
}: Seen): { readonly code: number; readonly message: string } | undefined {
  const said = trailers?.['grpc-status'] === undefined ? headers : trailers;
  const code = said?.['grpc-status'];
  return code === undefined
    ? undefined
    : { code: Number(code), message: decodeURIComponent(String(said?.['grpc-message'] ?? '')) };
}

/** The answer in one line. */
export function grpcAnswer(seen: Seen): Seen {
  const status = grpcStatus(seen);
  const { text: _text, status: _status, ...rest } = seen;
  return status === undefined
    ? rest
    : { ...rest, end: `gRPC status ${status.code}${status.message === '' ? '' : `: ${status.message}`}` };
}

const permissionDenied = 7;
const unauthenticated = 16;
const unimplemented = 12;

/** Refused by the service's own word: not authenticated, not permitted, or no such service on this port. */
export function grpcStop(who: string, seen: Seen): Stop | undefined {
  const status = grpcStatus(seen);
  if (status === undefined) return undefined;
  const what = `gRPC status ${status.code}, ${status.message}`;
  if (status.code === permissionDenied || status.code === unauthenticated) return { how: 'unauthorized', who, what };
  return status.code === unimplemented ? { how: 'absent', who, what } : undefined;
}
