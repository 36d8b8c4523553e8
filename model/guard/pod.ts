/** Why a pod is not admitted: everything that would make the rules between its containers worthless. */
import { parseDeclaration } from './declaration';
import { guardFaults } from './own';
import { ownContainers } from './parties';
import { formatReason } from './reason';
import { guardRules } from './rules';
import type { GuardConfig, Pod } from './types';

/**
 * Reasons to refuse a pod as it will run, after all mutating webhooks; empty when it is guarded. Each names the place,
 * what is wrong, what is allowed and the fix.
 */
export function refusals(pod: Pod, config: GuardConfig): string[] {
  const own = ownContainers(pod, config);
  const { faults } = parseDeclaration(pod.metadata?.annotations ?? {}, own);
  return [...faults.map(formatReason), ...guardFaults(pod, config, guardRules(pod, config))];
}
