/** Who is who in a pod: the author's containers, and the user that each runs as. */
import { isInfrastructure } from './names';
import type { Container, GuardConfig, Pod, ProxyKind } from './types';

export function proxyKinds(config: Pick<GuardConfig, 'proxies'>): ProxyKind[] {
  return config.proxies.map(({ kind }) => kind);
}

/** The author's containers that a declaration may name; ephemeral ones come when the rules are long made. */
export function ownContainers({ spec }: Pod, config: Pick<GuardConfig, 'proxies'>): Container[] {
  const kinds = proxyKinds(config);
  return [...spec.containers, ...(spec.initContainers ?? [])].filter(({ name }) => !isInfrastructure(name, kinds));
}

/** The user a container runs as, when the pod says it; otherwise its image would choose. */
export function userOf({ spec }: Pod, { securityContext }: Container): number | undefined {
  return securityContext?.runAsUser ?? spec.securityContext?.runAsUser;
}
