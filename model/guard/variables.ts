/** Environment variables of the meshes' own containers: those that the injectors set, each with what it may say. */
import { parse } from 'yaml';
import { type Check, harmlessProxyConfig } from './capture';
import type { Deviation } from './shapes';
import { limits } from './size';
import type { Container, EnvironmentVariable } from './types';

/** By the variable's name; what is not listed is refused: it could decide what the program loads or where it listens. */
export type Variables = Readonly<Record<string, (variable: EnvironmentVariable) => boolean>>;

type Entry = Readonly<Record<string, unknown>>;
const entryOf = (value: unknown): Entry => Object(value) as Entry;

/** Written out: Kubernetes would put another variable's value in place of `$(NAME)` after it was checked here. */
const said =
  (check: Check, expands = false) =>
  ({ value = '', valueFrom }: EnvironmentVariable): boolean =>
    valueFrom === undefined && (expands || !value.includes('$(')) && check(value);
const text = said(() => true);
const only = (...values: string[]) => said((value) => values.includes(value));
const flag = only('true', 'false');

/** From this field of the pod, and no annotation, Secret or ConfigMap. */
const field =
  (path: string) =>
  ({ value, valueFrom }: EnvironmentVariable): boolean =>
    (value ?? '') === '' &&
    Object.keys(entryOf(valueFrom)).join() === 'fieldRef' &&
    entryOf(entryOf(valueFrom).fieldRef).fieldPath === path;

const limit =
  (resource: string) =>
  ({ value, valueFrom }: EnvironmentVariable): boolean =>
    (value ?? '') === '' &&
    Object.keys(entryOf(valueFrom)).join() === 'resourceFieldRef' &&
    entryOf(entryOf(valueFrom).resourceFieldRef).resource === resource;

/** Metadata that a mesh may set for all its proxies: the injector repeats it as variables of both containers. */
const istioMetadata: Variables = {
  EXIT_ON_ZERO_ACTIVE_CONNECTIONS: flag,
  ISTIO_META_DNS_AUTO_ALLOCATE: flag,
  ISTIO_META_DNS_CAPTURE: flag,
  ISTIO_META_ENABLE_HBONE: flag,
  METRICS_LOCALHOST_ACCESS_ONLY: flag,
  MINIMUM_DRAIN_DURATION: text,
};

export const istioInitVariables: Variables = istioMetadata;

export const istioProxyVariables: Variables = {
  ...istioMetadata,
  CA_ADDR: text,
  COMPLIANCE_POLICY: text,
  GODEBUG: only('fips140=only'),
  GOMAXPROCS: limit('limits.cpu'),
  GOMEMLIMIT: limit('limits.memory'),
  HOST_IP: field('status.hostIP'),
  INSTANCE_IP: field('status.podIP'),
  ISTIO_CPU_LIMIT: limit('limits.cpu'),
  ISTIO_KUBE_APP_PROBERS: text,
  ISTIO_META_APP_CONTAINERS: text,
  ISTIO_META_CLUSTER_ID: text,
  ISTIO_META_INTERCEPTION_MODE: only('REDIRECT'),
  ISTIO_META_MESH_ID: text,
  ISTIO_META_NETWORK: text,
  ISTIO_META_NODE_NAME: field('spec.nodeName'),
  ISTIO_META_OWNER: text,
  ISTIO_META_POD_PORTS: text,
  ISTIO_META_WORKLOAD_NAME: text,
  ISTIO_PROMETHEUS_ANNOTATIONS: text,
  // Text for telemetry only, whatever stands in it.
  OTEL_RESOURCE_ATTRIBUTES: said(() => true, true),
  PILOT_CERT_PROVIDER: only('istiod', 'kubernetes'),
  POD_NAME: field('metadata.name'),
  POD_NAMESPACE: field('metadata.namespace'),
  PROXY_CONFIG: said(harmlessMeshProxyConfig),
  REWRITE_PROBE_LEGACY_LOCALHOST_DESTINATION: flag,
  SERVICE_ACCOUNT: field('spec.serviceAccountName'),
  TRUST_DOMAIN: text,
};

/**
 * A mesh's whole configuration of a proxy, in which more may stand than a pod may ask for. Istio reads YAML here, with
 * quoted keys or without.
 */
function harmlessMeshProxyConfig(config: string): boolean {
  if (config.length > limits.configuration) return false;
  let value: unknown;
  try {
    value = parse(config);
  } catch {
    return false;
  }
  if (typeof value !== 'object' || Array.isArray(value)) return false;
  const { discoveryAddress, proxyMetadata, tracing, ...rest } = entryOf(value);
  return (
    harmlessProxyConfig(JSON.stringify(rest)) &&
    // Names in other namespaces could be anybody's Service.
    /^istiod(-[a-z0-9-]+)?\.istio-system\.svc:15012$/.test(
      String(discoveryAddress ?? 'istiod.istio-system.svc:15012'),
    ) &&
    Object.entries(entryOf(proxyMetadata)).every(([name, said]) =>
      istioMetadata[name]?.({ name, value: String(said) }),
    ) &&
    Object.keys(entryOf(tracing)).length === 0
  );
}

