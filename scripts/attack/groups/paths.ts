/**
 * Ways to write a forbidden path so that a careless reader takes it for an allowed one, with everything else right:
 * the caller's identity, its method, its connection.
 */
import { decideRead } from '../../../model/access/decide';
import { shortId } from '../../../model/lab';
import { field as logField } from '../../call/log';
import { line } from '../asks';
import { type Asked, type Attack, type AttackRow, by, type How, type Observation } from '../attack';
import { atConsumer, type Cast, insideIn } from '../cast';
import type { Field } from '../field';
import { callerLeaf, consumerBytes, reachConsumer, rightCaller } from '../steps/consumer';

interface Row extends AttackRow {
  /** @param stem what stands before more of an allowed path, with its slash */
  readonly path: (stem: string, forbidden: string, allowed: string) => string;
  readonly headers?: (forbidden: string, allowed: string) => readonly string[];
  /** The rows may allow it as the proxies read it; the program must not read it as the forbidden path. */
  readonly passes?: true;
  /** @default - the rules answer 403 */
  readonly how?: readonly How[];
}

const normalised = 'https://github.com/hashicorp/consul/pull/23534';
const istioPaths = 'https://nvd.nist.gov/vuln/detail/CVE-2021-31920';
const fragments = 'https://nvd.nist.gov/vuln/detail/CVE-2021-39156';
const consulPaths = 'https://nvd.nist.gov/vuln/detail/CVE-2024-10005';
const consulHeaders = 'https://nvd.nist.gov/vuln/detail/CVE-2024-10006';
/** The rules or the parser; or the program itself reads it as a path under the allowed prefix, and has none such. */
const harmless: readonly How[] = ['http-rule', 'malformed', 'not-believed'];

const rows: readonly Row[] = [
  {
    name: 'forbidden',
    title: 'the forbidden path as it is',
    serves: ['M6', 'SP 800-204B SAUZ-SR-1'],
    path: (_, to) => to,
  },
  {
    name: 'dot-dot',
    title: 'up and out: /allowed/../x',
    serves: [normalised, istioPaths],
    path: (at, to) => `${at}..${to}`,
  },
  {
    name: 'encoded-dots',
    title: 'dots written %2e',
    serves: [normalised, consulPaths],
    path: (at, to) => `${at}%2e%2e${to}`,
  },
  { name: 'half-encoded-dots', title: 'dots written .%2E', serves: [consulPaths], path: (at, to) => `${at}.%2E${to}` },
  {
    name: 'escaped-slash',
    title: 'a slash written %2f',
    serves: [istioPaths, consulPaths],
    path: (at, to) => `${at}..%2f${to.slice(1)}`,
    how: ['malformed'],
  },
  {
    name: 'escaped-backslash',
    title: 'a backslash written %5c',
    serves: [istioPaths],
    path: (at, to) => `${at}..%5C${to.slice(1)}`,
    how: ['malformed'],
  },
  {
    name: 'backslash',
    title: 'a backslash for a slash',
    serves: [istioPaths],
    path: (at, to) => `${at}..\\${to.slice(1)}`,
    how: ['http-rule', 'malformed'],
  },
  { name: 'double-slash', title: 'two slashes before it', serves: [istioPaths], path: (_, to) => `/${to}` },
  {
    name: 'empty-segments',
    title: 'empty segments: /allowed//../..//x',
    serves: [istioPaths],
    path: (at, to) => `${at}/../../${to}`,
  },
  {
    name: 'double-encoded',
    title: 'dots encoded twice: %252e',
    serves: [normalised],
    path: (at, to) => `${at}%252e%252e${to}`,
    how: harmless,
    passes: true,
  },
  {
    name: 'path-parameter',
    title: 'dots with a parameter: /allowed/..;/x',
    serves: [normalised],
    path: (at, to) => `${at}..;${to}`,
    how: harmless,
    passes: true,
  },
  { name: 'prefix-alone', title: 'the prefix without its slash', serves: ['M6'], path: (at) => at.slice(0, -1) },
  {
    name: 'prefix-case',
    title: 'the prefix in capitals',
    serves: [consulPaths],
    path: (at, to) => `${at.toUpperCase()}..${to}`,
  },
  {
    name: 'prefix-case-alone',
    title: 'the prefix in capitals, and no more',
    serves: [consulPaths],
    path: (at) => at.toUpperCase(),
  },
  { name: 'query', title: 'the allowed prefix in the query', serves: ['M6'], path: (at, to) => `${to}?${at}` },
  {
    name: 'fragment',
    title: 'the allowed prefix behind a fragment sign',
    serves: [fragments],
    path: (at, to) => `${to}#${at}`,
    how: ['http-rule', 'malformed'],
  },
  {
    name: 'absolute-form',
    title: 'the absolute form of a request line',
    serves: ['M6'],
    path: (_, to) => `http://elsewhere.invalid${to}`,
  },
  {
    name: 'original-url',
    title: 'an allowed path, and headers that name another (X-Original-URL, X-Rewrite-URL, X-Envoy-Original-Path)',
    serves: [consulHeaders],
    path: (_stem, _to, allowed) => allowed,
    headers: (to) => [`X-Original-URL: ${to}`, `X-Rewrite-URL: ${to}`, `X-Envoy-Original-Path: ${to}`],
    how: ['not-believed'],
    passes: true,
  },
  {
    name: 'original-url-allowed',
    title: 'a forbidden path, and headers that name an allowed one',
    serves: [consulHeaders],
    path: (_, to) => to,
    headers: (_to, at) => [`X-Original-URL: ${at}`, `X-Envoy-Original-Path: ${at}`, `X-Forwarded-Uri: ${at}`],
  },
];

