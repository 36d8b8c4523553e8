/** How long Istio's proxies drain. */
import type { Lab, Mesh } from '../../model/lab';

/**
 * Annotation of a pod with a proxy of Istio's: the proxy is told when its pod is made, so another time makes another pod.
 * Nothing in an existing mesh, whose own settings hold.
 */
export function drainAnnotation(
  { settings }: Pick<Lab, 'settings'>,
  { existing }: Pick<Mesh, 'existing'>,
): Readonly<Record<string, string>> {
  return existing ? {} : { 'isthmus.dev/drain-seconds': String(settings.drainSeconds) };
}