/** `exec=PROGRAM` would run one to learn the addresses. */
export const isAddress: Check = (value) => /^[\w.:[\]-]+$/.test(value);

export const consulInitVariables: Variables = {
  CONSUL_ADDRESSES: said(isAddress),
  CONSUL_API_TIMEOUT: text,
  CONSUL_CACERT_PEM: text,
  CONSUL_DUAL_STACK: flag,
  CONSUL_GRPC_PORT: text,
  CONSUL_HTTP_PORT: text,
  CONSUL_LOGIN_AUTH_METHOD: text,
  CONSUL_LOGIN_BEARER_TOKEN_FILE: only('/var/run/secrets/kubernetes.io/serviceaccount/token'),
  CONSUL_LOGIN_META: said((value) => value === 'pod=$(POD_NAMESPACE)/$(POD_NAME)', true),
  CONSUL_LOGIN_NAMESPACE: text,
  CONSUL_LOGIN_PARTITION: text,
  CONSUL_NAMESPACE: text,
  CONSUL_NODE_NAME: said((value) => value === '$(NODE_NAME)-virtual', true),
  CONSUL_PARTITION: text,
  CONSUL_REDIRECT_TRAFFIC_CONFIG: said(redirectsEverything),
  CONSUL_TLS_SERVER_NAME: text,
  CONSUL_USE_TLS: flag,
  NODE_NAME: field('spec.nodeName'),
  POD_NAME: field('metadata.name'),
  POD_NAMESPACE: field('metadata.namespace'),
};

/** `DP_…` says what consul-dataplane's arguments say, so no more of them than the injector sets. */
export const consulDataplaneVariables: Variables = {
  DP_CREDENTIAL_LOGIN_META: said((value) => value === 'pod=$(POD_NAMESPACE)/$(POD_NAME)', true),
  DP_CREDENTIAL_LOGIN_META1: said((value) => value === 'pod=$(POD_NAMESPACE)/$(POD_NAME)', true),
  DP_CREDENTIAL_LOGIN_META2: said((value) => value === 'pod-uid=$(POD_UID)', true),
  DP_ENVOY_READY_BIND_ADDRESS: field('status.podIP'),
  DP_SERVICE_NODE_NAME: said((value) => value === '$(NODE_NAME)-virtual', true),
  HOST_IP: field('status.hostIP'),
  NODE_NAME: field('spec.nodeName'),
  POD_NAME: field('metadata.name'),
  POD_NAMESPACE: field('metadata.namespace'),
  POD_UID: field('metadata.uid'),
  TMPDIR: only('/consul/connect-inject'),
};

const redirectKeys = [
  'ConsulDNSIP',
  'ConsulDNSPort',
  'ProxyUserID',
  'ProxyInboundPort',
  'ProxyOutboundPort',
  'ExcludeInboundPorts',
  'ExcludeOutboundPorts',
  'ExcludeOutboundCIDRs',
  'ExcludeUIDs',
  'IptablesProvider',
  'NetNS',
];

/**
 * Redirection by Consul's init container: everything but the two users of its own. Go's keys have no case, so those that
 * are not known exactly are refused.
 */
function redirectsEverything(config: string): boolean {
  try {
    const value = entryOf(JSON.parse(config));
    const { ProxyUserID, ExcludeUIDs, ExcludeOutboundPorts, ExcludeOutboundCIDRs, IptablesProvider, NetNS } = value;
    const users: unknown[] = Array.isArray(ExcludeUIDs) ? ExcludeUIDs : [];
    return (
      Object.keys(value).every((key) => redirectKeys.includes(key)) &&
      ProxyUserID === '5995' &&
      users.every((id) => id === '5996') &&
      [ExcludeOutboundPorts, ExcludeOutboundCIDRs].every((list) => Object.keys(entryOf(list)).length === 0) &&
      (IptablesProvider ?? null) === null &&
      (NetNS ?? '') === ''
    );
  } catch {
    return false;
  }
}

/** Variables that no injector sets, or sets otherwise. */
export function variableDeviations({ env = [] }: Container, known: Variables): Deviation[] {
  const seen = new Set<string>();
  return [
    ...env.flatMap((variable): Deviation[] => {
      const { name, value, valueFrom } = variable;
      // Not read again: a long value takes its time.
      if (seen.has(name)) return [{ field: `env.${name}`, problem: 'is there twice, and the last would count' }];
      seen.add(name);
      const check = Object.hasOwn(known, name) ? known[name] : undefined;
      const problem = 'decides what the program loads or does, and the injector does not set it';
      if (check === undefined) return [{ field: 'env', problem, value: name }];
      if (check(variable)) return [];
      const from = valueFrom === undefined ? value : valueFrom;
      return [{ field: `env.${name}`, problem: "is not the injector's", value: from ?? '' }];
    }),
  ];
}