function attackOf({ name, title, serves, path, headers, passes, how = ['http-rule'] }: Row): Attack<Field> {
  const asks = (cast: Cast) =>
    atConsumer(cast, ({ asked, stem, forbidden }) => ({
      method: asked.method,
      path: path(stem, forbidden, asked.path),
    }));
  return {
    id: `paths/${name}`,
    group: 'paths',
    title,
    serves,
    needs: 'inside',
    asks: (cast) => passing(asks(cast), passes),
    attempt: async (field) => {
      const { asked, forbidden = '' } = insideIn(field.cast);
      const wanted = asks(field.cast) ?? asked;
      const bytes = consumerBytes(field, wanted, headers?.(forbidden, asked.path) ?? []);
      const leaf = await callerLeaf(field);
      const seen = await reachConsumer(field, { tried: line(wanted), leaf, send: [bytes] });
      return passes === true ? believed(field, wanted.method, seen) : seen;
    },
    refusedWhen: by(...how),
    control: rightCaller,
  };
}

function passing(asked: Asked | undefined, passes: true | undefined): Asked | undefined {
  return asked === undefined || passes === undefined ? asked : { ...asked, passes };
}

/** What a proxy passed on as something that the rows allow, and the program did not take for the forbidden path. */
async function believed(field: Field, method: string, seen: Observation): Promise<Observation> {
  const { lab, consumer } = field.cast;
  const { service, forbidden = '', asked } = insideIn(field.cast);
  const fromProgram = seen.stop === undefined && logField(seen.log, 'details') === 'via_upstream';
  const path = logField(seen.log, 'path') ?? '';
  if (!fromProgram || !decideRead(lab, service, consumer, method, path).allowed) return seen;
  // The two answers must differ, or nobody could tell which one it is.
  const [hidden, open] = [await ownAnswer(field, forbidden), await ownAnswer(field, asked.path)];
  if (hidden !== undefined && open?.includes(hidden) === false && seen.text?.includes(hidden) === true) return seen;
  const what = `passed it on as ${path}, which a row allows, and the program did not answer for ${forbidden}`;
  return { ...seen, stop: { how: 'not-believed', who: `${shortId(consumer)}'s proxy`, what } };
}

/** What the program itself says to its own container, where no proxy is between. */
function ownAnswer(field: Field, path: string): Promise<string | undefined> {
  return field.remembered(`own answer ${path}`, async () => {
    const { port } = field.cast.consumer;
    const { text } = await field.from('consumer', { kind: 'ask', url: `http://127.0.0.1:${port}${path}` });
    return text === undefined || text.trim() === '' ? undefined : text.trim();
  });
}

export const pathAttacks: readonly Attack<Field>[] = rows.map(attackOf);
