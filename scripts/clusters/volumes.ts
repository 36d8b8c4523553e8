/** Whether the cluster can give a plan its volumes: a pod whose claim nobody satisfies waits for ever. */
import type { KubeObject } from '../../model/kube';
import type { PlannedResource } from '../plan/read';
import { type Ask, listed, type Meta } from './ask';
import { plannedObjects } from './remains';

interface Claim extends KubeObject {
  readonly spec?: { readonly storageClassName?: string };
}

interface Volume extends Meta {
  readonly spec: { readonly storageClassName?: string };
  readonly status?: { readonly phase?: string };
}

const isDefault = 'storageclass.kubernetes.io/is-default-class';

export async function volumeFaults(ask: Ask, plan: readonly PlannedResource[]): Promise<string[]> {
  // Only those of the plan's own charts: what upstream charts claim follows from their values.
  const claims = plannedObjects(plan)
    .map(({ object }): Claim => object)
    .filter(({ kind, spec }) => kind === 'PersistentVolumeClaim' && spec?.storageClassName === undefined);
  if (claims.length === 0) return [];
  const [classes, volumes, present] = await Promise.all([
    listed<Meta>(ask, ['storageclasses']),
    listed<Volume>(ask, ['persistentvolumes']),
    listed<Meta>(ask, ['persistentvolumeclaims', '--all-namespaces']),
  ]);
  if (classes.some(({ metadata }) => metadata.annotations?.[isDefault] === 'true')) return [];
  const id = ({ metadata: { namespace = '', name } }: Meta) => `${namespace}/${name}`;
  const there = new Set(present.map(id));
  const wanted = claims.map(id).filter((claim) => !there.has(claim));
  const free = volumes.filter(
    ({ spec, status }) => (spec.storageClassName ?? '') === '' && status?.phase === 'Available',
  );
  if (wanted.length <= free.length) return [];
  const names = classes.map(({ metadata }) => metadata.name).join(', ') || 'none';
  return [
    `the cluster has no default StorageClass (it has: ${names}), and the claims ${wanted.join(', ')} need one; mark one: kubectl annotate storageclass NAME ${isDefault}=true`,
  ];
}
