/** Generated AuthorizationPolicies, written otherwise than the compiler writes them. */
import { federationGateway } from '../../../../model/names';
import type { Ground } from './ground';
import { rewrite } from './kubernetes';
import { istioProxy } from './looks';

export interface PolicyRule {
  readonly from?: unknown;
  readonly to?: readonly { readonly operation: Readonly<Record<string, unknown>> }[];
}

interface PolicySpec {
  readonly rules: readonly PolicyRule[];
}

type ChangeRule = (rule: PolicyRule) => PolicyRule;

/** Writes the rules of the consumer's policy anew. */
export function consumerPolicy(ground: Ground, change: ChangeRule): Promise<void> {
  const { name, namespace } = ground.cast.consumer;
  return policy(ground, [name, namespace], change, 'consumer');
}

/** Writes the rules of the federation gateway's policy for an export anew. */
export function gatewayPolicy(ground: Ground, change: ChangeRule): Promise<void> {
  return policy(ground, [ground.exported().name, federationGateway], change, 'gateway');
}

function policy(
  ground: Ground,
  [name, namespace]: readonly [name: string, namespace: string],
  change: ChangeRule,
  proxy: 'consumer' | 'gateway',
): Promise<void> {
  const changed = (spec: PolicySpec) => ({ ...spec, rules: spec.rules.map(change) });
  return rewrite(ground, ['authorizationpolicy', name, namespace], 'spec', changed, () => istioProxy(ground, proxy));
}
