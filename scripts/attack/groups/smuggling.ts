/**
 * Two requests written as one, so that a proxy and the program behind it might disagree on where the first one ends.
 * The second is forbidden. It must be refused by itself, or be no request to anybody.
 */
import { randomUUID } from 'node:crypto';
import { meshGatewayPort } from '../../../model/gateways';
import { shortId } from '../../../model/lab';
import { field as logField, ofRequest } from '../../call/log';
import { line } from '../asks';
import { type Asked, type Attack, type AttackRow, by, type Observation, type Stop } from '../attack';
import { atConsumer, type Cast, insideIn, refusedAtProvider, refusedIn } from '../cast';
import type { Field } from '../field';
import { callerLeaf, consumerHost, reachConsumer, rightCaller } from '../steps/consumer';
import { observe } from '../steps/observe';
import { httpStop, reach, rightLeaf } from '../steps/provider';

interface Row extends AttackRow {
  /** Header lines of the first request, and what follows its empty line before the second. */
  readonly headers: (second: string) => readonly string[];
  readonly between?: string;
}

// Node.js' parser, which the programs run on, once took the first three for what they are not.
const encodings = 'https://nvd.nist.gov/vuln/detail/CVE-2022-32213';
const folded = 'https://nvd.nist.gov/vuln/detail/CVE-2022-32215';
const lengths = 'https://nvd.nist.gov/vuln/detail/CVE-2024-27982';
const spaces = 'https://nvd.nist.gov/vuln/detail/CVE-2019-18802';

const rows: readonly Row[] = [
  {
    name: 'pipelined',
    title: 'a forbidden request right behind an allowed one, on one connection',
    serves: ['M6', 'SP 800-204B SAUZ-SR-1'],
    headers: () => [],
  },
  {
    name: 'length-and-chunked',
    title: 'Content-Length and Transfer-Encoding at once (CL.TE)',
    serves: [encodings],
    headers: (second) => [`Content-Length: ${second.length + 5}`, 'Transfer-Encoding: chunked'],
    between: '0\r\n\r\n',
  },
  {
    name: 'chunked-and-length',
    title: 'Transfer-Encoding and a short Content-Length (TE.CL)',
    serves: [encodings],
    headers: () => ['Transfer-Encoding: chunked', 'Content-Length: 5'],
    between: '0\r\n\r\n',
  },
  {
    name: 'two-lengths',
    title: 'two different Content-Lengths',
    serves: [lengths],
    headers: (second) => ['Content-Length: 0', `Content-Length: ${second.length}`],
  },
  {
    name: 'odd-encoding',
    title: 'a Transfer-Encoding that is almost chunked',
    serves: [encodings],
    headers: (second) => ['Transfer-Encoding: xchunked', `Content-Length: ${second.length}`],
  },
  {
    name: 'space-before-colon',
    title: 'a space before the colon of Transfer-Encoding',
    serves: [spaces],
    headers: (second) => ['Transfer-Encoding : chunked', `Content-Length: ${second.length + 5}`],
    between: '0\r\n\r\n',
  },
  {
    name: 'folded-header',
    title: 'Transfer-Encoding folded over two lines',
    serves: [folded],
    headers: (second) => ['Transfer-Encoding:', ' chunked', `Content-Length: ${second.length + 5}`],
    between: '0\r\n\r\n',
  },
  {
    name: 'negative-length',
    title: 'a Content-Length below zero',
    serves: [lengths],
    headers: () => ['Content-Length: -1'],
  },
  {
    name: 'h2c-upgrade',
    title: 'an upgrade to HTTP/2 in clear, to speak past the rules afterwards',
    serves: ['M6', 'SP 800-204B SAUZ-SR-1'],
    headers: () => ['Connection: Upgrade, HTTP2-Settings', 'Upgrade: h2c', 'HTTP2-Settings: AAMAAABkAARAAAAAAAIAAAAA'],
    between: 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n',
  },
  {
    name: 'websocket-upgrade',
    title: 'an upgrade to a WebSocket, to speak past the rules afterwards',
    serves: ['M6', 'SP 800-204B SAUZ-SR-1'],
    headers: () => [
      'Connection: Upgrade',
      'Upgrade: websocket',
      'Sec-WebSocket-Version: 13',
      'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==',
    ],
  },
];

type Side = 'provider' | 'consumer';

function attackOf(side: Side, { name, title, serves, headers, between = '' }: Row): Attack<Field> {
  return {
    id: `smuggling/${side}-${name}`,
    group: 'smuggling',
    title: `${title}, at the ${side}`,
    serves,
    attempt: async (field) => {
      const { provider } = field.cast;
      const id = randomUUID();
      const host = side === 'provider' ? provider.name : consumerHost(field);
      // Forbidden at the provider is the method, at the consumer the path.
      const wanted = secondAt(side, field.cast);
      if (wanted === undefined) throw new Error('nothing is forbidden there');
      const asked = side === 'provider' ? field.cast.asked : insideIn(field.cast).asked;
      const [allowed, forbidden] = [line(asked), line(wanted)];
      const second = `${forbidden} HTTP/1.1\r\nHost: ${host}\r\nx-request-id: ${id}\r\nConnection: close\r\n\r\n`;
      const first = `${[`${allowed} HTTP/1.1`, `Host: ${host}`, ...headers(second)].join('\r\n')}\r\n\r\n`;
      const send = [`${first}${between}${second}`];
      const tried = `${allowed}, ${headers(second).join(', ') || 'nothing else'}, then ${forbidden} as ${id}`;
      const seen =
        side === 'provider'
          ? await reach(field, { tried, leaf: await field.leaf(), send })
          : await reachConsumer(field, { tried, leaf: await callerLeaf(field), send });
      return secondOf(field, side, seen, id);
    },
    asks: (cast) => secondAt(side, cast),
    ...(side === 'consumer' ? { needs: 'inside' as const } : {}),
    refusedWhen: by('http-rule', 'malformed', 'not-believed'),
    control: side === 'provider' ? rightLeaf : rightCaller,
  };
}

