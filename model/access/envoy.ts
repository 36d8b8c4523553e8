/**
 * The access table for Envoy: the public listener of a Consul sidecar. Consul puts its own intentions and its TLS with
 * the SPIFFE validator before it.
 *
 * Why a listener of ours, also at connection level: stock Consul lets a peered CA pose as a local service by a second
 * URI SAN, because the validator looks at the first and RBAC accepts any. `UriSanInput` sees all URIs joined, so an
 * exact match refuses every certificate with more than one.
 */
import { requestLogFields } from '../access-log';
import { consulServiceIdentity } from '../identity';
import type { Lab, Mesh, Service } from '../lab';
import { mesh as meshOf } from '../lab';
import { ingressGatewayService } from '../names';
import { federationIdentity } from '../planes';
import { connectionOnly, type Grant, grantsTo, isOpen, pageRule, type Rule } from './table';

export type Json = Readonly<Record<string, unknown>>;

const extensions = 'type.googleapis.com/envoy.extensions.filters';

/** Identities that may connect, each with what it may ask for. */
export interface Caller {
  readonly identity: string;
  readonly rules: readonly Rule[];
}

/** The callers of a Consul service as its sidecar sees them. */
export function callers(lab: Lab, callee: Service): Caller[] {
  const own = meshOf(lab, callee.mesh);
  const rows = grantsTo(lab, callee).map((grant) => ({ identity: identityAt(lab, own, grant), rules: grant.rules }));
  const gateway = consulServiceIdentity(own.trustDomain, own.datacenter ?? '', ingressGatewayService);
  return callee.expose === 'page' ? [...rows, { identity: gateway, rules: [pageRule] }] : rows;
}

function identityAt(lab: Lab, own: Mesh, { from }: Grant): string {
  return from.mesh === own.name
    ? consulServiceIdentity(own.trustDomain, own.datacenter ?? '', from.name)
    : federationIdentity(lab, from.mesh, own.name, from.name);
}

/** The whole listener, as `envoy_public_listener_json` takes it. One filter chain and no default chain. */
export function publicListener(lab: Lab, callee: Service, address: string, port: number): Json {
  const filters = connectionOnly(callers(lab, callee)) ? connectionFilters(lab, callee) : httpFilters(lab, callee);
  return {
    '@type': 'type.googleapis.com/envoy.config.listener.v3.Listener',
    name: `public_listener:${address}:${port}`,
    address: { socket_address: { address, port_value: port } },
    per_connection_buffer_limit_bytes: 1_048_576,
    // Only for the access log: it reads the server name that the caller asked for.
    listener_filters: [
      {
        name: 'envoy.filters.listener.tls_inspector',
        typed_config: { '@type': `${extensions}.listener.tls_inspector.v3.TlsInspector` },
      },
    ],
    filter_chains: [{ filters }],
  };
}

function connectionFilters(lab: Lab, callee: Service): Json[] {
  const rbac = {
    '@type': `${extensions}.network.rbac.v3.RBAC`,
    stat_prefix: 'access',
    matcher: byIdentity(callers(lab, callee), 'connection'),
  };
  const proxy = {
    '@type': `${extensions}.network.tcp_proxy.v3.TcpProxy`,
    stat_prefix: 'public_listener',
    cluster: 'local_app',
    access_log: accessLog(),
  };
  return [
    { name: 'envoy.filters.network.rbac', typed_config: rbac },
    { name: 'envoy.filters.network.tcp_proxy', typed_config: proxy },
  ];
}

function httpFilters(lab: Lab, callee: Service): Json[] {
  const manager = {
    '@type': `${extensions}.network.http_connection_manager.v3.HttpConnectionManager`,
    stat_prefix: 'public_listener',
    // The caller's certificate is the only source of this header.
    forward_client_cert_details: 'SANITIZE_SET',
    set_current_client_cert_details: { uri: true },
    // No upgrade_configs: Envoy refuses every switch of protocols, behind which no rule would hold.
    // What a proxy would read in two ways must not reach the rules.
    normalize_path: true,
    merge_slashes: true,
    path_with_escaped_slashes_action: 'REJECT_REQUEST',
    preserve_external_request_id: true,
    access_log: accessLog(),
    common_http_protocol_options: { idle_timeout: '300s' },
    // No shorter than the longest request that is promised.
    stream_idle_timeout: `${Math.max(300, lab.settings.drainSeconds)}s`,
    request_headers_timeout: '10s',
    route_config: {
      name: 'public',
      virtual_hosts: [
        {
          name: 'public',
          domains: ['*'],
          routes: [{ match: { prefix: '/' }, route: { cluster: 'local_app', timeout: '0s' } }],
        },
      ],
    },
    http_filters: [
      {
        name: 'envoy.filters.http.rbac',
        typed_config: {
          '@type': `${extensions}.http.rbac.v3.RBAC`,
          matcher: readable({ matcher: byIdentity(callers(lab, callee), 'http') }),
        },
      },
      { name: 'envoy.filters.http.router', typed_config: { '@type': `${extensions}.http.router.v3.Router` } },
    ],
  };
  return [{ name: 'envoy.filters.network.http_connection_manager', typed_config: manager }];
}

