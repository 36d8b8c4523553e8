import type { KubeObject, ObjectName } from '../../model/kube';

/** A Kubernetes Service on port 80, in HTTP, of the pods that the labels select. */
export function httpService(
  { name, namespace }: ObjectName,
  selector: Readonly<Record<string, string>>,
  targetPort: number,
): KubeObject {
  return {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { name, namespace },
    spec: { selector, ports: [{ name: 'http', port: 80, targetPort }] },
  };
}
