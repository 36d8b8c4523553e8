/**
 * A tiny interpreter of the RBAC matchers that we generate: what Envoy does with them, and an error for anything that
 * it does not know, so that no new field goes unread.
 */
import * as z from 'zod';
import type { Json } from '../../model/access/envoy';
import type { Reading } from '../../model/access/request';
import type { KubeObject } from '../../model/kube';

/** What Envoy knows of a request: the URI SANs of the client's certificate, and HTTP where it reads it. */
export interface Seen {
  readonly uris: readonly string[];
  readonly method: string;
  readonly path: string;
  /** Whether it asks to switch protocols. @default - no */
  readonly upgrade?: boolean;
}

const type = <T extends string>(name: T) => z.literal(`type.googleapis.com/${name}`);

const action = z.strictObject({
  name: z.string(),
  typed_config: z.strictObject({
    '@type': type('envoy.config.rbac.v3.Action'),
    name: z.string(),
    action: z.enum(['ALLOW', 'DENY']),
  }),
});

const single = z.strictObject({
  single_predicate: z.strictObject({
    input: z.strictObject({
      name: z.string(),
      typed_config: z.strictObject({
        '@type': type('envoy.type.matcher.v3.HttpRequestHeaderMatchInput'),
        header_name: z.enum([':method', ':path']),
      }),
    }),
    value_match: z.union([
      z.strictObject({ exact: z.string().min(1) }),
      z.strictObject({ prefix: z.string().min(1) }),
      // Envoy refuses one without its engine.
      z.strictObject({ safe_regex: z.strictObject({ google_re2: z.strictObject({}), regex: z.string().min(1) }) }),
    ]),
  }),
});

type Predicate =
  | z.infer<typeof single>
  | { readonly or_matcher: { readonly predicate: readonly Predicate[] } }
  | { readonly and_matcher: { readonly predicate: readonly Predicate[] } };

// Envoy refuses lists of fewer than two.
const list = z.strictObject({ predicate: z.array(z.lazy(() => predicate)).min(2) });
const predicate: z.ZodType<Predicate> = z.union([
  single,
  z.strictObject({ or_matcher: list }),
  z.strictObject({ and_matcher: list }),
]);

const onMatch = z.strictObject({ action });
const rules = z.strictObject({
  matcher_list: z
    .strictObject({ matchers: z.array(z.strictObject({ predicate, on_match: onMatch })).min(1) })
    .optional(),
  on_no_match: onMatch,
});

const matcher = z.strictObject({
  matcher_tree: z.strictObject({
    input: z.strictObject({
      name: z.string(),
      typed_config: z.strictObject({ '@type': type('envoy.extensions.matching.common_inputs.ssl.v3.UriSanInput') }),
    }),
    exact_match_map: z.strictObject({
      map: z
        .record(z.string().min(1), z.union([onMatch, z.strictObject({ matcher: rules })]))
        .refine((map) => Object.keys(map).length > 0, 'Envoy refuses an empty map'),
    }),
  }),
  on_no_match: onMatch,
});

/** Paths that the next reader would take for others are refused before anything else. */
const readable = z.strictObject({
  matcher_list: z.strictObject({
    matchers: z.tuple([z.strictObject({ predicate: single, on_match: onMatch })]),
  }),
  on_no_match: z.strictObject({ matcher }),
});

const network = z.object({
  '@type': type('envoy.extensions.filters.network.rbac.v3.RBAC'),
  stat_prefix: z.string().min(1),
  matcher,
});
const http = z.object({
  '@type': type('envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager'),
  // Without any, Envoy refuses every switch of protocols.
  upgrade_configs: z.array(z.unknown()).min(1).optional(),
  http_filters: z.tuple([
    z.object({
      typed_config: z.strictObject({ '@type': type('envoy.extensions.filters.http.rbac.v3.RBAC'), matcher: readable }),
    }),
    z.object({ typed_config: z.object({ '@type': type('envoy.extensions.filters.http.router.v3.Router') }) }),
  ]),
});
const filter = z.object({ typed_config: z.unknown() });
const listener = z.object({ filter_chains: z.tuple([z.object({ filters: z.array(filter).min(1) })]) });

/** Reads a public listener; the answer says whether it lets a request through to the program. */
export function listenerDecision(config: Json): (seen: Seen) => boolean {
  const [chain] = listener.parse(config).filter_chains;
  const { typed_config: first } = chain.filters[0] ?? {};
  const atConnection = network.safeParse(first);
  const manager = atConnection.success ? undefined : http.parse(first);
  const tree = atConnection.success
    ? atConnection.data.matcher
    : http.parse(first).http_filters[0].typed_config.matcher.on_no_match.matcher;
  const refusesUpgrades = manager !== undefined && manager.upgrade_configs === undefined;
  const map = new Map(Object.entries(tree.matcher_tree.exact_match_map.map));
  return (seen) => {
    if (seen.upgrade === true && refusesUpgrades) return false;
    // Envoy joins all URIs to one text.
    const entry = map.get(seen.uris.join(','));
    if (entry === undefined) return allows(tree.on_no_match);
    return 'matcher' in entry ? rulesAllow(entry.matcher, seen) : allows(entry);
  };
}

