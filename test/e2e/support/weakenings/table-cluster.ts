/** Enforcement points of the cluster, the network and the border, switched off. */

import { netns } from '../../../../model/local';
import { federationNamespace, importLabel, planeNamespace } from '../../../../model/names';
import { run } from '../../../../scripts/machine/exec';
import { mendBorder } from '../../../../scripts/machine/network';
import type { Ground, Weakening } from './ground';
import { add, remove, rewrite } from './kubernetes';
import { filterTable, mayDo, takes } from './looks';

const exchange = ({ cast }: Ground) => `${planeNamespace(cast.east.name)}:trust-exchange`;

/** An endpoint of the import that is somebody else's. */
function foreignEntry({ cast }: Ground): object {
  const labels = { [importLabel]: cast.entry.name };
  return {
    apiVersion: 'networking.istio.io/v1',
    kind: 'WorkloadEntry',
    metadata: { name: `${cast.entry.name}-99`, namespace: federationNamespace, labels },
    spec: { address: '203.0.113.7', ports: { http: cast.east.gateway?.port }, labels },
  };
}

const filter = (ground: Ground) => () => filterTable(ground, ground.cast.west.name, 'ip', 'network-policy');

export const clusterWeakenings: readonly Weakening[] = [
  {
    name: 'no-admission',
    off: "the binding of the admission policy on the trust exchange's entries is gone",
    weaken: (ground) =>
      remove(ground, [['validatingadmissionpolicybinding', `${planeNamespace(ground.cast.east.name)}-entries`]], () =>
        takes(ground, exchange(ground), foreignEntry(ground)),
      ),
    through: { 'exchange/entry-outside': /answered: 201/, 'exchange/entry-local-label': /answered: 201/ },
  },
  {
    name: 'wide-secrets',
    off: "the trust exchange's Role lets it list all Secrets of its consumer's namespace",
    weaken: (ground) => {
      const { consumer, east } = ground.cast;
      const rule = { apiGroups: [''], resources: ['secrets'], verbs: ['list'] };
      return rewrite<readonly object[]>(
        ground,
        ['role', `${planeNamespace(east.name)}-exchange`, consumer.namespace],
        'rules',
        (rules) => [...rules, rule],
        () => mayDo(ground, exchange(ground), 'list', 'secrets', `--namespace=${consumer.namespace}`),
      );
    },
    through: { 'credentials/exchange-list-secrets': /answered: 200/ },
  },
  {
    name: 'wide-account',
    off: "the consumer's account may do everything in Kubernetes",
    weaken: (ground) => {
      const { name, namespace } = ground.cast.consumer;
      const binding = {
        apiVersion: 'rbac.authorization.k8s.io/v1',
        kind: 'ClusterRoleBinding',
        metadata: { name: 'isthmus-weakening' },
        roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: 'cluster-admin' },
        subjects: [{ kind: 'ServiceAccount', name, namespace }],
      };
      return add(ground, ['clusterrolebinding', 'isthmus-weakening'], binding, () =>
        mayDo(ground, `${namespace}:${name}`, 'list', 'secrets', '--namespace=istio-system'),
      );
    },
    through: { 'credentials/other-namespace-secrets': /answered: 200/, 'credentials/open-a-row': /answered: 201/ },
  },
  {
    name: 'open-control-plane',
    off: "the NetworkPolicies of istio-system are gone: every port of istiod's pod is open to tenants",
    weaken: (ground) =>
      remove(
        ground,
        [
          ['networkpolicy', 'default', 'istio-system'],
          ['networkpolicy', 'istiod', 'istio-system'],
        ],
        filter(ground),
      ),
    through: { 'control-plane/istiod-webhook': /answered: connection open/ },
  },
  {
    name: 'open-border',
    off: 'the border router forwards everything',
    weaken: (ground) =>
      ground.change({
        what: 'the border',
        look: () => filterTable(ground, 'border', 'inet', 'isthmus'),
        make: async () => {
          const input = 'insert rule inet isthmus forward accept comment "switched off"\n';
          await run('nft', ['-f', '-'], { netns: netns(ground.lab.name, 'border'), input });
        },
        undo: () => mendBorder(ground.lab),
      }),
    through: { 'border/node-port': /answered: connection open/, 'border/kubernetes-api': /answered: connection open/ },
  },
];