/** The second request. */
function secondAt(side: Side, cast: Cast): Asked | undefined {
  if (side === 'provider') return refusedAtProvider(cast);
  return atConsumer(cast, ({ asked, forbidden }) => ({ ...asked, path: forbidden }));
}

/** What became of the second request: the proxy's own log knows it by its id, or does not know it at all. */
async function secondOf(field: Field, side: Side, seen: Observation, id: string): Promise<Observation> {
  const statuses = [...(seen.text ?? '').matchAll(/HTTP\/1\.1 (\d{3})/g)].map(([, status]) => Number(status));
  const who = `${shortId(field.cast[side])}'s proxy`;
  const answered = `statuses ${statuses.join(', ') || 'none'}, then ${seen.end}`;
  const log = await (await field.log(side)).line((line) => ofRequest(line, id), statuses.length > 1 ? 8_000 : 2_500);
  const reached = await (await field.programLog(side)).line((line) => ofRequest(line, id, 'requestId'), 500);
  const stop = reached === undefined ? stopOf(who, seen, statuses, log) : undefined;
  return {
    ...seen,
    answered,
    notes: [
      ...seen.notes,
      ...(log === undefined ? [] : [`the second request in the proxy's log: ${JSON.stringify(log)}`]),
      ...(reached === undefined ? [] : [`the second request REACHED the program: ${JSON.stringify(reached)}`]),
    ],
    ...(stop === undefined ? {} : { stop }),
  };
}

function stopOf(
  who: string,
  seen: Observation,
  statuses: readonly number[],
  log: Observation['log'],
): Stop | undefined {
  if (log !== undefined) {
    const details = logField(log, 'details') ?? '';
    if (details === 'via_upstream' || !['403', '400'].includes(logField(log, 'status') ?? '')) return undefined;
    return {
      how: 'http-rule',
      who,
      what: `the second request is one by itself: ${logField(log, 'status')}, ${details}`,
    };
  }
  if (statuses.length === 1 && statuses[0] !== undefined && [400, 403, 426, 501].includes(statuses[0])) {
    return {
      how: 'malformed',
      who,
      what: `refuses the whole connection: ${statuses[0]}, ${logField(seen.log, 'details') ?? 'codec error'}`,
    };
  }
  if (statuses.length === 1 && seen.served === true) {
    return {
      how: 'not-believed',
      who,
      what: 'took the second request for a body of the first: one answer, nothing in any log',
    };
  }
  if (statuses.length === 2 && statuses[1] === 400) {
    return { how: 'malformed', who, what: 'answered the first and refused what followed: 400' };
  }
  return undefined;
}

interface H2Row {
  readonly name: string;
  readonly title: string;
  readonly headers: (field: Field, id: string) => Readonly<Record<string, string>>;
  readonly asks?: Attack<Field>['asks'];
}

const h2Rows: readonly H2Row[] = [
  {
    name: 'h2-method',
    title: 'a forbidden request over HTTP/2',
    asks: refusedAtProvider,
    headers: ({ cast }, id) => ({
      ':method': refusedIn(cast).method,
      ':path': refusedIn(cast).path,
      ':authority': cast.provider.name,
      'x-request-id': id,
    }),
  },
  {
    name: 'h2-connect',
    title: 'extended CONNECT over HTTP/2',
    headers: ({ cast }, id) => ({ ':method': 'CONNECT', ':authority': `${cast.provider.name}:80`, 'x-request-id': id }),
  },
  {
    name: 'h2-override',
    title: 'HTTP/2 with a forbidden request and an override header',
    asks: refusedAtProvider,
    headers: ({ cast }, id) => ({
      ':method': refusedIn(cast).method,
      ':path': refusedIn(cast).path,
      ':authority': cast.provider.name,
      'x-http-method-override': cast.asked.method,
      'x-request-id': id,
    }),
  },
];

function h2Attack({ name, title, headers, asks }: H2Row): Attack<Field> {
  return {
    id: `smuggling/${name}`,
    group: 'smuggling',
    title: `${title}, at the provider`,
    serves: ['M6', 'https://github.com/hashicorp/consul/issues/10753'],
    ...(asks === undefined ? {} : { asks }),
    attempt: async (field) => overH2(field, headers),
    refusedWhen: by('http-rule', 'malformed'),
    control: rightLeaf,
  };
}

async function overH2(field: Field, headers: H2Row['headers']): Promise<Observation> {
  const { cast } = field;
  const id = randomUUID();
  const wanted = headers(field, id);
  const leaf = await field.leaf();
  const seen = await field.from('west', {
    kind: 'ask2',
    host: cast.eastNetwork.meshGateway,
    port: meshGatewayPort,
    secure: { servername: cast.entry.sni, ...leaf },
    headers: wanted,
  });
  const log = await (await field.log('provider')).line((line) => ofRequest(line, id));
  const who = `${shortId(cast.provider)}'s proxy`;
  return observe(`HTTP/2 ${JSON.stringify(wanted)}`, seen, {
    log,
    stop: httpStop(who, seen.status ?? 0, seen.text ?? '', log),
  });
}

export const smugglingAttacks: readonly Attack<Field>[] = [
  ...rows.flatMap((row) => [attackOf('provider', row), attackOf('consumer', row)]),
  ...h2Rows.map(h2Attack),
];
