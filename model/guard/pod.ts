/** Why a pod is not admitted: everything that would make the rules between its containers worthless. */
import type { Fault } from '../fault';
import { captureFaults, followsFrom } from './capture';
import { confinementFaults } from './confinement';
import { parseDeclaration } from './declaration';
import { identityFaults } from './identity';
import { guarded, guardedEphemeral } from './mutate';
import { annotationPrefix, isGuardContainer, isInfrastructure } from './names';
import { guardFaults, strayContainers } from './own';
import { ownContainers, proxyKinds } from './parties';
import { type Placed, placedContainers, placedOwn } from './placed';
import { portFaults } from './ports';
import { proxyFaults } from './proxies';
import { formatReasons } from './reason';
import { guardRules } from './rules';
import { sizeFaults } from './size';
import type { GuardConfig, Pod } from './types';

/**
 * Reasons to refuse a new pod as it will run, after all mutating webhooks; empty when it is guarded. Each names the place,
 * what is wrong, the value, what is allowed and the fix; the first twenty, and how many more there are.
 */
export function refusals(pod: Pod, config: GuardConfig): string[] {
  const large = sizeFaults(pod);
  if (large.length > 0) return formatReasons(large);
  const own = placedOwn(pod, config);
  const captured = captureFaults(pod, config);
  return formatReasons([
    ...authorFaults(pod, own, config),
    ...portFaults(pod, own),
    ...captured,
    ...proxyFaults(pod, config).filter((fault) => !followsFrom(captured, fault)),
    ...orderFaults(pod, config),
    ...guardFaults(pod, config, guardRules(pod, config)),
  ]);
}

/**
 * Reasons to refuse a new pod before Kubernetes reads what guard makes of it; empty when there are none yet. Kubernetes
 * refuses some of what an author wrote only together with what guard adds (`privileged` beside `allowPrivilegeEscalation:
 * false`): its answer would name a field that nobody wrote, and nothing else. What the author wrote wrongly stays wrong
 * whatever other webhooks add, so that is refused at once, with all other reasons.
 */
export function refusalsAtOnce(pod: Pod, config: GuardConfig): string[] {
  const large = sizeFaults(pod);
  if (large.length > 0) return formatReasons(large);
  const made = guarded(pod, config);
  const faults = [...authorFaults(made, placedOwn(made, config), config), ...strayContainers(made)];
  return faults.length === 0 ? [] : refusals(made, config);
}

/** The same for `pods/ephemeralcontainers`. */
export function refusalsOfEphemeralAtOnce(before: Pod, after: Pod, config: GuardConfig): string[] {
  return refusalsOfUpdate(before, guardedEphemeral(after), config);
}

/** What only the author of a pod can have written. */
function authorFaults(pod: Pod, own: readonly Placed[], config: GuardConfig): Fault[] {
  const { declaration, faults } = parseDeclaration(pod.metadata?.annotations ?? {}, ownContainers(pod, config));
  return [...faults, ...identityFaults(pod, own, declaration), ...confinementFaults(pod, own)];
}

/**
 * Reasons to refuse an update of a running pod, `pods/ephemeralcontainers` included. The rules are loaded already, and a
 * newer guard may make others: so what guards the pod has to stay as it is, and only what is new is judged. A proxy that
 * restarts reads the pod's annotations and labels again, so those that are changed are judged as a new pod's.
 */
export function refusalsOfUpdate(before: Pod, after: Pod, config: GuardConfig): string[] {
  return formatReasons([
    ...annotationChanges(before, after),
    ...imageChanges(before, after, config),
    ...captureFaults(after, config).filter((fault) => metadataChanged(before, after, fault)),
    ...ephemeralFaults(before, after, config),
  ]);
}

/** Of ephemeral containers that are new. A pod from before its namespace was guarded, too large to be judged, gets none. */
function ephemeralFaults(before: Pod, after: Pod, config: GuardConfig): Fault[] {
  const old = new Set(before.spec.ephemeralContainers?.map(({ name }) => name));
  const added = new Set(
    (after.spec.ephemeralContainers ?? []).map(({ name }) => name).filter((name) => !old.has(name)),
  );
  if (added.size === 0) return [];
  const large = sizeFaults(after);
  if (large.length > 0) return large;
  const own = placedOwn(after, config);
  const { declaration } = parseDeclaration(before.metadata?.annotations ?? {}, ownContainers(before, config));
  return [
    ...identityFaults(after, own, declaration),
    ...confinementFaults(after, own),
    ...proxyFaults(after, config),
  ].filter(({ path: [, list, name] }) => list === 'ephemeralContainers' && added.has(String(name)));
}

/** Whatever runs before guard has the network to itself. */
function orderFaults({ spec }: Pod, config: GuardConfig): Fault[] {
  const list = spec.initContainers ?? [];
  const last = list.findLastIndex(({ name }) => isGuardContainer(name));
  return list
    .slice(0, Math.max(last, 0))
    .filter(({ name }) => !isInfrastructure(name, proxyKinds(config)))
    .map(({ name }) => ({
      path: ['spec', 'initContainers', name],
      problem: 'would run before the rules are loaded',
      allowed: "only the mesh's own containers stand before guard",
      fix: "let guard's webhook order them",
    }));
}

function annotationChanges(before: Pod, after: Pod): Fault[] {
  const old = before.metadata?.annotations ?? {};
  const now = after.metadata?.annotations ?? {};
  return [...new Set([...Object.keys(old), ...Object.keys(now)])]
    .filter((key) => key.startsWith(annotationPrefix) && old[key] !== now[key])
    .map((key) => ({
      path: [key],
      problem: 'is changed, but the rules of a running pod stay',
      value: now[key] ?? null,
      fix: 'change the template and let new pods replace this one',
    }));
}

/** Whether a fault's place is an annotation or a label that is not as before. */
function metadataChanged({ metadata: old }: Pod, { metadata: now }: Pod, { path }: Fault): boolean {
  const list = path.includes('labels') ? 'labels' : 'annotations';
  const key = String(path.at(-1));
  return old?.[list]?.[key] !== now?.[list]?.[key];
}

/** An image is one of the few fields of a running pod that may be changed. */
function imageChanges(before: Pod, after: Pod, config: GuardConfig): Fault[] {
  const images = new Map(placedContainers(before).map(({ path, container }) => [path.join(), container.image]));
  const changed = ({ path, container }: Placed) =>
    isInfrastructure(container.name, proxyKinds(config)) &&
    !(images.has(path.join()) && images.get(path.join()) === container.image);
  return placedContainers(after)
    .filter((placed) => placed.list !== 'ephemeralContainers' && changed(placed))
    .map(({ path, container }) => ({
      path: [...path, 'image'],
      problem: 'is changed: it would run with the rights of the mesh or of guard',
      value: container.image,
      fix: 'leave it',
    }));
}
