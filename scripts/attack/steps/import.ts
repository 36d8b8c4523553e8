/** The import, called by its consumer and by another workload of the consumer's namespace, with an eavesdropper beside. */
import { randomUUID } from 'node:crypto';
import { meshGatewayPort } from '../../../model/gateways';
import { shortId } from '../../../model/lab';
import { type LogLine, field as logField, ofRequest } from '../../call/log';
import { until } from '../../machine/until';
import type { Control, Observation, Stop } from '../attack';
import type { Field } from '../field';
import type { Seen } from '../vantage/agent';
import { unpassed } from './border';
import { observe } from './observe';
import { requestBytes } from './provider';

/** How the report says that a request could be read by others. */
const inClear = 'its request was on the border in clear';

interface Overheard {
  readonly seen: Seen;
  /** The line of the caller's own proxy. */
  readonly line: LogLine | undefined;
  /** Milliseconds of Unix time. */
  readonly began: number;
  /** Whether the request could be read on the border. */
  readonly read: boolean;
}

/** Calls the import with a word in the path that nobody else says, and listens for it on the border. */
async function call(field: Field, from: 'consumer' | 'sibling'): Promise<Overheard> {
  const { entry, asked } = field.cast;
  const [id, word, log] = [randomUUID(), randomUUID(), await field.log(from)];
  const began = Date.now();
  const seen = await field.from(from, {
    kind: 'ask',
    url: `http://${entry.address}${asked.path}?${word}`,
    method: asked.method,
    headers: { host: entry.host, 'x-request-id': id },
  });
  const line = await log.line((one) => ofRequest(one, id));
  return { seen, line, began, read: await heard(field, word) };
}

/** Whether a word was on the border in clear, known once a request in clear that came later was heard. */
async function heard(field: Field, word: string): Promise<boolean> {
  const last = randomUUID();
  const { eastNetwork } = field.cast;
  const send = [requestBytes('GET', `/${last}`, 'nobody')];
  await field.from('west', { kind: 'raw', host: eastNetwork.meshGateway, port: meshGatewayPort, send });
  const border = field.capture('border');
  const caughtUp = await until(async () => border.holds(last), { timeout: 5_000, interval: 50 });
  if (!caughtUp) throw new Error('the eavesdropper on the border does not even hear what is sent in clear');
  return border.holds(word);
}

/** Another workload of the consumer's namespace calls the import by its name. */
export async function siblingCalls(field: Field): Promise<Observation> {
  const { entry, consumer } = field.cast;
  const { seen, line, began, read } = await call(field, 'sibling');
  const tried = `GET http://${entry.host} by another workload of namespace ${consumer.namespace}`;
  const stop = read ? undefined : ((await heldByNode(field, line, began)) ?? ownProxy(line));
  return observe(tried, seen, { log: line, stop, notes: read ? [inClear] : [] });
}

async function heldByNode(field: Field, line: LogLine | undefined, began: number): Promise<Stop | undefined> {
  const { meshGateway } = field.cast.eastNetwork;
  if (logField(line, 'upstream') !== `${meshGateway}:${meshGatewayPort}`) return undefined;
  if (!logField(line, 'failure')?.includes('Connection_refused')) return undefined;
  return unpassed(field, 'sibling', { name: 'the mesh gateway', host: meshGateway, port: meshGatewayPort }, began);
}

/** The rule for whoever is not the consumer: TLS that nobody can answer. */
export function ownProxy(line: LogLine | undefined): Stop | undefined {
  const failure = logField(line, 'failure');
  if (failure === null || !failure.startsWith('TLS_error')) return undefined;
  return { how: 'no-way', who: "the workload's own proxy", what: `holds no certificate for the import: ${failure}` };
}

/** The consumer's own call, which an eavesdropper on the border listens to. */
export async function consumerOverheard(field: Field): Promise<Observation> {
  const { entry, consumer } = field.cast;
  const { seen, line, read } = await call(field, 'consumer');
  const tried = `listens on the border while ${shortId(consumer)} calls http://${entry.host}`;
  const { served } = observe(tried, seen);
  const stop: Stop | undefined =
    !read && served === true
      ? {
          how: 'absent',
          who: 'the wire',
          what: 'answered by the program, and no word of the request was on the border',
        }
      : undefined;
  return observe(tried, seen, { log: line, stop, notes: read ? [inClear] : [] });
}

/** The eavesdropper does hear what is sent in clear. */
export async function hears(field: Field): Promise<Control> {
  const [word, { eastNetwork }] = [randomUUID(), field.cast];
  const send = [requestBytes('GET', `/${word}`, 'nobody')];
  await field.from('west', { kind: 'raw', host: eastNetwork.meshGateway, port: meshGatewayPort, send });
  const ok = await heard(field, word);
  return { ok, evidence: `a request in clear over the same way: ${ok ? 'heard word for word' : 'not heard'}` };
}
