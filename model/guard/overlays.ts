/** What the kubelet and the runtime lay over a container's files beside its mounts: files of their own, and devices. */
import type { Deviation } from './shapes';
import type { Container } from './types';

/** As Kubernetes fills it in. */
export const defaultTermination = {
  terminationMessagePath: '/dev/termination-log',
  terminationMessagePolicy: 'File',
} as const satisfies Partial<Container>;

const resources = ['cpu', 'memory', 'ephemeral-storage'];

/** Fields by which a container of guard's or of a mesh's would find other files or devices than its own. */
export function overlayDeviations({ resources: given, terminationMessagePath }: Container): Deviation[] {
  const found: Deviation[] = [];
  // The kubelet mounts an empty file there, over whatever stands at that place.
  const { terminationMessagePath: allowed } = defaultTermination;
  if ((terminationMessagePath ?? allowed) !== allowed) {
    found.push({
      field: 'terminationMessagePath',
      problem: `is not ${allowed}, and would hide a file of its own`,
      value: terminationMessagePath,
    });
  }
  // Claims and devices bring files and variables of their own.
  const { limits, requests, ...more } = Object(given);
  for (const name of [...Object.keys(more), ...Object.keys({ ...limits, ...requests })]) {
    if (resources.includes(name)) continue;
    found.push({ field: 'resources', problem: 'has more than CPU, memory and storage', value: name });
  }
  return found;
}
