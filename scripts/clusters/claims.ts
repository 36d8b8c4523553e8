/** Whether what a plan makes in a cluster is there already, as somebody else's. All at once, before the first change. */
import type { ClusterAccess } from '../../model/cluster';
import { labTag } from '../../model/names';
import { helm, kubectl } from '../kubectl';
import { clusterOfResource } from '../plan/cluster';
import { foreignRelease, releaseId } from '../plan/helm';
import { foreignNamespace, namespaceName } from '../plan/namespace';
import type { PlannedResource } from '../plan/read';
import type { Meta } from './ask';

/** What is in a cluster. */
export interface Present {
  /** Namespace → the lab that made it, if one did. */
  readonly namespaces: ReadonlyMap<string, string | undefined>;
  /** Releases as `namespace/name` → whether they are the lab's. */
  readonly releases: ReadonlyMap<string, boolean>;
}

export async function claimFaults(
  cluster: ClusterAccess,
  lab: string,
  plan: readonly PlannedResource[],
): Promise<string[]> {
  const here = plan.filter((resource) => inCluster(resource, cluster));
  return here.length === 0 ? [] : foreignClaims(here, lab, await look(cluster, lab));
}

/** What of a plan belongs to others by now, one sentence each. */
export function foreignClaims(plan: readonly PlannedResource[], lab: string, present: Present): string[] {
  return plan.flatMap((resource) => {
    if (resource.type === 'kubernetes_namespace_v1') {
      const name = namespaceName(resource);
      const owner = present.namespaces.get(name);
      return present.namespaces.has(name) && owner !== lab ? [foreignNamespace(resource, owner)] : [];
    }
    if (resource.type === 'helm_release') {
      return present.releases.get(releaseId(resource)) === false ? [foreignRelease(resource)] : [];
    }
    return [];
  });
}

/** Whether a resource is a namespace or a release of this cluster. */
export function inCluster(resource: PlannedResource, cluster: ClusterAccess): boolean {
  const { type } = resource;
  if (type !== 'helm_release' && type !== 'kubernetes_namespace_v1') return false;
  return clusterKey(clusterOfResource(resource)) === clusterKey(cluster);
}

/** The same text for the same cluster. */
export function clusterKey(cluster: ClusterAccess): string {
  return cluster.kind === 'eks'
    ? `${cluster.region}/${cluster.cluster}`
    : JSON.stringify([cluster.file, cluster.context ?? '']);
}

async function look(cluster: ClusterAccess, lab: string): Promise<Present> {
  const [namespaces, all, ours] = await Promise.all([
    kubectl(cluster, ['get', 'namespaces', '-o', 'json'], { timeout: 20_000 }),
    listReleases(cluster),
    listReleases(cluster, lab),
  ]);
  const { items } = JSON.parse(namespaces.stdout) as { items: readonly Meta[] };
  return {
    namespaces: new Map(items.map(({ metadata }) => [metadata.name, metadata.labels?.[labTag]])),
    releases: new Map(all.map((id) => [id, ours.includes(id)])),
  };
}

/** Releases of a cluster as `namespace/name`; with a lab, those that it installed. */
export async function listReleases(cluster: ClusterAccess, lab?: string): Promise<string[]> {
  const selector = lab === undefined ? [] : ['--selector', `${labTag}=${lab}`];
  const args = ['list', '--all-namespaces', '--max', '10000', '--output=json', ...selector];
  const { stdout } = await helm(cluster, args, { timeout: 60_000 });
  const found = JSON.parse(stdout || '[]') as readonly { readonly name: string; readonly namespace: string }[];
  return found.map(({ name, namespace }) => `${namespace}/${name}`);
}
