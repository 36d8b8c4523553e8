/**
 * Refusals: annotations and labels that change what the mesh's proxy captures, listens on, or runs as. Of the meshes'
 * prefixes only what is known to be harmless passes, so that a new annotation of theirs opens nothing.
 */
import { parse } from 'yaml';
import type { Fault } from '../fault';
import { consulUpstreams } from './consul-upstreams';
import { limits } from './size';
import type { GuardConfig, Pod, ProxyKind } from './types';

export type Check = (value: string) => boolean;

const any: Check = () => true;
const only =
  (...values: string[]): Check =>
  (value) =>
    values.includes(value);
const probePorts: Check = (value) =>
  value.split(',').every((port) => ['', '15020', '15021', '15090'].includes(port.trim()));

const prefixes: Readonly<Record<ProxyKind, RegExp>> = {
  istio: /(^|\.)istio\.io\//,
  consul: /^consul\.hashicorp\.com\//,
};

const harmless: Readonly<Record<ProxyKind, Readonly<Record<string, Check>>>> = {
  istio: {
    'inject.istio.io/templates': only('sidecar'),
    'istio.io/rev': any,
    'prometheus.istio.io/merge-metrics': any,
    'proxy.istio.io/config': harmlessProxyConfig,
    'readiness.status.sidecar.istio.io/applicationPorts': any,
    'readiness.status.sidecar.istio.io/failureThreshold': any,
    'readiness.status.sidecar.istio.io/initialDelaySeconds': any,
    'readiness.status.sidecar.istio.io/periodSeconds': any,
    'sidecar.istio.io/agentLogLevel': any,
    'sidecar.istio.io/componentLogLevel': any,
    'sidecar.istio.io/inject': only('true', 'false'),
    'sidecar.istio.io/interceptionMode': only('REDIRECT'),
    'sidecar.istio.io/logLevel': any,
    'sidecar.istio.io/nativeSidecar': any,
    'sidecar.istio.io/proxyCPU': any,
    'sidecar.istio.io/proxyCPULimit': any,
    'sidecar.istio.io/proxyMemory': any,
    'sidecar.istio.io/proxyMemoryLimit': any,
    'sidecar.istio.io/rewriteAppHTTPProbers': any,
    'sidecar.istio.io/status': any,
    'status.sidecar.istio.io/port': only('15020'),
    'traffic.sidecar.istio.io/excludeInboundPorts': probePorts,
    'traffic.sidecar.istio.io/excludeOutboundIPRanges': only(''),
    'traffic.sidecar.istio.io/excludeOutboundPorts': only(''),
    'traffic.sidecar.istio.io/includeInboundPorts': only('*'),
    'traffic.sidecar.istio.io/includeOutboundIPRanges': only('*'),
    // Labels.
    'networking.istio.io/tunnel': any,
    'security.istio.io/tlsMode': any,
    'service.istio.io/canonical-name': any,
    'service.istio.io/canonical-revision': any,
    'service.istio.io/workload-name': any,
    'topology.istio.io/network': any,
  },
  consul: {
    'consul.hashicorp.com/connect-inject': any,
    'consul.hashicorp.com/connect-inject-managed-by': any,
    'consul.hashicorp.com/connect-inject-status': any,
    'consul.hashicorp.com/connect-k8s-version': any,
    'consul.hashicorp.com/connect-service': any,
    'consul.hashicorp.com/connect-service-port': any,
    'consul.hashicorp.com/connect-service-upstreams': any,
    'consul.hashicorp.com/consul-envoy-proxy-concurrency': any,
    'consul.hashicorp.com/consul-k8s-version': any,
    'consul.hashicorp.com/enable-metrics': any,
    'consul.hashicorp.com/enable-metrics-merging': any,
    'consul.hashicorp.com/envoy-extra-args': harmlessEnvoyArguments,
    'consul.hashicorp.com/kubernetes-service': any,
    'consul.hashicorp.com/original-pod': any,
    'consul.hashicorp.com/proxy-config-map': harmlessProxyConfigMap,
    'consul.hashicorp.com/redirect-traffic-config': any,
    'consul.hashicorp.com/service-tags': any,
    'consul.hashicorp.com/sidecar-proxy-cpu-limit': any,
    'consul.hashicorp.com/sidecar-proxy-cpu-request': any,
    'consul.hashicorp.com/sidecar-proxy-liveness-failure-seconds': any,
    'consul.hashicorp.com/sidecar-proxy-memory-limit': any,
    'consul.hashicorp.com/sidecar-proxy-memory-request': any,
    'consul.hashicorp.com/sidecar-proxy-startup-failure-seconds': any,
    'consul.hashicorp.com/transparent-proxy': any,
    'consul.hashicorp.com/transparent-proxy-overwrite-probes': any,
    'consul.hashicorp.com/transparent-proxy-status': any,
    'consul.hashicorp.com/use-proxy-health-check': any,
  },
};

