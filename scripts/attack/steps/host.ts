/** The provider's host, from a machine of its own network that is nobody's: past both gateways. */
import { sidecarPort } from '../../../model/hosts';
import { shortId } from '../../../model/lab';
import { field as logField } from '../../call/log';
import type { Control, Observation, Stop } from '../attack';
import type { Field } from '../field';
import type { Secure, Seen } from '../vantage/agent';
import { observe, statusOf, tlsAlert } from './observe';
import { httpStop, providerBytes } from './provider';

export interface HostReach {
  readonly tried: string;
  /** @default - no certificate */
  readonly leaf?: Pick<Secure, 'cert' | 'key'>;
  /** @default - TLS */
  readonly plain?: boolean;
}

const deniedConnections = 'connect_authz.rbac.denied';

/** Dials the provider's sidecar, and gathers what it noted. */
export async function reachSidecar(field: Field, { tried, leaf, plain }: HostReach): Promise<Observation> {
  const { provider, providerAddress } = field.cast;
  const denials = () => field.counter(provider.name, deniedConnections);
  const [log, before] = [await field.log('provider'), await denials()];
  const seen = await field.from('east', {
    kind: 'raw',
    host: providerAddress,
    port: sidecarPort,
    send: [providerBytes(field)],
    ...(plain === true ? {} : { secure: { ...leaf } }),
  });
  const answered = statusOf(seen) !== undefined;
  const line = answered ? await log.line((one) => logField(one, 'remote') === seen.local) : undefined;
  const after = await denials();
  const who = `${shortId(provider)}'s proxy`;
  const notes = after > before ? [`${who}: ${deniedConnections} ${before} → ${after}`] : [];
  return observe(tried, seen, { notes, log: line, stop: stopOf(who, seen, line, after > before) });
}

/** Nobody but the sidecar listens on its port: whoever ended a connection there is it. */
export function stopOf(who: string, seen: Seen, line: Observation['log'], denied: boolean): Stop | undefined {
  const status = statusOf(seen);
  if (status !== undefined) return httpStop(who, status, seen.text ?? '', line);
  const alert = tlsAlert(seen.end);
  if (alert !== undefined) return { how: 'tls-alert', who, what: `TLS alert "${alert}"` };
  if (!['closed', 'ECONNRESET'].includes(seen.end) || seen.connected !== true) return undefined;
  if (seen.secured === true)
    return denied
      ? { how: 'connection-rule', who, what: `intentions closed the connection (${deniedConnections})` }
      : undefined;
  return { how: 'not-tls', who, what: 'ended what is not TLS' };
}

/** The consumer's own leaf gets its answer there: the sidecar takes whoever has a row, wherever it calls from. */
export async function rightLeafAtHost(field: Field): Promise<Control> {
  const { consumer } = field.cast;
  const seen = await reachSidecar(field, { tried: 'the right leaf', leaf: await field.leaf() });
  return { ok: seen.served === true, evidence: `${shortId(consumer)}'s own leaf over the same way: ${seen.answered}` };
}
