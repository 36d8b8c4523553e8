/** Config entries as Kubernetes has them: the same data, written as custom resources of consul-k8s. */
import type { ConfigEntry } from '../../model/access/consul';
import type { KubeObject } from '../../model/kube';

/** Turns a config entry into the custom resource of the same meaning. */
export function customResource({ Kind, Name, ...data }: ConfigEntry, namespace: string): KubeObject {
  const kind = Kind.split('-')
    .map((word) => word.charAt(0).toUpperCase() + word.slice(1))
    .join('');
  // Only of intentions the name is a field: there it may be a wildcard.
  const named = Kind === 'service-intentions' ? { destination: { name: Name } } : {};
  return {
    apiVersion: 'consul.hashicorp.com/v1alpha1',
    kind,
    metadata: { name: Name, namespace },
    spec: { ...named, ...(lowerKeys(data) as Record<string, unknown>) },
  };
}

function lowerKeys(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(lowerKeys);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [lower(key), lowerKeys(item)]));
}

/** `JSONFormat` → `jsonFormat`, `Name` → `name`. */
function lower(key: string): string {
  return key.replace(/^([A-Z]+(?=[A-Z][a-z])|[A-Z]+)/, (head) => head.toLowerCase());
}
