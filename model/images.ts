/** Which container image a pod runs. */
import { type Lab, type Mesh, mesh as meshOf, type Workload } from './lab';

/** Image of a workload in a mesh, and whether it is the one that runs programs. */
export function runsOf(
  lab: Lab,
  mesh: string,
  workload: Workload,
): { readonly image: string; readonly isProgram: boolean } {
  return workload.kind === 'image'
    ? { image: workload.image, isProgram: false }
    : { image: meshOf(lab, mesh).images.node, isProgram: true };
}

/** On the lab machine images are made, never pulled; elsewhere Kubernetes' own default holds. */
export function imagePullPolicy({ place }: Mesh): { readonly imagePullPolicy?: 'Never' } {
  return place.platform === 'local' ? { imagePullPolicy: 'Never' } : {};
}
