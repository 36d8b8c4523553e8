/**
 * Ways to write a forbidden path so that a careless reader takes it for an allowed one, with everything else right:
 * the caller's identity, its method, its connection.
 */
import { type Attack, type AttackRow, by, type How, type Observation } from '../attack';
import type { Field } from '../field';
import { callerLeaf, consumerHost, reachConsumer, rightCaller } from '../steps/consumer';
import { requestBytes } from '../steps/provider';

interface Row extends AttackRow {
  /** @param prefix `/api/` @param forbidden `/healthz` */
  readonly path: (prefix: string, forbidden: string) => string;
  readonly headers?: (forbidden: string) => readonly string[];
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
    title: 'up and out: /api/../x',
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
    title: 'empty segments: /api//../..//x',
    serves: [istioPaths],
    path: (at, to) => `${at}/../../${to}`,
  },
  {
    name: 'double-encoded',
    title: 'dots encoded twice: %252e',
    serves: [normalised],
    path: (at, to) => `${at}%252e%252e${to}`,
    how: harmless,
  },
  {
    name: 'path-parameter',
    title: 'dots with a parameter: /api/..;/x',
    serves: [normalised],
    path: (at, to) => `${at}..;${to}`,
    how: harmless,
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
    path: (at) => at,
    headers: (to) => [`X-Original-URL: ${to}`, `X-Rewrite-URL: ${to}`, `X-Envoy-Original-Path: ${to}`],
    how: ['not-believed'],
  },
  {
    name: 'original-url-allowed',
    title: 'a forbidden path, and headers that name an allowed one',
    serves: [consulHeaders],
    path: (_, to) => to,
    headers: () => ['X-Original-URL: /api/', 'X-Envoy-Original-Path: /api/', 'X-Forwarded-Uri: /api/'],
  },
];

/** What the program answers to the forbidden path, so that nobody could take another answer for it. */
const forbiddenAnswer = '{"ok":true}';

function attackOf({ name, title, serves, path, headers, how = ['http-rule'] }: Row): Attack<Field> {
  return {
    id: `paths/${name}`,
    group: 'paths',
    title,
    serves,
    attempt: async (field) => {
      const { allowedPrefix, forbiddenPath } = field.cast;
      const written = path(allowedPrefix, forbiddenPath);
      const bytes = requestBytes('GET', written, consumerHost(field), headers?.(forbiddenPath) ?? []);
      const leaf = await callerLeaf(field);
      return believed(field, await reachConsumer(field, { tried: `GET ${written}`, leaf, send: [bytes] }));
    },
    refusedWhen: by(...how),
    control: rightCaller,
  };
}

/** An answer of the program itself that is not the forbidden one: it read the path as the rules did. */
function believed({ cast }: Field, seen: Observation): Observation {
  const fromProgram = seen.stop === undefined && seen.log?.details === 'via_upstream';
  const other = seen.status === 404 || (seen.status === 200 && seen.text?.includes('"endpoints"') === true);
  if (!fromProgram || !other || seen.text?.includes(forbiddenAnswer) === true) return seen;
  const what = `answered for ${String(seen.log?.path)}, which the row allows, not for ${cast.forbiddenPath}`;
  return { ...seen, stop: { how: 'not-believed', who: `${cast.consumer.mesh}/${cast.consumer.name}`, what } };
}

export const pathAttacks: readonly Attack<Field>[] = rows.map(attackOf);
