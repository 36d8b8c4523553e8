/** Connections to Istio's federation gateway from the network of Consul's mesh, as whoever holds a certificate. */
import { randomUUID } from 'node:crypto';
import type { ResolvedExport } from '../../../model/exports';
import { federationGatewayPort } from '../../../model/gateways';
import { shortId } from '../../../model/lab';
import { federationGateway } from '../../../model/names';
import { field as logField } from '../../call/log';
import { line } from '../asks';
import type { Control, Observation, Stop } from '../attack';
import { type Back, backIn } from '../cast';
import type { Field } from '../field';
import type { Secure, Seen } from '../vantage/agent';
import { mintLeaf } from '../vantage/certificates';
import { bodyOf, observe, statusOf, tlsAlert } from './observe';
import { httpStop } from './provider';

export interface ReverseReach {
  readonly tried: string;
  /** @default - the export's */
  readonly sni?: string | undefined;
  /** @default - no certificate */
  readonly leaf?: Pick<Secure, 'cert' | 'key'>;
  /** @default - TLS */
  readonly plain?: boolean;
  /** @default - the allowed request */
  readonly method?: string;
  readonly path?: string;
  readonly headers?: readonly string[];
}

const who = `${federationGateway}'s proxy`;

/** The export that the attacks are about, and who may call it. */
export function exported({ cast }: Field): ResolvedExport & Omit<Back, 'export'> {
  const { export: own, ...back } = backIn(cast);
  return { ...own, ...back };
}

export async function reachExport(field: Field, reach: ReverseReach): Promise<Observation> {
  const { tried, leaf, plain, headers = [], ...rest } = reach;
  const entry = exported(field);
  const { method, path } = { ...entry.asked, ...given(reach) };
  const servername = 'sni' in rest ? rest.sni : entry.sni;
  // The gateway gives every request an id of its own.
  const id = randomUUID();
  const lines = [
    `${method} ${path}?attack=${id} HTTP/1.1`,
    `Host: ${entry.service.name}`,
    ...headers,
    ...(['POST', 'PUT', 'PATCH'].includes(method) ? ['Content-Length: 0'] : []),
    'Connection: close',
  ];
  const log = await field.log('federation');
  const seen = await field.from('east', {
    kind: 'raw',
    host: field.cast.westNetwork.node,
    port: federationGatewayPort,
    send: [`${lines.join('\r\n')}\r\n\r\n`],
    ...(plain === true ? {} : { secure: { ...(servername === undefined ? {} : { servername }), ...leaf } }),
  });
  const answered = statusOf(seen) !== undefined;
  const noted = answered ? await log.line((one) => logField(one, 'path')?.includes(id) === true) : undefined;
  return observe(tried, seen, { log: noted, stop: stopOf(field, seen, noted, plain === true) });
}

function given({ method, path }: ReverseReach): Pick<ReverseReach, 'method' | 'path'> {
  return { ...(method === undefined ? {} : { method }), ...(path === undefined ? {} : { path }) };
}

function stopOf(field: Field, seen: Seen, line: Observation['log'], plain: boolean): Stop | undefined {
  const status = statusOf(seen);
  const alert = tlsAlert(seen.end);
  // The gateway showed the export's own certificate first: it is the one that refused.
  if (alert !== undefined && seen.peer?.includes(exported(field).identity) === true) {
    return { how: 'tls-alert', who, what: `TLS alert "${alert}"` };
  }
  const ended = ['ECONNRESET', 'closed'].includes(seen.end) && seen.connected === true && status === undefined;
  if (ended && plain) return { how: 'not-tls', who, what: 'takes nothing that is not TLS' };
  if (ended && seen.secured === false) return { how: 'no-way', who, what: 'no filter chain for this server name' };
  return status === undefined ? undefined : httpStop(who, status, bodyOf(seen), line);
}

/** A leaf of the caller, as a thief who holds Consul's own CA mints it. */
export async function exportCallerLeaf(field: Field): Promise<Pick<Secure, 'cert' | 'key'>> {
  return mintLeaf(await field.authority('consul'), { uris: [exported(field).caller.identity] });
}

export async function rightExportCaller(field: Field): Promise<Control> {
  const { caller, service, asked } = exported(field);
  const seen = await reachExport(field, { tried: 'the right caller', leaf: await exportCallerLeaf(field) });
  const evidence = `${line(asked)} of ${shortId(service)} as ${shortId(caller.service)}: ${seen.answered}`;
  return { ok: seen.served === true, evidence };
}
