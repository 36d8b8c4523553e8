/** Containers with their place in the pod, as faults name it. */
import { isInfrastructure } from './names';
import { proxyKinds } from './parties';
import type { Container, GuardConfig, Pod } from './types';

export interface Placed {
  /** `spec.initContainers.NAME`. */
  readonly path: readonly string[];
  readonly list: 'containers' | 'initContainers' | 'ephemeralContainers';
  readonly container: Container;
}

export function placedContainers({ spec }: Pod): Placed[] {
  const lists = ['initContainers', 'containers', 'ephemeralContainers'] as const;
  return lists.flatMap((list) =>
    (spec[list] ?? []).map((container) => ({ path: ['spec', list, container.name], list, container })),
  );
}

/** The author's containers and the ephemeral ones: all that are neither a proxy's nor guard's. */
export function placedOwn(pod: Pod, config: Pick<GuardConfig, 'proxies'>): Placed[] {
  const kinds = proxyKinds(config);
  return placedContainers(pod).filter(
    ({ list, container }) => list === 'ephemeralContainers' || !isInfrastructure(container.name, kinds),
  );
}
