/** The in-mesh callee that federated calls are compared with: the same program, with a sidecar and a policy of its own. */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { guardLabel } from '../../model/guard/webhook';
import { istioPrincipal } from '../../model/identity';
import { imagePullPolicy } from '../../model/images';
import { type Lab, type Mesh, mesh as meshOf, podLabels, type Service } from '../../model/lab';
import { benchNamespace, ownConnectionHeader } from '../../model/names';
import { type NetworkPolicy, networkPolicy, podsOf, tcp } from '../../model/network-policy/policy';
import { clusterOf } from '../cluster';
import { FailureError } from '../errors';
import { kubectl, runningPods } from '../kubectl';
import { root } from '../root';

export interface CalleeOptions {
  /** Whether its pods, and those that are made after it, are guarded. @default - false */
  readonly guarded?: boolean;
}

const name = 'callee';

/** Host by which the caller reaches it. */
export function calleeHost(): string {
  return `${name}.${benchNamespace}.svc.cluster.local`;
}

/** Makes a callee and waits until it is ready; `like` is the service whose program it runs. Resolves with its pod's uid. */
export async function makeCallee(
  lab: Lab,
  caller: Service,
  like: Service,
  { guarded = false }: CalleeOptions = {},
): Promise<string> {
  const { workload } = like;
  if (workload.kind !== 'program')
    throw new FailureError(`${like.id} is no program, so there is nothing alike to compare it with`);
  const own = join(root, 'dist/programs', `${workload.program}.js`);
  const file = existsSync(own) ? own : workload.program;
  const items = objects(lab, caller, like, { guarded, program: readFileSync(file, 'utf8') });
  const apply = ['apply', '--server-side', '--force-conflicts', '--field-manager=isthmus-bench', '-f', '-'];
  const list = JSON.stringify({ apiVersion: 'v1', kind: 'List', items });
  const cluster = clusterOf(lab, caller.mesh);
  await kubectl(cluster, apply, { input: list });
  await kubectl(cluster, ['rollout', 'status', `deployment/${name}`, '-n', benchNamespace, '--timeout=120s']);
  const [pod] = await runningPods(cluster, benchNamespace, { app: name });
  if (pod === undefined) throw new FailureError(`the pod of ${benchNamespace}/${name} ended; run it again`);
  return pod.metadata.uid;
}

export async function removeCallee(lab: Lab, caller: Service): Promise<void> {
  const cluster = clusterOf(lab, caller.mesh);
  const policy = ['networkpolicy', benchNamespace, '--namespace', caller.namespace];
  await kubectl(cluster, ['delete', ...policy, '--ignore-not-found']);
  await kubectl(cluster, ['delete', 'namespace', benchNamespace, '--ignore-not-found', '--timeout=120s']);
}

/** The caller's own policy knows of no callee that is not in the access table. */
function opening(caller: Service, like: Service): NetworkPolicy {
  return networkPolicy({
    name: benchNamespace,
    namespace: caller.namespace,
    pods: podLabels(caller),
    to: [{ peers: [podsOf(benchNamespace)], ports: tcp(like.port) }],
  });
}

function objects(
  lab: Lab,
  caller: Service,
  like: Service,
  { guarded, program }: Required<CalleeOptions> & { readonly program: string },
): object[] {
  const at = { name, namespace: benchNamespace };
  const own = meshOf(lab, caller.mesh);
  const principal = istioPrincipal(own.trustDomain, caller.namespace, caller.name);
  const host = calleeHost();
  const destination = { host, port: { number: 80 } };
  const labels = { 'istio-injection': 'enabled', ...(guarded ? { [guardLabel]: 'true' } : {}) };
  return [
    {
      apiVersion: 'v1',
      kind: 'Namespace',
      metadata: { name: benchNamespace, labels },
    },
    { apiVersion: 'v1', kind: 'ConfigMap', metadata: at, data: { 'main.js': program } },
    opening(caller, like),
    deployment(like, own),
    {
      apiVersion: 'v1',
      kind: 'Service',
      metadata: at,
      spec: { selector: { app: name }, ports: [{ name: 'http', port: 80, targetPort: like.port }] },
    },
    {
      apiVersion: 'security.istio.io/v1',
      kind: 'AuthorizationPolicy',
      metadata: at,
      spec: {
        action: 'ALLOW',
        rules: [{ from: [{ source: { principals: [principal] } }], to: [{ operation: { methods: ['GET'] } }] }],
      },
    },
    {
      apiVersion: 'networking.istio.io/v1',
      kind: 'DestinationRule',
      metadata: at,
      spec: {
        host,
        trafficPolicy: { connectionPool: { tcp: { connectTimeout: '2s', maxConnectionDuration: '600s' } } },
        subsets: [
          { name: 'own-connection', trafficPolicy: { connectionPool: { http: { maxRequestsPerConnection: 1 } } } },
        ],
      },
    },
    {
      apiVersion: 'networking.istio.io/v1',
      kind: 'VirtualService',
      metadata: at,
      spec: {
        hosts: [host],
        http: [
          {
            match: [{ headers: { [ownConnectionHeader]: { exact: '1' } } }],
            route: [{ destination: { ...destination, subset: 'own-connection' } }],
          },
          { route: [{ destination }] },
        ],
      },
    },
  ];
}

function deployment(like: Service, mesh: Mesh): object {
  const container = {
    name,
    image: mesh.images.node,
    ...imagePullPolicy(mesh),
    args: ['/program/main.js'],
    env: Object.entries({
      HOST: '0.0.0.0',
      PORT: String(like.port),
      MESH: 'bench',
      MESH_KIND: 'istio',
      ...like.env,
    }).map(([key, value]) => ({ name: key, value })),
    ports: [{ containerPort: like.port }],
    readinessProbe: { httpGet: { path: like.health, port: like.port }, periodSeconds: 1 },
    volumeMounts: [{ name: 'program', mountPath: '/program', readOnly: true }],
  };
  return {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name, namespace: benchNamespace },
    spec: {
      replicas: 1,
      selector: { matchLabels: { app: name } },
      template: {
        // One worker, as Consul's Envoys have.
        metadata: { labels: { app: name }, annotations: { 'proxy.istio.io/config': 'concurrency: 1' } },
        spec: { containers: [container], volumes: [{ name: 'program', configMap: { name } }] },
      },
    },
  };
}
