/** What a person has in a cluster of theirs: an Istio that they installed by hand, a shop in it, and rules of their own. */
import { join } from 'node:path';
import type { ClusterAccess } from '../../../model/cluster';
import { uids } from '../../../model/local';
import { helm, kubectl } from '../../../scripts/kubectl';
import { istioCharts } from '../../../scripts/machine/binaries';
import { until } from '../../../scripts/machine/until';
import { root } from './cli';

/** Istio's charts with values for this machine, which can pull nothing; pods resolve the names that Istio knows. */
export async function installIstio(cluster: ClusterAccess): Promise<void> {
  const at = ['--namespace', 'istio-system', '--wait=legacy', '--timeout=120s'];
  await helm(cluster, ['install', 'base', join(istioCharts(), 'base'), ...at, '--create-namespace']);
  const values = [
    'autoscaleEnabled=false',
    // Stock Envoy lacks Istio's metrics filters.
    'telemetry.enabled=false',
    'resources.requests.cpu=50m',
    'resources.requests.memory=128Mi',
    'global.proxy.resources.requests.cpu=10m',
    'global.proxy.resources.requests.memory=40Mi',
  ].flatMap((value) => ['--set', value]);
  const dns = ['--set-string', 'meshConfig.defaultConfig.proxyMetadata.ISTIO_META_DNS_CAPTURE=true'];
  const local = ['--values', join(root, 'charts-values/istio/istiod.local.yaml')];
  await helm(cluster, ['install', 'istiod', join(istioCharts(), 'istiod'), ...at, ...local, ...values, ...dns]);
}

/** Workloads of the namespace `shop`. */
export const workloads = ['shop', 'till'] as const;

export async function openShop(cluster: ClusterAccess): Promise<void> {
  await make(cluster, namespaces());
  // Pods that start before istiod has put its root there wait for it far longer than it takes.
  const rootCertificate = ['get', 'configmap', 'istio-ca-root-cert', '--namespace', 'shop'];
  await until(async () => (await kubectl(cluster, rootCertificate)).status === 0, { timeout: 120_000 });
  await make(cluster, [...theirs(), ...workloads.flatMap(workload)]);
  const ready = ['rollout', 'status', '--namespace', 'shop', '--timeout=120s'];
  for (const name of workloads) await kubectl(cluster, [...ready, `deployment/${name}`]);
}

export async function make(cluster: ClusterAccess, items: readonly object[]): Promise<void> {
  const list = { apiVersion: 'v1', kind: 'List', items };
  await kubectl(cluster, ['create', '-f', '-'], { input: JSON.stringify(list) });
}

function namespaces(): object[] {
  return [
    { apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'shop', labels: { 'istio-injection': 'enabled' } } },
    { apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'store' } },
  ];
}

/** Objects of all the kinds that the lab makes, too, and some beside them. */
function theirs(): object[] {
  const networking = 'networking.istio.io/v1';
  const rbac = 'rbac.authorization.k8s.io/v1';
  const inShop = (name: string) => ({ name, namespace: 'shop' });
  const inStore = (name: string) => ({ name, namespace: 'store' });
  const host = 'payments.invalid';
  return [
    { apiVersion: 'v1', kind: 'Secret', metadata: inShop('shop-key'), stringData: { key: 'theirs' } },
    { apiVersion: networking, kind: 'DestinationRule', metadata: inShop('shop'), spec: { host: 'shop' } },
    {
      apiVersion: rbac,
      kind: 'Role',
      metadata: inShop('reader'),
      rules: [{ apiGroups: [''], resources: ['pods'], verbs: ['get'] }],
    },
    {
      apiVersion: rbac,
      kind: 'RoleBinding',
      metadata: inShop('reader'),
      roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'Role', name: 'reader' },
      subjects: [{ kind: 'ServiceAccount', ...inShop('till') }],
    },
    { apiVersion: 'v1', kind: 'ConfigMap', metadata: inStore('stock'), data: { apples: '3' } },
    { apiVersion: 'security.istio.io/v1', kind: 'AuthorizationPolicy', metadata: inStore('nobody'), spec: {} },
    { apiVersion: networking, kind: 'DestinationRule', metadata: inStore('payments'), spec: { host, exportTo: ['*'] } },
    {
      apiVersion: networking,
      kind: 'ServiceEntry',
      metadata: inStore('payments'),
      spec: {
        hosts: [host],
        addresses: ['240.0.0.7'],
        ports: [{ number: 443, name: 'tls', protocol: 'TLS' }],
        resolution: 'NONE',
      },
    },
  ];
}

const serve = `require('node:http').createServer((_, response) => response.end('open')).listen(8080)`;

function workload(name: string): object[] {
  const metadata = { name, namespace: 'shop' };
  const labels = { app: name };
  const container = {
    name: 'app',
    image: 'isthmus.invalid/node:lab',
    imagePullPolicy: 'Never',
    args: ['/program/main.js'],
    volumeMounts: [{ name: 'program', mountPath: '/program', readOnly: true }],
    securityContext: {
      allowPrivilegeEscalation: false,
      readOnlyRootFilesystem: true,
      capabilities: { drop: ['ALL'] },
    },
  };
  const spec = {
    serviceAccountName: name,
    automountServiceAccountToken: false,
    terminationGracePeriodSeconds: 1,
    securityContext: { runAsUser: uids.podProgram, runAsNonRoot: true, seccompProfile: { type: 'RuntimeDefault' } },
    containers: [container],
    volumes: [{ name: 'program', configMap: { name } }],
  };
  return [
    { apiVersion: 'v1', kind: 'ServiceAccount', metadata },
    { apiVersion: 'v1', kind: 'ConfigMap', metadata, data: { 'main.js': serve } },
    {
      apiVersion: 'apps/v1',
      kind: 'Deployment',
      metadata,
      spec: { selector: { matchLabels: labels }, template: { metadata: { labels }, spec } },
    },
    {
      apiVersion: 'v1',
      kind: 'Service',
      metadata,
      spec: { selector: labels, ports: [{ name: 'http', port: 80, targetPort: 8080 }] },
    },
  ];
}
