/** Which cluster a planned resource is in, and how to tell what a lab made there from what others did. */
import { labTag } from '../../model/aws';
import type { ClusterAccess } from '../../model/cluster';
import type { PlannedResource } from './read';

/** Label of the namespaces and Helm releases that the runner makes. A lost record does not make them anybody else's. */
export const ownerLabel = labTag;

/** The cluster that a stack's providers name. */
export function clusterOfResource({ id, providers }: PlannedResource): ClusterAccess {
  const [helm] = [providers.helm?.kubernetes].flat() as readonly (Record<string, unknown> | undefined)[];
  const settings = providers.kubernetes ?? helm;
  const { config_path: file, config_context: context } = settings ?? {};
  if (typeof file !== 'string') throw new Error(`${id}: its providers name no config_path`);
  return { kind: 'kubeconfig', file, ...(typeof context === 'string' && context !== '' ? { context } : {}) };
}
