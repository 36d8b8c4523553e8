/** Which meshes of a lab are where. */
import type { Lab, Mesh } from '../model/lab';

/** Meshes that are made of network namespaces of this machine. They need root. */
export function localMeshes({ meshes }: Pick<Lab, 'meshes'>): readonly Mesh[] {
  return meshes.filter(({ place }) => place.platform === 'local');
}

/** Istio meshes on this machine, each a Kubernetes node. */
export function localNodes(lab: Pick<Lab, 'meshes'>): readonly Mesh[] {
  return localMeshes(lab).filter(({ kind }) => kind === 'istio');
}

/** Meshes on clusters that a kubeconfig names. */
export function kubeconfigMeshes({ meshes }: Pick<Lab, 'meshes'>): readonly Mesh[] {
  return meshes.filter(({ place }) => place.platform === 'kubeconfig');
}
