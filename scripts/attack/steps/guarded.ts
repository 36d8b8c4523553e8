/** What guard's webhook itself put into a pod that was let in, in place of what the pod brought. */
import { annotations, guardContainers } from '../../../model/guard/names';
import { guardInitContainers, madeContainer } from '../../../model/guard/own';
import type { Container, Pod } from '../../../model/guard/types';
import { imagePullPolicy } from '../../../model/images';
import type { Mesh } from '../../../model/lab';
import type { Observation } from '../attack';

/** Guard's own containers, as an author could copy them from a pod that runs. */
export function guardOf(mesh: Mesh): Container[] {
  return guardInitContainers({ image: mesh.images.guard, ...imagePullPolicy(mesh), proxies: [] });
}

/** A pod that was let in, but with guard's own rules or containers in place of those that it came with. */
export function mended(seen: Observation, sent: unknown, answered: unknown, mesh: Mesh): Observation {
  if (seen.status !== 201) return seen;
  const [before, after] = [sent as Partial<Pod>, (answered ?? {}) as Partial<Pod>];
  const who = "guard's webhook";
  const [given, now] = [rulesOf(before), rulesOf(after)];
  if (given !== undefined && now !== undefined && now !== given) {
    return { ...seen, stop: { how: 'mended', who, what: 'wrote its own rules over them' } };
  }
  const names: readonly string[] = Object.values(guardContainers);
  const brought = before.spec?.initContainers?.some(({ name }) => names.includes(name)) ?? false;
  if (brought && ownIn(before, mesh) === 0 && ownIn(after, mesh) === names.length) {
    return { ...seen, stop: { how: 'mended', who, what: 'put its own containers in their place' } };
  }
  return seen;
}

function rulesOf({ metadata }: Partial<Pod>): string | undefined {
  return metadata?.annotations?.[annotations.rulesV4];
}

/** How many of guard's containers are there exactly as guard makes them. */
function ownIn({ spec }: Partial<Pod>, mesh: Mesh): number {
  return guardOf(mesh).filter((wanted) => madeContainer(spec?.initContainers ?? [], wanted) !== undefined).length;
}
