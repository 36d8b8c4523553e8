/** Methods and headers that the rows do not name, asked for by thieves with the right leaf. */
import { randomUUID } from 'node:crypto';
import { shortId } from '../../../model/lab';
import { until } from '../../machine/until';
import { type Ask, line } from '../asks';
import { type Attack, by, type How, Lacking, type Observation } from '../attack';
import { atProvider, type Cast, insideIn, outsideIdentity } from '../cast';
import type { Field } from '../field';
import { callerLeaf, consumerBytes, reachConsumer, rightCaller } from '../steps/consumer';
import { providerBytes, reach, rightLeaf } from '../steps/provider';
import { Capture } from '../vantage/capture';
import { programRuleAttacks } from './rules-programs';

/** With the consumer's own leaf, at the provider. */
function provider(
  name: string,
  title: string,
  serves: readonly string[],
  request: { readonly method: string; readonly headers?: (cast: Cast) => readonly string[]; readonly path?: string },
  how: readonly How[] = ['http-rule'],
): Attack<Field> {
  const asked = (cast: Cast): Ask => ({ method: request.method, path: request.path ?? cast.asked.path });
  return {
    id: `rules/${name}`,
    group: 'rules',
    title,
    serves,
    // A target that is no path is nothing that rows speak of.
    ...(request.path === undefined ? { asks: (cast: Cast) => atProvider(cast, asked(cast)) } : {}),
    attempt: async (field) => {
      const wanted = asked(field.cast);
      const headers = request.headers?.(field.cast) ?? [];
      const send = [providerBytes(field, wanted, headers)];
      const tried = [line(wanted), ...headers].join(', ');
      return reach(field, { tried: `${tried}, with the consumer's own leaf`, leaf: await field.leaf(), send });
    },
    refusedWhen: by(...how),
    control: rightLeaf,
  };
}

const methods: readonly Attack<Field>[] = [
  ...(['POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS', 'TRACE'] as const).map((method) =>
    provider(
      `provider-${method.toLowerCase()}`,
      `${method} where no row names it`,
      ['M6', 'SP 800-204B SAUZ-SR-1'],
      { method },
      ['http-rule', 'malformed'],
    ),
  ),
  provider(
    'provider-unknown-method',
    'a method that nobody knows',
    ['M6', 'https://github.com/hashicorp/consul/issues/10699'],
    { method: 'FETCH' },
    ['http-rule', 'malformed', 'not-tls'],
  ),
  provider(
    'provider-lower-case',
    'get in small letters',
    ['M6', 'https://github.com/hashicorp/consul/issues/10536'],
    { method: 'get' },
    ['http-rule', 'malformed'],
  ),
  provider(
    'method-override',
    'POST with headers that call it what the row names (X-HTTP-Method-Override and others)',
    ['M6', 'https://nvd.nist.gov/vuln/detail/CVE-2024-10006'],
    {
      method: 'POST',
      headers: ({ asked }) =>
        ['X-HTTP-Method-Override', 'X-HTTP-Method', 'X-Method-Override'].map((name) => `${name}: ${asked.method}`),
    },
  ),
  provider(
    'connect',
    'CONNECT, which would make the provider a way to somewhere else',
    ['M6', 'SP 800-204A SM-DR8'],
    { method: 'CONNECT', path: '127.0.0.1:8500' },
    ['http-rule', 'malformed'],
  ),
];

/**
 * Asks to switch to a websocket. Behind an answer of 101 nobody would hold the bytes to methods and paths; a program that
 * knows no websockets answers as ever, which is through as well.
 */
const switchHeaders = [
  'Upgrade: websocket',
  'Sec-WebSocket-Version: 13',
  'Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==',
];
const switchTitle = 'a request that the row allows, as a switch to a websocket';
const switchServes = ['M6', 'SP 800-204B SAUZ-SR-1'];

/** The request, with the header that says to proxies that it is for a switch. */
function switching(bytes: string): string {
  return bytes.replace('Connection: close', [...switchHeaders, 'Connection: Upgrade, close'].join('\r\n'));
}