const reading = z.object({
  typed_config: z.object({
    '@type': type('envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager'),
    normalize_path: z.literal(true),
    merge_slashes: z.boolean().optional(),
    path_with_escaped_slashes_action: z.literal('REJECT_REQUEST').optional(),
  }),
});

/** Whether a matcher refuses dots before a semicolon, and nothing else: told by trying it. */
function bareDots([{ predicate: one, on_match: verdict }]: z.infer<typeof readable>['matcher_list']['matchers']) {
  const says = (path: string) => holds(one, { uris: [], method: 'GET', path });
  const refused = ['/..;/', '/a/.;', '/a/..;x/b?'];
  const kept = ['/', '/a;b', '/a..;/', '/...;/', '/a?/..;/'];
  const right = refused.every(says) && !kept.some(says) && !allows(verdict);
  return right ? 'refuse' : 'keep';
}

/** How a public listener reads requests; undefined when it passes connections on. */
export function listenerReading(config: Json): Reading | undefined {
  const [chain] = listener.parse(config).filter_chains;
  const found = reading.safeParse(chain.filters[0]);
  if (!found.success) return undefined;
  const { merge_slashes: mergeSlashes = false, path_with_escaped_slashes_action: action } = found.data.typed_config;
  const { matcher_list: list } = http.parse(chain.filters[0]?.typed_config).http_filters[0].typed_config.matcher;
  return {
    mergeSlashes,
    escapedSlashes: action === undefined ? 'keep' : 'refuse',
    bareDots: bareDots(list.matchers),
    fragment: 'refuse',
  };
}

const httpFilter = z.object({
  applyTo: z.literal('HTTP_FILTER'),
  match: z.strictObject({
    context: z.literal('GATEWAY'),
    listener: z.strictObject({
      portNumber: z.number(),
      filterChain: z.strictObject({ sni: z.string().min(1), filter: z.strictObject({ name: z.string() }) }),
    }),
  }),
  patch: z.strictObject({
    operation: z.literal('INSERT_FIRST'),
    value: z.strictObject({
      name: z.string(),
      typed_config: z.strictObject({ '@type': type('envoy.extensions.filters.http.rbac.v3.RBAC'), matcher: readable }),
    }),
  }),
});

/** Reads an export's filter; the answer says whether it lets a certificate with these URIs pass under this server name. */
export function filterDecision(filter: KubeObject): (uris: readonly string[], sni: string) => boolean {
  const { configPatches } = z.object({ configPatches: z.array(z.unknown()) }).parse(filter.spec);
  const { match, patch } = httpFilter.parse(configPatches[0]);
  const tree = patch.value.typed_config.matcher.on_no_match.matcher;
  const map = new Map(Object.entries(tree.matcher_tree.exact_match_map.map));
  return (uris, sni) => {
    // Under another server name this filter is not in the chain.
    if (sni !== match.listener.filterChain.sni) return true;
    const entry = map.get(uris.join(','));
    return allows(entry === undefined || 'matcher' in entry ? tree.on_no_match : entry);
  };
}

/** Reads a filter of a whole mesh that refuses paths which the next reader would take for others. */
export function meshFilterReading(config: unknown): Reading['bareDots'] {
  const whole = z.strictObject({
    '@type': type('envoy.extensions.filters.http.rbac.v3.RBAC'),
    matcher: z.strictObject({ matcher_list: readable.shape.matcher_list, on_no_match: onMatch }),
  });
  const { matcher_list: list, on_no_match: otherwise } = whole.parse(config).matcher;
  if (!allows(otherwise)) throw new Error('a filter of the whole mesh must let all else pass');
  return bareDots(list.matchers);
}

function rulesAllow({ matcher_list: some, on_no_match: otherwise }: z.infer<typeof rules>, seen: Seen): boolean {
  const first = some?.matchers.find((one) => holds(one.predicate, seen));
  return allows(first?.on_match ?? otherwise);
}

function allows({ action: { typed_config: verdict } }: z.infer<typeof onMatch>): boolean {
  return verdict.action === 'ALLOW';
}

function holds(one: Predicate, seen: Seen): boolean {
  if ('or_matcher' in one) return one.or_matcher.predicate.some((inner) => holds(inner, seen));
  if ('and_matcher' in one) return one.and_matcher.predicate.every((inner) => holds(inner, seen));
  const { input, value_match: match } = one.single_predicate;
  const value = input.typed_config.header_name === ':method' ? seen.method : seen.path;
  if ('exact' in match) return value === match.exact;
  if ('prefix' in match) return value.startsWith(match.prefix);
  return new RegExp(`^(?:${match.safe_regex.regex})$`).test(value);
}
