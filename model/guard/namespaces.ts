/** Which namespaces of a mesh opt in to the guard. */
import { type Lab, type Mesh, servicesOf } from '../lab';
import { planeNamespaces } from '../planes';
import { guardLabel } from './webhook';

/**
 * Namespaces whose pods are guarded. In an Istio mesh that we install all of them hold our pods: those of services, and
 * the federation planes'. In a Consul mesh on Kubernetes those of services that ask for it. Hosts have no pods, and what
 * is in an existing mesh is its owner's.
 */
export function guardedNamespaces(lab: Lab, mesh: Mesh): readonly string[] {
  if (mesh.existing || (mesh.kind === 'consul' && mesh.place.platform === 'local')) return [];
  const asking = servicesOf(lab, mesh).filter(
    ({ containers, guard }) => mesh.kind === 'istio' || containers.length > 0 || guard.length > 0,
  );
  return [...new Set([...asking.map(({ namespace }) => namespace), ...planeNamespaces(lab, mesh)])];
}

/** Labels by which a namespace of ours opts in; none when it does not. */
export function guardLabels(lab: Lab, mesh: Mesh, namespace: string): Readonly<Record<string, string>> {
  return guardedNamespaces(lab, mesh).includes(namespace) ? { [guardLabel]: 'true' } : {};
}
