/** Which cluster a planned resource is in. */
import type { ClusterAccess } from '../../model/cluster';
import type { PlannedResource } from './read';

/** The cluster that a stack's providers name. */
export function clusterOfResource({ id, providers }: PlannedResource): ClusterAccess {
  const [helm] = [providers.helm?.kubernetes].flat() as readonly (Record<string, unknown> | undefined)[];
  const settings = providers.kubernetes ?? helm;
  const { config_path: file, config_context: context } = settings ?? {};
  if (typeof file !== 'string') throw new Error(`${id}: its providers name no config_path`);
  return { kind: 'kubeconfig', file, ...(typeof context === 'string' && context !== '' ? { context } : {}) };
}
