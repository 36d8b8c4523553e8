/** The Istio side of `isthmus status`, from the Kubernetes API. */
import type { ClusterAccess } from '../../model/cluster';
import { type ResolvedImport, resolvedImports } from '../../model/imports';
import { type Lab, type Mesh, type Service, shortId } from '../../model/lab';
import { federationNamespace, federationSecret, importLabel, planeNamespace } from '../../model/names';
import { federationIdentity, planes } from '../../model/planes';
import { clusterOf } from '../cluster';
import { getObjects, kubectl } from '../kubectl';
import { rootsOf } from './certificates';
import { leafStatus } from './leaf';
import type { ImportStatus, MeshStatus } from './model';
import { missing, notReady, type Workload, watched } from './workloads';

export async function istioStatus(lab: Lab, mesh: Mesh): Promise<MeshStatus> {
  const common = { name: mesh.name, kind: mesh.kind, trustDomain: mesh.trustDomain };
  try {
    const cluster = clusterOf(lab, mesh);
    const [workloads, root] = await Promise.all([
      getObjects<Workload>(cluster, ['deployments,statefulsets', '--all-namespaces']),
      // istiod gives every namespace its root; the planes' is always there, whatever istiod's own is called.
      rootCertificate(cluster, lab, mesh),
    ]);
    const problems = [...missing(lab, mesh, workloads), ...notReady(workloads.filter(watched(lab, mesh)))];
    return { ...common, roots: rootsOf(root), healthy: problems.length === 0, problems };
  } catch (error) {
    return { ...common, roots: [], healthy: false, problems: [(error as Error).message] };
  }
}

async function rootCertificate(cluster: ClusterAccess, lab: Lab, mesh: Mesh): Promise<string> {
  const [plane] = planes(lab).filter(({ own }) => own.name === mesh.name);
  const namespace = mesh.existing && plane !== undefined ? planeNamespace(plane.peer.name) : 'istio-system';
  const at = ['--namespace', namespace, '--ignore-not-found', '-o', 'jsonpath={.data.root-cert\\.pem}'];
  return (await kubectl(cluster, ['get', 'configmap', 'istio-ca-root-cert', ...at])).stdout;
}

interface Entry {
  readonly metadata: { readonly name: string; readonly labels?: Readonly<Record<string, string>> };
  readonly spec: {
    readonly address: string;
    readonly ports?: Readonly<Record<string, number>>;
    readonly labels?: Readonly<Record<string, string>>;
  };
}

/** Imports of an Istio mesh, one line for each consumer. */
export async function importStatus(lab: Lab, mesh: Mesh): Promise<ImportStatus[]> {
  const all = resolvedImports(lab, mesh);
  if (all.length === 0) return [];
  const entries = await getObjects<Entry>(clusterOf(lab, mesh), [
    'workloadentries.networking.istio.io',
    '-n',
    federationNamespace,
  ]).catch(() => []);
  return Promise.all(
    all.flatMap((entry) => entry.consumers.map((consumer) => oneImport(lab, mesh, entry, consumer, entries))),
  );
}

async function oneImport(
  lab: Lab,
  mesh: Mesh,
  entry: ResolvedImport,
  consumer: Service,
  entries: readonly Entry[],
): Promise<ImportStatus> {
  const endpoints = entries
    .filter(({ spec }) => spec.labels?.[importLabel] === entry.name)
    .map(({ spec }) => `${spec.address}:${spec.ports?.http ?? ''}`);
  const identity = federationIdentity(lab, mesh.name, entry.peer.name, consumer.name);
  const secret = federationSecret(consumer.name, entry.peer.name);
  const leaf = await leafStatus(lab, mesh, { namespace: consumer.namespace, secret, identity });
  const problems = [
    ...(endpoints.length === 0
      ? [`no endpoint: mesh ${entry.peer.name} exports no healthy ${entry.service.name}, or is not paired`]
      : []),
    ...leaf.problems,
  ];
  return {
    service: shortId(entry.service),
    consumer: shortId(consumer),
    endpoints,
    leafExpires: leaf.expires,
    identity,
    healthy: problems.length === 0,
    problems,
  };
}
