/** What Istio's and Consul's injectors do to a pod, in the shape of their own templates. */
import type { Container, EnvironmentVariable, Pod, Volume } from '../../../model/guard/types';

const from = (name: string, fieldPath: string): EnvironmentVariable => ({
  name,
  valueFrom: { fieldRef: { apiVersion: 'v1', fieldPath } },
});
const limit = (name: string, resource: string): EnvironmentVariable => ({
  name,
  valueFrom: { resourceFieldRef: { resource, divisor: '1' } },
});

const accountMount = {
  name: 'kube-api-access-x',
  mountPath: '/var/run/secrets/kubernetes.io/serviceaccount',
  readOnly: true,
};

/** What Kubernetes mounts for the pod's account. */
export const accountVolume: Volume = {
  name: 'kube-api-access-x',
  projected: {
    defaultMode: 420,
    sources: [
      { serviceAccountToken: { expirationSeconds: 3607, path: 'token' } },
      { configMap: { name: 'kube-root-ca.crt', items: [{ key: 'ca.crt', path: 'ca.crt' }] } },
      {
        downwardAPI: {
          items: [{ path: 'namespace', fieldRef: { apiVersion: 'v1', fieldPath: 'metadata.namespace' } }],
        },
      },
    ],
  },
};

const proxyImage = 'registry.example/proxyv2:1';

export const istioInit: Container = {
  name: 'istio-init',
  image: proxyImage,
  args: [
    ...['istio-iptables', '-p', '15001', '-z', '15006', '-u', '1337', '-m', 'REDIRECT', '-i', '*', '-x', ''],
    ...['-b', '*', '-d', '15090,15021,15020', '--log_output_level=default:info'],
  ],
  env: [{ name: 'METRICS_LOCALHOST_ACCESS_ONLY', value: 'true' }],
  resources: { requests: { cpu: '10m', memory: '40Mi' } },
  terminationMessagePath: '/dev/termination-log',
  terminationMessagePolicy: 'File',
  volumeMounts: [accountMount],
  securityContext: {
    allowPrivilegeEscalation: false,
    privileged: false,
    capabilities: { add: ['NET_ADMIN', 'NET_RAW'], drop: ['ALL'] },
    readOnlyRootFilesystem: false,
    runAsGroup: 0,
    runAsNonRoot: false,
    runAsUser: 0,
  },
};

export const istioProxy: Container = {
  name: 'istio-proxy',
  image: proxyImage,
  args: [
    ...['proxy', 'sidecar', '--domain', '$(POD_NAMESPACE).svc.cluster.local', '--proxyLogLevel=warning'],
    ...['--proxyComponentLogLevel=misc:error', '--log_output_level=default:info'],
  ],
  ports: [{ name: 'http-envoy-prom', containerPort: 15090, protocol: 'TCP' }],
  env: [
    { name: 'PILOT_CERT_PROVIDER', value: 'istiod' },
    { name: 'CA_ADDR', value: 'istiod.istio-system.svc:15012' },
    from('POD_NAME', 'metadata.name'),
    from('POD_NAMESPACE', 'metadata.namespace'),
    from('INSTANCE_IP', 'status.podIP'),
    from('SERVICE_ACCOUNT', 'spec.serviceAccountName'),
    from('HOST_IP', 'status.hostIP'),
    limit('ISTIO_CPU_LIMIT', 'limits.cpu'),
    {
      name: 'PROXY_CONFIG',
      value:
        '{"drainDuration":"5s","proxyMetadata":{"METRICS_LOCALHOST_ACCESS_ONLY":"true"},"holdApplicationUntilProxyStarts":true}\n',
    },
    { name: 'ISTIO_META_POD_PORTS', value: '[\n    {"name":"http","containerPort":8080}\n]' },
    { name: 'ISTIO_META_APP_CONTAINERS', value: 'app,cache' },
    limit('GOMEMLIMIT', 'limits.memory'),
    limit('GOMAXPROCS', 'limits.cpu'),
    { name: 'ISTIO_META_CLUSTER_ID', value: 'Kubernetes' },
    from('ISTIO_META_NODE_NAME', 'spec.nodeName'),
    { name: 'ISTIO_META_INTERCEPTION_MODE', value: 'REDIRECT' },
    { name: 'ISTIO_META_WORKLOAD_NAME', value: 'backend' },
    { name: 'ISTIO_META_OWNER', value: 'kubernetes://apis/apps/v1/namespaces/backend/deployments/backend' },
    { name: 'ISTIO_META_MESH_ID', value: 'west.example' },
    { name: 'TRUST_DOMAIN', value: 'west.example' },
    { name: 'METRICS_LOCALHOST_ACCESS_ONLY', value: 'true' },
    { name: 'ISTIO_KUBE_APP_PROBERS', value: '{"/app-health/app/readyz":{"httpGet":{"port":8080}}}' },
  ],
  lifecycle: { preStop: { exec: { command: ['pilot-agent', 'request', '--debug-port=15020', 'POST', 'drain'] } } },
  startupProbe: { httpGet: { port: 15021 } },
  readinessProbe: {
    exec: { command: ['pilot-agent', 'request', '--debug-port=15021', 'GET', 'healthz/ready'] },
  },
  volumeMounts: [
    { name: 'workload-socket', mountPath: '/var/run/secrets/workload-spiffe-uds' },
    { name: 'credential-socket', mountPath: '/var/run/secrets/credential-uds' },
    { name: 'workload-certs', mountPath: '/var/run/secrets/workload-spiffe-credentials' },
    { name: 'istiod-ca-cert', mountPath: '/var/run/secrets/istio' },
    { name: 'istio-ca-crl', mountPath: '/var/run/secrets/istio/crl' },
    { name: 'istio-data', mountPath: '/var/lib/istio/data' },
    { name: 'istio-envoy', mountPath: '/etc/istio/proxy' },
    { name: 'istio-token', mountPath: '/var/run/secrets/tokens' },
    { name: 'istio-podinfo', mountPath: '/etc/istio/pod' },
    accountMount,
  ],
  securityContext: {
    allowPrivilegeEscalation: false,
    capabilities: { drop: ['ALL'] },
    privileged: false,
    readOnlyRootFilesystem: true,
    runAsGroup: 1337,
    runAsNonRoot: true,
    runAsUser: 1337,
  },
};

