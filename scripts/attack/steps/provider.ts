/** Connections to the provider through Consul's mesh gateway, as whoever holds a certificate. */
import { meshGatewayPort } from '../../../model/gateways';
import { shortId } from '../../../model/lab';
import { type LogLine, field as logField } from '../../call/log';
import type { Ask } from '../asks';
import type { Control, Observation, Stop } from '../attack';
import type { Field } from '../field';
import type { Secure, Seen } from '../vantage/agent';
import { bodyOf, denied, observe, statusOf, tlsAlert } from './observe';

/** A request as bytes, on a connection of its own. */
export function requestBytes(method: string, path: string, host: string, headers: readonly string[] = []): string {
  // A method that brings a body says that it has none, where the headers say nothing of it.
  const bare = method === 'POST' || method === 'PUT' || method === 'PATCH';
  const length = bare && !headers.some((one) => /^(content-length|transfer-encoding)/i.test(one));
  const all = [...headers, ...(length ? ['Content-Length: 0'] : []), 'Connection: close'];
  return `${[`${method} ${path} HTTP/1.1`, `Host: ${host}`, ...all].join('\r\n')}\r\n\r\n`;
}

/** A request to the provider as bytes; by default what the consumer may ask. */
export function providerBytes({ cast }: Field, ask: Ask = cast.asked, headers: readonly string[] = []): string {
  return requestBytes(ask.method, ask.path, cast.provider.name, headers);
}

export interface Reach {
  readonly tried: string;
  /** @default - the provider's */
  readonly sni?: string | undefined;
  /** @default - no certificate */
  readonly leaf?: Pick<Secure, 'cert' | 'key'>;
  /** @default - TLS */
  readonly plain?: boolean;
  /** @default - the allowed request */
  readonly send?: readonly string[];
  /** Whether to look for what gateway and provider noted. @default - yes */
  readonly looks?: boolean;
}

/** Dials the mesh gateway from the network of Istio's mesh, and gathers what gateway and provider noted. */
export async function reach(
  field: Field,
  { tried, leaf, plain, send, looks = true, ...rest }: Reach,
): Promise<Observation> {
  const { cast } = field;
  const servername = 'sni' in rest ? rest.sni : cast.entry.sni;
  const secure = plain === true ? undefined : { ...(servername === undefined ? {} : { servername }), ...leaf };
  const [gatewayLog, before] = [await field.log('gateway'), await denials(field)];
  const seen = await field.from('west', {
    kind: 'raw',
    host: cast.eastNetwork.meshGateway,
    port: meshGatewayPort,
    send: send ?? [providerBytes(field)],
    ...(secure === undefined ? {} : { secure }),
  });
  if (!looks) return observe(tried, seen);
  const gateway = await gatewayLog.line((line) => logField(line, 'remote') === seen.local);
  const log = await providerLine(field, seen, gateway);
  const after = await denials(field);
  const notes = [
    ...(gateway === undefined ? [] : [`${cast.east.name}/mesh-gateway: ${JSON.stringify(gateway)}`]),
    ...(after > before ? [`${shortId(cast.provider)}'s proxy: connect_authz.rbac.denied ${before} → ${after}`] : []),
  ];
  return observe(tried, seen, { notes, log, stop: stopOf(field, seen, gateway, log, after > before) });
}

function denials(field: Field): Promise<number> {
  return field.counter(field.cast.provider.name, 'connect_authz.rbac.denied');
}

/** The provider's own log knows the connection by the gateway's end of it. */
async function providerLine(field: Field, seen: Seen, gateway: LogLine | undefined): Promise<LogLine | undefined> {
  const inward = logField(gateway, 'upstreamLocal');
  if (statusOf(seen) === undefined || inward === null) return undefined;
  return (await field.log('provider')).line((line) => logField(line, 'remote') === inward);
}

function stopOf(
  { cast }: Field,
  seen: Seen,
  gateway: LogLine | undefined,
  log: LogLine | undefined,
  intention: boolean,
): Stop | undefined {
  const status = statusOf(seen);
  const atGateway = `${cast.east.name}/mesh-gateway`;
  const atProvider = `${shortId(cast.provider)}'s proxy`;
  const flags = logField(gateway, 'flags');
  if (flags === 'NC' && status === undefined) {
    return {
      how: 'no-way',
      who: atGateway,
      what: `knows no way for server name ${logField(gateway, 'sni') ?? '(none)'} (flag NC)`,
    };
  }
  if (
    logField(gateway, 'upstream')?.endsWith('/grpc.sock') === true &&
    status === undefined &&
    seen.secured === false
  ) {
    // The agent wants HTTP/2 in clear as the first bytes; whoever has no server name to say never gets there.
    return {
      how: 'not-tls',
      who: `${cast.east.name}/mesh-gateway's agent`,
      what: `its xDS port takes no TLS (${seen.end})`,
    };
  }
  // Whatever else ended it: the gateway must have passed this very connection on to the provider.
  const passed = logField(gateway, 'upstream')?.startsWith(`${cast.providerAddress}:`) === true;
  const alert = tlsAlert(seen.end);
  if (alert !== undefined && passed) return { how: 'tls-alert', who: atProvider, what: `TLS alert "${alert}"` };
  if (passed && intention && seen.end === 'closed' && status === undefined) {
    return {
      how: 'connection-rule',
      who: atProvider,
      what: 'intentions closed the connection (connect_authz.rbac.denied)',
    };
  }
  return status === undefined ? undefined : httpStop(atProvider, status, bodyOf(seen), log);
}

/** A refusal by a proxy itself, as its own log of this request tells. */
export function httpStop(who: string, status: number, body: string, log: LogLine | undefined): Stop | undefined {
  const details = logField(log, 'details');
  if (details === null || details === 'via_upstream') return undefined;
  if (status === 403 && body.includes(denied) && details.startsWith('rbac_access_denied')) {
    return { how: 'http-rule', who, what: `403, ${details}` };
  }
  if ([400, 404, 426, 431].includes(status)) return { how: 'malformed', who, what: `${status}, ${details}` };
  if (status === 403) return { how: 'http-rule', who, what: `403, ${details}` };
  return undefined;
}

/** The consumer's own leaf gets its answer over the same way. */
export async function rightLeaf(field: Field): Promise<Control> {
  const seen = await reach(field, { tried: 'the right leaf', leaf: await field.leaf(), looks: false });
  return {
    ok: seen.served === true,
    evidence: `${shortId(field.cast.consumer)}'s own leaf over the same way: ${seen.answered}`,
  };
}