const switches: readonly Attack<Field>[] = [
  {
    id: 'rules/provider-upgrade',
    group: 'rules',
    title: `${switchTitle}, at the provider`,
    serves: switchServes,
    attempt: async (field) => {
      const send = [switching(providerBytes(field))];
      const tried = `${line(field.cast.asked)}, Upgrade: websocket`;
      return reach(field, { tried, leaf: await field.leaf(), send });
    },
    asks: (cast) => atProvider(cast, { ...cast.asked, upgrade: true }),
    refusedWhen: by('http-rule'),
    control: rightLeaf,
  },
  {
    id: 'rules/consumer-upgrade',
    group: 'rules',
    title: `${switchTitle}, at the consumer`,
    serves: switchServes,
    attempt: async (field) => {
      const { asked } = insideIn(field.cast);
      const send = [switching(consumerBytes(field, asked))];
      const tried = `${line(asked)}, Upgrade: websocket`;
      return reachConsumer(field, { tried, leaf: await callerLeaf(field), send });
    },
    needs: 'inside',
    asks: ({ lab, consumer, inside }) =>
      inside && { lab, from: inside.service, to: consumer, ...inside.asked, upgrade: true },
    refusedWhen: by('http-rule'),
    control: rightCaller,
  },
];

const forged = (claimed: string) => `X-Forwarded-Client-Cert: By=spiffe://x/y;Hash=00;URI=${claimed}`;
const forging = ['M5', 'https://github.com/hashicorp/consul/pull/13625', 'https://github.com/istio/istio/issues/28912'];

/** What the program was told in the header by which proxies tell programs who calls. */
function told(seen: Observation, who: string, verified: boolean, claimed: boolean, identity: string): Observation {
  if (!verified || claimed || seen.stop !== undefined) return seen;
  const what = `was told the verified identity ${identity}, not the claimed one`;
  return { ...seen, stop: { how: 'not-believed', who, what } };
}

/** On the provider's own loopback, where its proxy hands over to its program, every request is in clear. */
async function forgedAtProvider(field: Field): Promise<Observation> {
  const { lab, east, provider: callee, asked, consumerOutside, stranger } = field.cast;
  // A namespace's name that nobody else says: what is found is of this request.
  const claimed = `${outsideIdentity(field.cast, stranger.name)}-${randomUUID()}`;
  const capture = await Capture.start(lab.name, `${east.name}-${callee.name}`);
  try {
    const send = [providerBytes(field, asked, [forged(claimed)])];
    const seen = await reach(field, {
      tried: `${line(asked)} with ${forged(claimed)}`,
      leaf: await field.leaf(),
      send,
    });
    const heard = await until(async () => capture.holds(consumerOutside), { timeout: 5_000, interval: 100 });
    return told(seen, "the callee's program", heard, capture.holds(claimed), consumerOutside);
  } finally {
    await capture.stop();
  }
}

/** The pod's loopback is nobody's to listen to: a program that says who its proxy told it calls has to say it. */
async function forgedAtConsumer(field: Field): Promise<Observation> {
  const { asked, identity } = insideIn(field.cast);
  const claimed = `spiffe://${field.cast.west.trustDomain}/ns/kube-system/sa/admin`;
  const leaf = await callerLeaf(field);
  const plain = await reachConsumer(field, { tried: line(asked), leaf, looks: false });
  if (plain.served === true && plain.text?.includes(identity) !== true) {
    throw new Lacking(
      `${shortId(field.cast.consumer)} does not say in its answers who calls (X-Forwarded-Client-Cert)`,
    );
  }
  const send = [consumerBytes(field, asked, [forged(claimed)])];
  const seen = await reachConsumer(field, { tried: `${line(asked)} with ${forged(claimed)}`, leaf, send });
  const said = (text: string) => seen.text?.includes(text) === true;
  return told(seen, "the callee's program", said(identity), said(claimed), identity);
}

const headers: readonly Attack<Field>[] = [
  {
    id: 'rules/forged-xfcc-provider',
    group: 'rules',
    title: 'a forged X-Forwarded-Client-Cert at the provider',
    serves: forging,
    asks: (cast) => ({ ...atProvider(cast, cast.asked), passes: true }),
    attempt: forgedAtProvider,
    refusedWhen: by('not-believed'),
    control: rightLeaf,
  },
  {
    id: 'rules/forged-xfcc-consumer',
    group: 'rules',
    title: 'a forged X-Forwarded-Client-Cert at the consumer',
    serves: forging,
    needs: 'inside',
    attempt: forgedAtConsumer,
    refusedWhen: by('not-believed'),
    control: rightCaller,
  },
];

export const ruleAttacks: readonly Attack<Field>[] = [...methods, ...switches, ...headers, ...programRuleAttacks];
