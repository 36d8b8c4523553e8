/** Connections between the containers of the consumer's pod. */
import { shortId } from '../../../model/lab';
import type { Control, Observation, Stop } from '../attack';
import type { Field } from '../field';
import type { Place } from '../vantage/places';
import { observe } from './observe';

/** What guard says: the kernel's own refusal, though somebody else gets through to the same port. */
const guard = "guard's rules in the pod";

export interface Inside {
  readonly from: Place;
  readonly host: string;
  readonly port: number;
  /** How a port of `host` is known to be listened on. */
  readonly proof: (field: Field) => Promise<string | undefined>;
  /** Bytes to send once connected. @default - none */
  readonly send?: readonly string[];
}

export async function inside(
  field: Field,
  tried: string,
  { from, host, port, proof, send = [] }: Inside,
): Promise<Observation> {
  const seen = await field.from(from, { kind: 'raw', host, port, send, quiet: 300, timeout: 3_000 });
  const listens = await proof(field);
  const stop: Stop | undefined =
    seen.end === 'ECONNREFUSED' && listens !== undefined
      ? { how: 'guard', who: guard, what: `reset, though ${listens}` }
      : undefined;
  return observe(tried, seen, { notes: listens === undefined ? [] : [listens], stop });
}

/** A datagram: guard's answer to the sender is an error, and what it was for never comes. */
export async function datagramInside(
  field: Field,
  tried: string,
  { from, host, port, proof }: Omit<Inside, 'send'>,
): Promise<Observation> {
  const seen = await field.from(from, { kind: 'datagram', host, port });
  const listens = await proof(field);
  const refused = ['ECONNREFUSED', 'EPERM'].includes(seen.end) && listens !== undefined;
  const stop: Stop | undefined = refused
    ? { how: 'guard', who: guard, what: `${seen.end}, though ${listens}` }
    : undefined;
  return observe(tried, seen, { notes: listens === undefined ? [] : [listens], stop });
}

/** The proxy's own user reaches the port: somebody listens there. */
export function proxyReaches(port: number): Inside['proof'] {
  return (field) =>
    field.remembered(`proxy reaches ${port}`, async () => {
      const { consumer } = field.cast;
      const script = `exec 3<>/dev/tcp/127.0.0.1/${port} && echo connected`;
      const said = await field
        .exec(consumer.namespace, `deploy/${consumer.name}`, 'istio-proxy', 'timeout', '3', 'bash', '-c', script)
        .catch(() => '');
      return said.includes('connected') ? `the proxy's own user connects to 127.0.0.1:${port}` : undefined;
    });
}

/** A program in the neighbour's container opened the port for this run. */
export function squatted(place: Place, host: string, port: number, protocol: 'tcp' | 'udp'): Inside['proof'] {
  return (field) =>
    field.remembered(`${place} listens ${host} ${port} ${protocol}`, async () => {
      const { end } = await field.from(place, { kind: 'listen', host, port, protocol });
      return end === 'listening'
        ? `a program of ${place} listens on ${protocol.toUpperCase()} ${host} ${port}`
        : undefined;
    });
}

/** The program that tries is alive and is who it should be. */
export async function consumerRuns(field: Field): Promise<Control> {
  const { end, text } = await field.from('consumer', { kind: 'whoami' });
  return { ok: end === 'told', evidence: `the same process in ${shortId(field.cast.consumer)}: ${text ?? end}` };
}