export function captureFaults(pod: Pod, config: Pick<GuardConfig, 'proxies'>): Fault[] {
  const sources = ['annotations', 'labels'] as const;
  const faults = config.proxies.flatMap(({ kind }) =>
    sources.flatMap((source) =>
      Object.entries(pod.metadata?.[source] ?? {})
        .filter(([key, value]) => isStrange(kind, key, value))
        .map(([key, value]) => strange(source, kind, key, value)),
    ),
  );
  const consul = config.proxies.some(({ kind }) => kind === 'consul');
  return [...faults, ...(consul ? consulUpstreams(pod).faults : [])];
}

function isStrange(kind: ProxyKind, key: string, value: string): boolean {
  if (!prefixes[kind].test(key)) return false;
  if (kind === 'consul' && key.startsWith('consul.hashicorp.com/service-meta-')) return false;
  return !(harmless[kind][key]?.(value) ?? false);
}

function strange(source: 'annotations' | 'labels', kind: ProxyKind, key: string, value: string): Fault {
  const check = harmless[kind][key];
  return {
    path: ['metadata', source, key],
    problem: "could change what the mesh's proxy captures, where it listens or what it runs",
    value,
    allowed:
      check === undefined
        ? `${Object.keys(harmless[kind]).length} ${kind === 'istio' ? 'of Istio' : 'of Consul'}'s annotations and labels are known to be harmless; this is none`
        : 'a value that leaves capture, ports and program as they are',
    fix: 'remove it, or set it for the whole mesh',
  };
}

/** What Istio's injector writes into its containers because of an annotation. */
const consequences: readonly { readonly key: RegExp; readonly container: RegExp; readonly field: RegExp }[] = [
  { key: /^traffic\.sidecar\.istio\.io\//, container: /^istio-(init|validation)$/, field: /^args$/ },
  { key: /^status\.sidecar\.istio\.io\/port$/, container: /^istio-(init|validation)$/, field: /^args$/ },
  {
    key: /^sidecar\.istio\.io\/interceptionMode$/,
    container: /^istio-/,
    field: /^(args|securityContext\..*|env\.ISTIO_META_INTERCEPTION_MODE)$/,
  },
  { key: /^sidecar\.istio\.io\/proxyImage$/, container: /^istio-/, field: /^image$/ },
  { key: /^proxy\.istio\.io\/config$/, container: /^istio-proxy$/, field: /^env\.PROXY_CONFIG$/ },
];

/** Whether a fault of the mesh's own container is there because of an annotation that is refused itself. */
export function followsFrom(captured: readonly Fault[], { path: [, , container, ...field] }: Fault): boolean {
  return consequences.some(
    (it) =>
      it.container.test(String(container)) &&
      it.field.test(field.join('.')) &&
      captured.some(({ path }) => it.key.test(String(path.at(-1)))),
  );
}

const proxyConfigKeys = [
  'concurrency',
  'drainDuration',
  'holdApplicationUntilProxyStarts',
  'proxyStatsMatcher',
  'terminationDrainDuration',
];

/** Whether a proxy's configuration, in YAML, leaves its program, files, addresses and ports as they are. */
export function harmlessProxyConfig(text: string): boolean {
  // The reader compares each key with all the others.
  if (text.length > limits.configuration) return false;
  try {
    const value: unknown = parse(text);
    if (value === null) return true;
    return typeof value === 'object' && Object.keys(value).every((key) => proxyConfigKeys.includes(key));
  } catch {
    return false;
  }
}

const envoyOptions: readonly RegExp[] = [
  /^--drain-time-s \d+$/,
  /^--drain-strategy (gradual|immediate)$/,
  /^--log-level \w+$/,
  /^--component-log-level [\w:,-]+$/,
  /^--concurrency \d+$/,
  /^--disable-hot-restart$/,
  /^--file-flush-interval-msec \d+$/,
];

/** Whether Envoy's options neither move nor add a port, a file or a program. */
export function harmlessEnvoyArguments(text: string): boolean {
  // Where options are split, a long run of spaces is looked at again from each of them.
  if (text.length > limits.configuration) return false;
  const options = ` ${text.trim()}`.split(/\s+(?=--)/).slice(1);
  const known = options.every((option) => envoyOptions.some((pattern) => pattern.test(option.trim())));
  return known && (text.trim() === '' || text.trim().startsWith('--'));
}

const proxyConfigMapKeys = [
  'envoy_public_listener_json',
  'local_connect_timeout_ms',
  'local_request_timeout_ms',
  'protocol',
];

function harmlessProxyConfigMap(text: string): boolean {
  try {
    const value: unknown = JSON.parse(text);
    return (
      typeof value === 'object' && value !== null && Object.keys(value).every((key) => proxyConfigMapKeys.includes(key))
    );
  } catch {
    return false;
  }
}