const podField = (path: string) => ({ path, fieldRef: { apiVersion: 'v1', fieldPath: `metadata.${path}` } });

const istioVolumes: readonly Volume[] = [
  // Without a source, as the template writes it, and with the one that Kubernetes fills in.
  { name: 'workload-socket' },
  { name: 'credential-socket', emptyDir: {} },
  { name: 'workload-certs', emptyDir: {} },
  { name: 'istio-envoy', emptyDir: { medium: 'Memory' } },
  { name: 'istio-data', emptyDir: {} },
  { name: 'istio-podinfo', downwardAPI: { defaultMode: 420, items: [podField('labels'), podField('annotations')] } },
  {
    name: 'istio-token',
    projected: {
      sources: [{ serviceAccountToken: { audience: 'istio-ca', expirationSeconds: 43_200, path: 'istio-token' } }],
    },
  },
  { name: 'istiod-ca-cert', configMap: { defaultMode: 420, name: 'istio-ca-root-cert' } },
  { name: 'istio-ca-crl', configMap: { name: 'istio-ca-crl', optional: true } },
];

/** Volumes of a pod with an injector's, once. */
function withVolumes(pod: Pod, volumes: readonly Volume[]): Volume[] {
  const added = [accountVolume, ...volumes];
  return [...(pod.spec.volumes ?? []).filter(({ name }) => !added.some((it) => it.name === name)), ...added];
}

/**
 * Injects Istio's proxy: as a native sidecar it and istio-init come first; otherwise istio-init comes last. HTTP probes
 * are sent to the agent.
 */
export function injectIstio(pod: Pod, { native = true }: { readonly native?: boolean } = {}): Pod {
  const others = (pod.spec.initContainers ?? []).filter(({ name }) => !name.startsWith('istio-'));
  const apps = pod.spec.containers.filter(({ name }) => name !== 'istio-proxy').map(rewritten);
  return {
    ...pod,
    metadata: {
      ...pod.metadata,
      labels: { ...pod.metadata?.labels, 'security.istio.io/tlsMode': 'istio' },
      annotations: {
        ...pod.metadata?.annotations,
        'istio.io/rev': 'default',
        'sidecar.istio.io/status': '{"initContainers":["istio-init"]}',
      },
    },
    spec: native
      ? {
          ...pod.spec,
          volumes: withVolumes(pod, istioVolumes),
          initContainers: [istioInit, { ...istioProxy, restartPolicy: 'Always' }, ...others],
          containers: apps,
        }
      : {
          ...pod.spec,
          volumes: withVolumes(pod, istioVolumes),
          initContainers: [...others, istioInit],
          containers: [...apps, istioProxy],
        },
  };
}

function rewritten(container: Container): Container {
  const { readinessProbe } = container;
  if (readinessProbe?.httpGet === undefined) return container;
  return { ...container, readinessProbe: { httpGet: { ...readinessProbe.httpGet, port: 15020 } } };
}