function accessLog(): Json[] {
  return [
    {
      name: 'envoy.access_loggers.stdout',
      typed_config: {
        '@type': 'type.googleapis.com/envoy.extensions.access_loggers.stream.v3.StdoutAccessLog',
        log_format: { json_format: requestLogFields },
      },
    },
  ];
}

/** HTTP filter configuration that refuses whoever's URI SANs, joined, are not exactly one of these identities. */
export function onlyIdentities(identities: readonly string[]): Json {
  const allowed = identities.map((identity) => ({ identity, rules: [] }));
  return {
    '@type': `${extensions}.http.rbac.v3.RBAC`,
    matcher: readable({ matcher: byIdentity(allowed, 'connection') }),
  };
}

/** HTTP filter configuration that refuses paths which the next reader would take for others, and nothing else. */
export function onlyReadable(): Json {
  return { '@type': `${extensions}.http.rbac.v3.RBAC`, matcher: readable(action('ALLOW')) };
}

/**
 * Envoy takes `..;x` for two dots, but not `%2e%2e;x`, of which it makes `..;x`: the next proxy, or a program, would go
 * up where these rules saw no way up.
 */
function readable(otherwise: Json): Json {
  const bareDots = header(':path', { safe_regex: { google_re2: {}, regex: '[^?]*/[.][.]?;.*' } });
  return { matcher_list: { matchers: [{ predicate: bareDots, on_match: action('DENY') }] }, on_no_match: otherwise };
}

/** RBAC matcher: the joined URI SANs must equal one caller's, then one of its rules must hold. */
function byIdentity(allowed: readonly Caller[], level: 'connection' | 'http'): Json {
  // Envoy refuses an empty map; a name nobody can have keeps "no caller" a rule like any other.
  const entries =
    allowed.length === 0
      ? [['spiffe://nobody.invalid/', action('DENY')]]
      : allowed.map(({ identity, rules }) => [
          identity,
          level === 'http' ? { matcher: anyRule(rules) } : action('ALLOW'),
        ]);
  const input = {
    name: 'uri_san',
    typed_config: { '@type': 'type.googleapis.com/envoy.extensions.matching.common_inputs.ssl.v3.UriSanInput' },
  };
  return {
    matcher_tree: { input, exact_match_map: { map: Object.fromEntries(entries) } },
    on_no_match: action('DENY'),
  };
}

function anyRule(rules: readonly Rule[]): Json {
  if (rules.some(isOpen)) return { on_no_match: action('ALLOW') };
  const matchers = rules.map(({ methods, paths }) => ({
    predicate: all([
      ...(methods.length === 0 ? [] : [any(methods.map((method) => header(':method', { exact: method })))]),
      ...(paths.length === 0 ? [] : [any(paths.map((path) => header(':path', pathMatch(path))))]),
    ]),
    on_match: action('ALLOW'),
  }));
  return { matcher_list: { matchers }, on_no_match: action('DENY') };
}

/** `:path` carries the query as well; an exact path must end at it. */
function pathMatch(path: string): Json {
  if (path.endsWith('/')) return { prefix: path };
  // The matcher API's own regular expression: it wants its engine named.
  return { safe_regex: { google_re2: {}, regex: `${path.replaceAll('.', '\\.')}(\\?.*)?` } };
}

function header(name: string, valueMatch: Json): Json {
  const typed = { '@type': 'type.googleapis.com/envoy.type.matcher.v3.HttpRequestHeaderMatchInput', header_name: name };
  return { single_predicate: { input: { name, typed_config: typed }, value_match: valueMatch } };
}

function any(list: readonly Json[]): Json {
  return list.length === 1 ? (list[0] ?? {}) : { or_matcher: { predicate: list } };
}

function all(list: readonly Json[]): Json {
  return list.length === 1 ? (list[0] ?? {}) : { and_matcher: { predicate: list } };
}

function action(verdict: 'ALLOW' | 'DENY'): Json {
  const typed = {
    '@type': 'type.googleapis.com/envoy.config.rbac.v3.Action',
    name: verdict.toLowerCase(),
    action: verdict,
  };
  return { action: { name: 'verdict', typed_config: typed } };
}
