/** What Istio's and Consul's injectors do to a pod, in the shape of their own templates. */
import type { Container, Pod } from '../../../model/guard/types';

const proxyImage = 'registry.example/proxyv2:1';

export const istioInit: Container = {
  name: 'istio-init',
  image: proxyImage,
  args: [
    ...['istio-iptables', '-p', '15001', '-z', '15006', '-u', '1337', '-m', 'REDIRECT', '-i', '*', '-x', ''],
    ...['-b', '*', '-d', '15090,15021,15020', '--log_output_level=default:info'],
  ],
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
    { name: 'CA_ADDR', value: 'istiod.istio-system.svc:15012' },
    { name: 'PROXY_CONFIG', value: '{"holdApplicationUntilProxyStarts":true}' },
    { name: 'ISTIO_KUBE_APP_PROBERS', value: '{"/app-health/app/readyz":{"httpGet":{"port":8080}}}' },
  ],
  lifecycle: { preStop: { exec: { command: ['pilot-agent', 'request', '--debug-port=15020', 'POST', 'drain'] } } },
  startupProbe: { httpGet: { port: 15021 } },
  readinessProbe: { httpGet: { port: 15021 } },
  volumeMounts: [
    { name: 'workload-socket', mountPath: '/var/run/secrets/workload-spiffe-uds' },
    { name: 'istiod-ca-cert', mountPath: '/var/run/secrets/istio' },
    { name: 'istio-envoy', mountPath: '/etc/istio/proxy' },
    { name: 'istio-token', mountPath: '/var/run/secrets/tokens' },
    { name: 'kube-api-access-x', mountPath: '/var/run/secrets/kubernetes.io/serviceaccount', readOnly: true },
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
          initContainers: [istioInit, { ...istioProxy, restartPolicy: 'Always' }, ...others],
          containers: apps,
        }
      : { ...pod.spec, initContainers: [...others, istioInit], containers: [...apps, istioProxy] },
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
  env: [{ name: 'CONSUL_GRPC_PORT', value: '8502' }],
  volumeMounts: [{ name: 'consul-connect-inject-data', mountPath: '/consul/connect-inject' }],
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
    ...['-addresses', 'consul-server.consul.svc', '-grpc-port=8502', '-graceful-port=20600', '-tls-disabled'],
    ...['--', '--drain-time-s', '5', '--drain-strategy', 'immediate'],
  ],
  env: [{ name: 'TMPDIR', value: '/consul/connect-inject' }],
  readinessProbe: { tcpSocket: { port: 20000 } },
  volumeMounts: [{ name: 'consul-connect-inject-data', mountPath: '/consul/connect-inject' }],
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
      initContainers: [...(pod.spec.initContainers ?? []).map(told), init],
      containers: [...pod.spec.containers.map(told), consulDataplane],
    },
  };
}