export const consulInit: Container = {
  name: 'consul-connect-inject-init',
  image: 'registry.example/consul-k8s-control-plane:1',
  command: [
    '/bin/sh',
    '-ec',
    'consul-k8s-control-plane connect-init -pod-name=${POD_NAME} -pod-namespace=${POD_NAMESPACE} \\\n' +
      '  -log-level=info \\\n  -log-json=false \\\n  -service-account-name="info" \\\n  -service-name="info" \\\n',
  ],
  env: [
    from('POD_NAME', 'metadata.name'),
    from('POD_NAMESPACE', 'metadata.namespace'),
    from('NODE_NAME', 'spec.nodeName'),
    { name: 'CONSUL_ADDRESSES', value: 'consul-server.consul.svc' },
    { name: 'CONSUL_GRPC_PORT', value: '8502' },
    { name: 'CONSUL_HTTP_PORT', value: '8501' },
    { name: 'CONSUL_API_TIMEOUT', value: '5s' },
    { name: 'CONSUL_NODE_NAME', value: '$(NODE_NAME)-virtual' },
    { name: 'CONSUL_DUAL_STACK', value: 'false' },
    { name: 'CONSUL_USE_TLS', value: 'true' },
    { name: 'CONSUL_CACERT_PEM', value: '-----BEGIN CERTIFICATE-----\n' },
    { name: 'CONSUL_TLS_SERVER_NAME', value: '' },
    { name: 'CONSUL_LOGIN_AUTH_METHOD', value: 'consul-k8s-auth-method' },
    { name: 'CONSUL_LOGIN_BEARER_TOKEN_FILE', value: '/var/run/secrets/kubernetes.io/serviceaccount/token' },
    { name: 'CONSUL_LOGIN_META', value: 'pod=$(POD_NAMESPACE)/$(POD_NAME)' },
  ],
  volumeMounts: [{ name: 'consul-connect-inject-data', mountPath: '/consul/connect-inject' }, accountMount],
  securityContext: {
    allowPrivilegeEscalation: false,
    capabilities: { add: [], drop: ['ALL'] },
    readOnlyRootFilesystem: false,
    runAsNonRoot: false,
    seccompProfile: { type: 'RuntimeDefault' },
  },
};

export const consulDataplane: Container = {
  name: 'consul-dataplane',
  image: 'registry.example/consul-dataplane:1',
  args: [
    ...['-addresses', 'consul-server.consul.svc', '-envoy-admin-bind-address=127.0.0.1'],
    ...['-consul-dns-bind-addr=127.0.0.1', '-xds-bind-addr=127.0.0.1', '-grpc-port=8502'],
    ...['-proxy-service-id-path=/consul/connect-inject/proxyid', '-log-level=info', '-log-json=false'],
    ...['-envoy-concurrency=2', '-graceful-addr=127.0.0.1', '-credential-type=login'],
    '-login-auth-method=consul-k8s-auth-method',
    '-login-bearer-token-path=/var/run/secrets/kubernetes.io/serviceaccount/token',
    ...['-ca-certs=/consul/connect-inject/consul-ca.pem', '-graceful-port=20600'],
    ...['-shutdown-drain-listeners', '-shutdown-grace-period-seconds=30', '-graceful-shutdown-path=/graceful_shutdown'],
    ...['-startup-grace-period-seconds=0', '-graceful-startup-path=/graceful_startup'],
    '-telemetry-prom-scrape-path=/metrics',
    ...['--', '--drain-time-s', '5', '--drain-strategy', 'immediate'],
  ],
  env: [
    { name: 'TMPDIR', value: '/consul/connect-inject' },
    from('NODE_NAME', 'spec.nodeName'),
    { name: 'DP_SERVICE_NODE_NAME', value: '$(NODE_NAME)-virtual' },
    from('POD_NAME', 'metadata.name'),
    from('POD_NAMESPACE', 'metadata.namespace'),
    from('POD_UID', 'metadata.uid'),
    { name: 'DP_CREDENTIAL_LOGIN_META', value: 'pod=$(POD_NAMESPACE)/$(POD_NAME)' },
    { name: 'DP_CREDENTIAL_LOGIN_META1', value: 'pod=$(POD_NAMESPACE)/$(POD_NAME)' },
    { name: 'DP_CREDENTIAL_LOGIN_META2', value: 'pod-uid=$(POD_UID)' },
    from('HOST_IP', 'status.hostIP'),
  ],
  readinessProbe: { tcpSocket: { port: 20000 } },
  volumeMounts: [{ name: 'consul-connect-inject-data', mountPath: '/consul/connect-inject' }, accountMount],
  securityContext: { runAsUser: 5995, runAsGroup: 5995, runAsNonRoot: true, readOnlyRootFilesystem: true },
};

/** Injects Consul's proxy: its init container comes last, and every container is told where upstreams are. */
export function injectConsul(pod: Pod, init: Container = consulInit): Pod {
  const told = (container: Container): Container => ({
    ...container,
    env: [...(container.env ?? []), { name: 'WEATHER_CONNECT_SERVICE_HOST', value: '127.0.0.1' }],
  });
  return {
    ...pod,
    metadata: {
      ...pod.metadata,
      annotations: {
        ...pod.metadata?.annotations,
        'consul.hashicorp.com/connect-inject': 'true',
        'consul.hashicorp.com/connect-inject-status': 'injected',
      },
    },
    spec: {
      ...pod.spec,
      volumes: withVolumes(pod, [{ name: 'consul-connect-inject-data', emptyDir: { medium: 'Memory' } }]),
      initContainers: [...(pod.spec.initContainers ?? []).map(told), init],
      containers: [...pod.spec.containers.map(told), consulDataplane],
    },
  };
}
