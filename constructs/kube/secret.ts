import type { KubeObject, ObjectName } from '../../model/kube';

/** A Secret without content: who fills it needs no right to create one, and no key is ever in the plan. */
export function emptySecret({ name, namespace }: ObjectName): KubeObject {
  return { apiVersion: 'v1', kind: 'Secret', metadata: { name, namespace }, type: 'Opaque' };
}
