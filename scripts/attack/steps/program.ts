/** Requests by programs of the lab, as they make them: plain HTTP, through whatever proxy their pod has. */
import { randomUUID } from 'node:crypto';
import { shortId } from '../../../model/lab';
import { ownConnectionHeader } from '../../../model/names';
import { type LogLine, field as logField, ofRequest } from '../../call/log';
import type { Control, Observation, Stop } from '../attack';
import { insideIn } from '../cast';
import type { Field } from '../field';
import type { Seen } from '../vantage/agent';
import { unpassed } from './border';
import { consumerHost } from './consumer';
import { observe } from './observe';
import { httpStop } from './provider';

/** Who is called. */
export type Callee = 'provider' | 'consumer';

export interface ProgramRequest {
  readonly from: 'consumer' | 'caller' | 'neighbour' | 'sibling';
  readonly to: Callee;
  /** @default - what the row allows */
  readonly method?: string;
  /** @default - what the row allows */
  readonly path?: string;
  /** @default - none */
  readonly headers?: Readonly<Record<string, string>>;
  /** Whether to look for what the proxies noted. @default - yes */
  readonly looks?: boolean;
}

export async function asProgram(field: Field, request: ProgramRequest): Promise<Observation> {
  const { from, to, headers = {}, looks = true } = request;
  const { cast } = field;
  const { method, path } = { ...(to === 'provider' ? cast.asked : insideIn(cast).asked), ...request };
  const id = randomUUID();
  // A workload that was not told of the import knows no name for it, only where it leads.
  const base = to === 'provider' ? `http://${cast.entry.address}` : `http://${consumerHost(field)}`;
  const host = to === 'provider' ? { host: cast.entry.host } : {};
  const [calleeLog, callerLog] = looks ? [await field.log(to), await field.log(from)] : [];
  const began = Date.now();
  const seen = await field.from(from, {
    kind: 'ask',
    url: `${base}${path}`,
    path,
    method,
    headers: { ...host, ...headers, 'x-request-id': id, [ownConnectionHeader]: '1' },
  });
  const tried = `${method} ${path} by ${nameOf(field, from)}`;
  if (!looks) return observe(tried, seen);
  const mine = (line: LogLine) => ofRequest(line, id);
  const own = await callerLog?.line(mine);
  const passed = logField(own, 'details') === 'via_upstream';
  const log = passed ? await calleeLog?.line((line) => mine(line) && logField(line, 'peer') !== null) : undefined;
  const stop = stopOf(field, from, to, seen, own, log) ?? (await closedTo(field, from, own, began));
  return observe(tried, seen, {
    notes: own === undefined ? [] : [`${from}'s proxy: ${JSON.stringify(own)}`],
    log,
    stop,
  });
}

function nameOf({ cast }: Field, from: ProgramRequest['from']): string {
  if (from === 'neighbour') return 'a workload without a row';
  if (from === 'sibling') return "a workload of the consumer's namespace without a row";
  return shortId(from === 'caller' ? insideIn(cast).service : cast.consumer);
}

/** The proxy dialled, and the node did not pass it on. */
async function closedTo(
  field: Field,
  from: ProgramRequest['from'],
  own: Observation['log'],
  began: number,
): Promise<Stop | undefined> {
  const [host, port] = (logField(own, 'upstream') ?? '').split(':');
  if (host === undefined || port === undefined || !logField(own, 'failure')?.includes('Connection_refused'))
    return undefined;
  return unpassed(field, from, { name: 'the callee', host, port: Number(port) }, began);
}

function stopOf(
  { cast }: Field,
  from: ProgramRequest['from'],
  to: Callee,
  seen: Seen,
  own: Observation['log'],
  log: Observation['log'],
): Stop | undefined {
  if (log !== undefined) return httpStop(`${shortId(cast[to])}'s proxy`, seen.status ?? 0, seen.text ?? '', log);
  // The caller's own proxy knows no such place: it was not told of it, and passes nothing on to strangers.
  const details = logField(own, 'details');
  if (own !== undefined && logField(own, 'upstream') === null && details === 'direct_response') {
    const what = `${seen.status ?? 'no status'}: knows no such host, and passes nothing on to strangers (${details})`;
    return { how: 'no-way', who: `${from}'s own proxy`, what };
  }
  return undefined;
}

/** The program that a row names gets its answer. */
export async function calls(field: Field, to: Callee): Promise<Control> {
  const from = to === 'provider' ? 'consumer' : 'caller';
  const seen = await asProgram(field, { from, to, looks: false });
  return { ok: seen.served === true, evidence: `${seen.tried}: ${seen.answered}` };
}
