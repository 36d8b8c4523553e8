/** How the Kubernetes API of a mesh is reached: the same for the plan's providers and for commands. */
import { clusterName } from './aws';
import type { Lab, Mesh } from './lab';
import { kubeconfigFile } from './names';

export type ClusterAccess =
  | { readonly kind: 'kubeconfig'; readonly file: string; readonly context?: string }
  /** An EKS cluster: a token for each call comes from `aws eks get-token`. */
  | { readonly kind: 'eks'; readonly cluster: string; readonly region: string };

/** Undefined for a mesh that runs on hosts. */
export function clusterAccess(lab: Lab, mesh: Mesh): ClusterAccess | undefined {
  switch (mesh.place.platform) {
    case 'local':
      return mesh.kind === 'istio' ? { kind: 'kubeconfig', file: kubeconfigFile(lab.name, mesh.name) } : undefined;
    case 'kubeconfig':
      return { kind: 'kubeconfig', file: mesh.place.kubeconfig, context: mesh.place.context };
    case 'aws':
      return {
        kind: 'eks',
        cluster: mesh.place.cluster ?? clusterName(lab.name, mesh.name),
        region: mesh.place.region,
      };
  }
}
