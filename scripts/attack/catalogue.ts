/** All attacks, and which of them a person asks for. */
import { nearest } from '../../model/nearest';
import { UsageError } from '../errors';
import { type Attack, groups } from './attack';
import type { Field } from './field';
import { borderAttacks } from './groups/border';
import { captureAttacks } from './groups/capture';
import { controlPlaneAttacks } from './groups/control-plane';
import { istiodAttacks } from './groups/control-plane-istiod';
import { nodeAttacks } from './groups/control-plane-node';
import { credentialAttacks } from './groups/credentials';
import { exchangeAttacks } from './groups/exchange';
import { gatewayAttacks } from './groups/gateway';
import { guardAttacks } from './groups/guard';
import { guardAdmissionAttacks } from './groups/guard-admission';
import { guardFrozenAttacks } from './groups/guard-frozen';
import { hostAttacks } from './groups/host';
import { identityAttacks } from './groups/identity';
import { importAttacks } from './groups/import';
import { impostorAttacks } from './groups/impostor';
import { knownLimits } from './groups/known-limit';
import { lifecycleAttacks } from './groups/lifecycle';
import { machineAttacks } from './groups/machine';
import { meshIdentityAttacks } from './groups/mesh-identity';
import { otherHostAttacks } from './groups/other-host';
import { pathAttacks } from './groups/paths';
import { peeringAttacks } from './groups/peering';
import { planeAttacks } from './groups/plane';
import { planeSignAttacks } from './groups/plane-sign';
import { reverseAttacks } from './groups/reverse';
import { ruleAttacks } from './groups/rules';
import { smugglingAttacks } from './groups/smuggling';

const written: readonly Attack<Field>[] = [
  ...identityAttacks,
  ...meshIdentityAttacks,
  ...gatewayAttacks,
  ...hostAttacks,
  ...reverseAttacks,
  ...ruleAttacks,
  ...pathAttacks,
  ...smugglingAttacks,
  ...borderAttacks,
  ...peeringAttacks,
  ...credentialAttacks,
  ...exchangeAttacks,
  ...controlPlaneAttacks,
  ...istiodAttacks,
  ...nodeAttacks,
  ...machineAttacks,
  ...otherHostAttacks,
  ...planeAttacks,
  ...planeSignAttacks,
  ...guardAttacks,
  ...guardAdmissionAttacks,
  ...guardFrozenAttacks,
  ...importAttacks,
  ...impostorAttacks,
  ...lifecycleAttacks,
  ...captureAttacks,
  ...knownLimits,
];

/** In the order of the groups. */
export const attacks: readonly Attack<Field>[] = groups.flatMap((group) =>
  written.filter((attack) => attack.group === group),
);

/**
 * Attacks by id or group, in their own order; all of them without names.
 * @throws UsageError that names every name that is neither
 */
export function chosen(names: readonly string[]): readonly Attack<Field>[] {
  const known: readonly string[] = [...groups, ...attacks.map(({ id }) => id)];
  const unknown = names.filter((name) => !known.includes(name));
  if (unknown.length > 0) {
    const lines = unknown.map((name) => {
      const near = nearest(name, known);
      return `no attack and no group ${JSON.stringify(name)}.${near === undefined ? '' : ` Did you mean ${near}?`}`;
    });
    throw new UsageError(`${lines.join('\n')}\nAll of them: isthmus attack list`);
  }
  return names.length === 0 ? attacks : attacks.filter(({ id, group }) => names.includes(id) || names.includes(group));
}
