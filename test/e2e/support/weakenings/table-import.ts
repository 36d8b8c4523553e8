/** How an import is called, written otherwise than the plan writes it. */
import type { Ground, Weakening } from './ground';
import { type Ref, remove, rewrite } from './kubernetes';
import { consumerClusters, exists, filterTable } from './looks';

interface RuleSpec {
  readonly workloadSelector?: unknown;
  readonly trafficPolicy: { readonly tls: Readonly<Record<string, unknown>> };
}

/** The rule by which the consumer calls the provider. */
const ruleOf = ({ cast: { entry, consumer } }: Ground): Ref => [
  'destinationrule',
  `${entry.name}-${consumer.name}`,
  consumer.namespace,
];

const withoutCallee = ({ trafficPolicy: { tls, ...policy }, ...spec }: RuleSpec): RuleSpec => {
  const { subjectAltNames: _names, ...rest } = tls;
  return { ...spec, trafficPolicy: { ...policy, tls: rest } };
};

/** The rule for every other workload of the consumer's namespace, by which none can call the import. */
const othersOf = ({ cast: { entry, consumer } }: Ground): Ref => [
  'destinationrule',
  `${entry.name}-others`,
  consumer.namespace,
];

const withoutSelector = ({ workloadSelector: _selector, ...spec }: RuleSpec): RuleSpec => spec;

export const importWeakenings: readonly Weakening[] = [
  {
    name: 'any-callee',
    off: "`subjectAltNames` of the DestinationRule by which the consumer calls the provider: who answers is asked for a certificate of Consul's CA only",
    weaken: (ground) => rewrite(ground, ruleOf(ground), 'spec', withoutCallee, () => consumerClusters(ground)),
    through: {
      'impostor/provider-other-service': /answered: 200, an impostor/,
      'impostor/provider-gateway-identity': /answered: 200, an impostor/,
    },
  },
  {
    name: 'no-workload-selector',
    off: '`workloadSelector` of that DestinationRule, and the rule that refuses all others: Istio leaves out the certificate, and TLS with it',
    weaken: async (ground) => {
      await remove(ground, [othersOf(ground)], () => exists(ground, othersOf(ground)));
      await rewrite(ground, ruleOf(ground), 'spec', withoutSelector, () => consumerClusters(ground));
    },
    through: { 'import/overheard': /its request was on the border in clear/ },
  },
  {
    name: 'no-rule-for-others',
    off: "the DestinationRule that refuses every other workload of the consumer's namespace, and the namespace's NetworkPolicies",
    weaken: async (ground) => {
      const { name, namespace } = ground.cast.consumer;
      // No proxy is told of it that has a rule of its own, or none of the import: the workload comes with the attack.
      await remove(ground, [othersOf(ground)], () => exists(ground, othersOf(ground)));
      await remove(
        ground,
        [
          ['networkpolicy', 'default', namespace],
          ['networkpolicy', name, namespace],
        ],
        () => filterTable(ground, ground.cast.west.name, 'ip', 'network-policy'),
      );
    },
    through: { 'import/sibling': /its request was on the border in clear/ },
  },
];
