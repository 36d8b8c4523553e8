/** How an import is called, written otherwise than the plan writes it. */
import type { Ground, Weakening } from './ground';
import { type Ref, rewrite } from './kubernetes';
import { consumerClusters } from './looks';

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
];
