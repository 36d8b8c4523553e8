/**
 * What a pod says to guard and to the mesh's proxy stays as it was admitted. The webhook sees changes of pods; their
 * status is written often, by every kubelet, and a binding once for each pod: they are judged here, and call nobody.
 */
import { annotationPrefix } from '../../model/guard/names';
import { guardLabel } from '../../model/guard/webhook';
import type { KubeObject } from '../../model/kube';
import { admissionPolicy, metadataIn, podBindings, podUpdates } from '../kube/admission-policy';

const namespaces = { [guardLabel]: 'true' };
const ofGuard = `k.startsWith('${annotationPrefix}')`;
const ofMesh = "k.matches('(^|[.])istio[.]io/|^consul[.]hashicorp[.]com/')";

export function guardFreeze(): KubeObject[] {
  return [
    ...admissionPolicy({
      name: 'guard-pod-metadata',
      requests: podUpdates,
      namespaces,
      rules: ['annotations', 'labels'].map((list) => ({
        // Of the mesh's own some are harmless, and the webhook says which; nobody writes those with a status. A request
        // for the pod itself has no subresource, not an empty one.
        expression: unchanged(
          list,
          `(${ofGuard} || (has(request.subResource) && request.subResource == 'status' && ${ofMesh}))`,
        ),
        message: `${list} of guard and of the mesh stay as the pod was admitted`,
      })),
    }),
    ...admissionPolicy({
      name: 'guard-pod-bindings',
      requests: podBindings,
      namespaces,
      rules: ['annotations', 'labels'].map((list) => ({
        expression: `${metadataIn('object', list, '{}')}.all(k, !(${ofGuard} || ${ofMesh}))`,
        message: `a binding brings no ${list} of guard or of the mesh`,
      })),
    }),
  ];
}

/** CEL: the entries of a map whose key `k` is frozen are those of before. */
function unchanged(list: string, frozen: string): string {
  const [after, before] = [metadataIn('object', list, '{}'), metadataIn('oldObject', list, '{}')];
  const kept = `${after}.all(k, !${frozen} || (k in ${before} && ${after}[k] == ${before}[k]))`;
  return `${kept} && ${before}.all(k, !${frozen} || k in ${after})`;
}
