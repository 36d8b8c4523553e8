/** Calls whose callee is somebody else: the caller's own proxy must find out, and show nobody its request. */
import { randomUUID } from 'node:crypto';
import { upstreamsOf } from '../../../model/consul-hosts';
import { federationGatewayPort, meshGatewayPort } from '../../../model/gateways';
import { podLabels, type Service, shortId } from '../../../model/lab';
import { ownConnectionHeader } from '../../../model/names';
import { type LogLine, field as logField, ofRequest } from '../../call/log';
import { runningPods } from '../../kubectl';
import type { Control, Observation, Stop } from '../attack';
import type { Field } from '../field';
import type { Posed, Seen } from '../vantage/agent';
import type { Leaf } from '../vantage/certificates';
import { impostorsWord, inPlaceOf, type Way } from '../vantage/impostor';
import { bodyOf, observe } from './observe';
import { exported } from './reverse';

/** What came of one call, and the line of the caller's own proxy about it. */
interface Called {
  readonly seen: Seen;
  readonly line: LogLine | undefined;
}

/** A call across the border whose callee an attacker on the border poses as. */
export interface Deceived {
  readonly caller: (field: Field) => Service;
  readonly callee: (field: Field) => Service;
  /** Identity that the callee's certificate must name. */
  readonly identity: (field: Field) => string;
  readonly way: (field: Field) => Promise<Way>;
  /** @param looks whether to wait for the proxy's line. @default - yes */
  readonly call: (field: Field, looks?: boolean) => Promise<Called>;
}

/** The consumer's program calls the provider: its proxy dials Consul's mesh gateway, which passes TLS on. */
export const toConsul: Deceived = {
  caller: ({ cast }) => cast.consumer,
  callee: ({ cast }) => cast.provider,
  identity: ({ cast }) => cast.entry.identity,
  way: async (field) => {
    const { consumer, eastNetwork } = field.cast;
    const pods = await runningPods(field.cluster, consumer.namespace, podLabels(consumer));
    const from = pods.flatMap(({ status }) => status.podIP ?? []);
    return { from, to: eastNetwork.meshGateway, port: meshGatewayPort };
  },
  call: async (field, looks = true) => {
    const { entry, asked } = field.cast;
    const [log, id] = [await field.log('consumer'), randomUUID()];
    const seen = await field.from('consumer', {
      kind: 'ask',
      url: `http://${entry.address}${asked.path}`,
      method: asked.method,
      headers: { host: entry.host, 'x-request-id': id, [ownConnectionHeader]: '1' },
    });
    return { seen, line: looks ? await log.line((one) => ofRequest(one, id)) : undefined };
  },
};

/** The provider's program calls an export: its sidecar dials Istio's federation gateway. */
export const toIstio: Deceived = {
  caller: ({ cast }) => cast.provider,
  callee: (field) => exported(field).service,
  identity: (field) => exported(field).identity,
  way: async ({ cast }) => ({ from: [cast.providerAddress], to: cast.westNetwork.node, port: federationGatewayPort }),
  call: async (field, looks = true) => {
    const { service, caller, asked } = exported(field);
    const upstream = upstreamsOf(field.lab, caller.service).find(({ callee }) => callee.id === service.id);
    if (upstream === undefined) throw new Error(`${shortId(caller.service)} has no upstream ${shortId(service)}`);
    const log = await field.log('provider');
    const url = `http://127.0.0.1:${upstream.port}${asked.path}`;
    const seen = await field.from('provider', { kind: 'ask', url, method: asked.method });
    return { seen, line: looks ? await log.line((one) => logField(one, 'remote') === seen.local) : undefined };
  },
};

/** Calls while somebody with a certificate, or without one, is in the callee's place. */
export async function deceive(
  field: Field,
  deceived: Deceived,
  tried: string,
  leaf: Leaf | undefined,
  /** What the caller's proxy must find wrong. */
  reason: RegExp,
): Promise<Observation> {
  // The callee itself first: a connection to it that somebody's broken-off request left over is used up.
  await deceived.call(field, false);
  const way = await deceived.way(field);
  const { found, posed } = await inPlaceOf(field, way, leaf, () => deceived.call(field));
  const notes = [
    `the impostor: ${posed.connections} connections, ${posed.requests} requests, ${posed.failures.join(', ') || 'no failure'}`,
  ];
  const who = `${shortId(deceived.caller(field))}'s own proxy`;
  return observe(tried, found.seen, { notes, log: found.line, stop: stopOf(who, way, found, posed, reason) });
}

/** The caller's proxy dialled the callee's address, met the impostor, and told it nothing. */
export function stopOf(
  who: string,
  { to, port }: Way,
  { seen, line }: Called,
  { connections, requests }: Posed,
  reason: RegExp,
): Stop | undefined {
  const failure = logField(line, 'failure') ?? '';
  const met = connections > 0 && logField(line, 'upstream') === `${to}:${port}`;
  if (!met || requests > 0 || seen.text?.includes(impostorsWord) === true || !reason.test(failure)) return undefined;
  return { how: 'not-the-callee', who, what: `ended TLS before it asked anything: ${failure}` };
}

/** The very same impostor is believed when its certificate names the callee: nothing else keeps it from answering. */
export async function believed(field: Field, deceived: Deceived, leaf: Leaf): Promise<Control> {
  // The callee itself first: a proxy that met impostors several times in a row rests before it dials again.
  const before = await deceived.call(field, false);
  const way = await deceived.way(field);
  const { found, posed } = await inPlaceOf(field, way, leaf, () => deceived.call(field, false));
  const after = await deceived.call(field, false);
  const asked = bodyOf(found.seen) === impostorsWord && posed.requests > 0;
  const itself = [before, after].every(
    ({ seen }) => observe('', seen).served === true && bodyOf(seen) !== impostorsWord,
  );
  const [from, to] = [shortId(deceived.caller(field)), shortId(deceived.callee(field))];
  const machinery = `named as ${to} is, the same impostor ${asked ? 'is asked, and believed' : `is not asked (${found.seen.end})`}`;
  return {
    ok: asked && itself,
    evidence: `${machinery}; without it ${from} reaches ${to}: ${after.seen.status ?? after.seen.end}`,
  };
}
