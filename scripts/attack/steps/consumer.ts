/** Connections to the consumer's pod from the network of its own mesh, as whoever holds a certificate. */
import { shortId } from '../../../model/lab';
import { field as logField } from '../../call/log';
import { type Ask, line } from '../asks';
import type { Control, Observation, Stop } from '../attack';
import { insideIn } from '../cast';
import type { Field } from '../field';
import type { Secure, Seen } from '../vantage/agent';
import { type Leaf, mintLeaf } from '../vantage/certificates';
import { bodyOf, observe, statusOf, tlsAlert } from './observe';
import { httpStop, requestBytes } from './provider';

export interface ConsumerReach {
  readonly tried: string;
  /** @default - no certificate */
  readonly leaf?: Pick<Secure, 'cert' | 'key'>;
  /** @default - TLS */
  readonly plain?: boolean;
  /** @default - the allowed request */
  readonly send?: readonly string[];
  /** Whether to look for the proxy's own word. @default - yes, when it answered */
  readonly looks?: boolean;
}

/** Host header of requests to the consumer. */
export function consumerHost({ cast }: Field): string {
  return `${cast.consumer.name}.${cast.consumer.namespace}.svc.cluster.local`;
}

/** A request to the consumer as bytes. */
export function consumerBytes(field: Field, ask: Ask, headers: readonly string[] = []): string {
  return requestBytes(ask.method, ask.path, consumerHost(field), headers);
}

/** What Istio's proxies offer each other: also a port that takes plaintext knows mutual TLS by it. */
const meshProtocols = ['istio-http/1.1', 'istio'];

/** Dials the consumer's pod on its program's port, where its proxy takes over. */
export async function reachConsumer(
  field: Field,
  { tried, leaf, plain, send, looks }: ConsumerReach,
): Promise<Observation> {
  const { consumer } = field.cast;
  const follow = await field.log('consumer');
  const seen = await field.from('west', {
    kind: 'raw',
    host: await field.podAddress(consumer),
    port: consumer.port,
    send: send ?? [consumerBytes(field, insideIn(field.cast).asked)],
    ...(plain === true ? {} : { secure: { ALPNProtocols: meshProtocols, ...leaf } }),
  });
  const looked = looks ?? statusOf(seen) !== undefined;
  const log = looked ? await follow.line((line) => logField(line, 'remote') === seen.local) : undefined;
  return observe(tried, seen, { log, stop: consumerStop(field, seen, log) });
}

function consumerStop({ cast }: Field, seen: Seen, log: Observation['log']): Stop | undefined {
  const who = `${shortId(cast.consumer)}'s proxy`;
  const status = statusOf(seen);
  const alert = tlsAlert(seen.end);
  if (alert !== undefined) return { how: 'tls-alert', who, what: `TLS alert "${alert}"` };
  // Nobody but the proxy listens on this port from outside the pod: its inbound listener has no filter chain for it.
  if (status === undefined && seen.connected === true && seen.secured === false && seen.end === 'ECONNRESET') {
    return { how: 'not-tls', who, what: 'no filter chain takes what is not TLS: reset' };
  }
  return status === undefined ? undefined : httpStop(who, status, bodyOf(seen), log);
}

/** A leaf of the caller, as a thief who holds Istio's own CA mints it: everything about it is right. */
export async function callerLeaf(field: Field): Promise<Leaf> {
  const authority = await field.authority('istio');
  return field.remembered('caller leaf', () => mintLeaf(authority, { uris: [insideIn(field.cast).identity] }));
}

/** The caller's own identity gets its answer over the same way. */
export async function rightCaller(field: Field): Promise<Control> {
  const seen = await reachConsumer(field, { tried: 'the right caller', leaf: await callerLeaf(field), looks: false });
  const { service, asked } = insideIn(field.cast);
  return { ok: seen.served === true, evidence: `${line(asked)} as ${shortId(service)}: ${seen.answered}` };
}
