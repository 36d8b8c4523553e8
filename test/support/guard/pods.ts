/** Pods for guard's tests, and what the API server does with a patch. */
import type { GuardConfig, PatchOperation, Pod } from '../../../model/guard/types';

export const istioConfig: GuardConfig = {
  image: 'registry.example/guard:1',
  proxies: [{ kind: 'istio', images: ['registry.example/proxyv2:1'] }],
  probeSources: ['10.0.0.0/24', 'fd00::/64'],
};

export const consulConfig: GuardConfig = {
  image: 'registry.example/guard:1',
  proxies: [
    { kind: 'consul', images: ['registry.example/consul-k8s-control-plane:1', 'registry.example/consul-dataplane:1'] },
  ],
  probeSources: ['10.0.0.0/24', 'fd00::/64'],
};

/** An app with a cache beside it that only the app may ask. */
export function weatherPod(changes: { readonly annotations?: Readonly<Record<string, string>> } = {}): Pod {
  return {
    metadata: {
      name: 'backend',
      annotations: {
        'guard.isthmus.dev/enabled': 'true',
        'guard.isthmus.dev/allow': '[{"from": "app", "to": "cache", "port": 9000}]',
        ...changes.annotations,
      },
    },
    spec: {
      containers: [
        { name: 'app', image: 'app:1', ports: [{ name: 'http', containerPort: 8080 }] },
        { name: 'cache', image: 'cache:1' },
      ],
    },
  };
}

/** Applies a JSON patch whose paths are those that `mutate` writes. */
export function applyPatch(pod: Pod, operations: readonly PatchOperation[]): Pod {
  const copy: Record<string, Record<string, unknown>> = structuredClone({ ...pod }) as never;
  for (const { path, value } of operations) {
    const [, top = '', field] = path.split('/');
    if (field === undefined) copy[top] = value as Record<string, unknown>;
    else copy[top] = { ...copy[top], [field]: value };
  }
  return copy as unknown as Pod;
}
