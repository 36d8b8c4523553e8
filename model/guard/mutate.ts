/** What guard's mutating webhook does to a pod: users, confinement, rules, and the containers that load them. */
import { parseDeclaration } from './declaration';
import { annotations, guardVolume, isGuardContainer, isInfrastructure, proxyKindOf, proxyUsers } from './names';
import { equal, guardInitContainers, guardRulesVolume, madeContainer, madeVolume } from './own';
import { ownContainers, proxyKinds } from './parties';
import { guardRules } from './rules';
import { sizeFaults } from './size';
import type { Container, GuardConfig, PatchOperation, Pod, PodSpec, SecurityContext } from './types';

/** First user that is given to containers without one. Below 65536, so that pods with a user namespace have it too. */
const firstUser = 21001;

/**
 * JSON patch that guards a pod. Guard's own containers, volume and rules replace whatever has their names; for the rest
 * it only adds what is absent, and what an author wrote and guard refuses is left for others to name. Empty when there is
 * nothing to do, so another call after other webhooks does no harm, and for a pod that is too large to be judged.
 */
export function mutate(pod: Pod, config: GuardConfig): PatchOperation[] {
  const { metadata, spec } = guarded(pod, config);
  return [
    ...(pod.metadata === undefined && metadata !== undefined
      ? [{ op: 'add', path: '/metadata', value: {} } as const]
      : []),
    ...change('/metadata/annotations', pod.metadata?.annotations, metadata?.annotations),
    ...change('/spec/containers', pod.spec.containers, spec.containers),
    ...change('/spec/initContainers', pod.spec.initContainers, spec.initContainers),
    ...change('/spec/volumes', pod.spec.volumes, spec.volumes),
  ];
}

/** The pod that {@link mutate} makes of one; the same pod when it is too large to be judged. */
export function guarded(pod: Pod, config: GuardConfig): Pod {
  if (sizeFaults(pod).length > 0) return pod;
  const confined: Pod = { ...pod, spec: placeGuard(confine(pod, config), config) };
  const { v4, v6 } = guardRules(confined, config);
  const rules = { [annotations.rulesV4]: v4, [annotations.rulesV6]: v6 };
  return { ...confined, metadata: { ...pod.metadata, annotations: { ...pod.metadata?.annotations, ...rules } } };
}

/** The same as {@link mutate} for `pods/ephemeralcontainers`, where only the new containers may be changed. */
export function mutateEphemeral(pod: Pod): PatchOperation[] {
  const ephemeral = guardedEphemeral(pod).spec.ephemeralContainers ?? [];
  return change('/spec/ephemeralContainers', pod.spec.ephemeralContainers ?? [], ephemeral);
}

/** The pod that {@link mutateEphemeral} makes of one. */
export function guardedEphemeral(pod: Pod): Pod {
  if (sizeFaults(pod).length > 0) return pod;
  const taken = takenUsers(pod);
  const ephemeralContainers = (pod.spec.ephemeralContainers ?? []).map((container) => {
    const user = container.securityContext?.runAsUser ?? takeUser(taken);
    return confineContainer(pod, container, user);
  });
  return { ...pod, spec: { ...pod.spec, ephemeralContainers } };
}

function change(path: string, before: unknown, after: unknown): PatchOperation[] {
  if (equal(before, after)) return [];
  return [{ op: before === undefined ? 'add' : 'replace', path, value: after }];
}

/** Every container of the author with a user of its own and the confinement that the rules rest on. */
function confine(pod: Pod, config: GuardConfig): PodSpec {
  const users = assignUsers(pod, config);
  const one = (container: Container): Container => {
    if (proxyKindOf(container.name, proxyKinds(config)) !== undefined) return proxyUser(container);
    const user = users.get(container.name);
    return user === undefined ? container : confineContainer(pod, container, user);
  };
  const { containers, initContainers } = pod.spec;
  return {
    ...pod.spec,
    containers: containers.map(one),
    ...(initContainers === undefined ? {} : { initContainers: initContainers.map(one) }),
  };
}

/** Consul's injector leaves its init container without a user where it does not redirect: it would get the pod's. */
function proxyUser(container: Container): Container {
  if (container.name !== 'consul-connect-inject-init' || container.securityContext?.runAsUser !== undefined) {
    return container;
  }
  const user = { runAsUser: 5996, runAsGroup: 5996, runAsNonRoot: true };
  return { ...container, securityContext: { ...confinement, ...container.securityContext, ...user } };
}

const confinement = {
  allowPrivilegeEscalation: false,
  capabilities: { drop: ['ALL'] },
  seccompProfile: { type: 'RuntimeDefault' },
} as const satisfies SecurityContext;

function confineContainer(pod: Pod, container: Container, user: number): Container {
  const given = container.securityContext ?? {};
  const { capabilities } = given;
  return {
    ...container,
    securityContext: {
      ...confinement,
      runAsNonRoot: true,
      ...given,
      runAsUser: user,
      // Otherwise the image's own list of users would choose, and could choose the group that Istio lets pass.
      runAsGroup: given.runAsGroup ?? [pod.spec.securityContext?.runAsGroup, user].find(mayBeGiven) ?? firstUser,
      ...(capabilities === undefined ? {} : { capabilities: { drop: ['ALL'], ...capabilities } }),
    },
  };
}

/** A proxy's user or group that the author wrote is one fault; as a container's group it would be told once more. */
function mayBeGiven(group: number | undefined): boolean {
  return group !== undefined && !proxyUsers.includes(group);
}

/** User of each of the author's containers: its own; the pod's for the first that has none; then the next free. */
function assignUsers(pod: Pod, config: GuardConfig): ReadonlyMap<string, number> {
  const own = ownContainers(pod, config);
  const { declaration } = parseDeclaration(pod.metadata?.annotations ?? {}, own);
  const taken = takenUsers(pod);
  const ofPod = pod.spec.securityContext?.runAsUser;
  const users = new Map(
    own.flatMap(({ name, securityContext }) =>
      securityContext?.runAsUser === undefined ? [] : [[name, securityContext.runAsUser] as const],
    ),
  );
  for (const { name } of own) {
    if (users.has(name)) continue;
    const party = declaration.sharedUsers.find((names) => names.includes(name))?.find((other) => users.has(other));
    const shared = party === undefined ? undefined : users.get(party);
    const inherited = ofPod !== undefined && !taken.has(ofPod) ? ofPod : undefined;
    const user = shared ?? inherited ?? takeUser(taken);
    taken.add(user);
    users.set(name, user);
  }
  return users;
}

/** Users that no other container may be given. */
function takenUsers({ spec }: Pod): Set<number> {
  const containers = [...(spec.initContainers ?? []), ...spec.containers, ...(spec.ephemeralContainers ?? [])];
  const explicit = containers.flatMap(({ securityContext }) => securityContext?.runAsUser ?? []);
  return new Set([0, ...proxyUsers, ...explicit]);
}

function takeUser(taken: Set<number>): number {
  let user = firstUser;
  while (taken.has(user)) user += 1;
  taken.add(user);
  return user;
}

/** Guard's containers right behind the proxies' that come first, before every container of the author. */
function placeGuard(spec: PodSpec, config: GuardConfig): PodSpec {
  const kinds = proxyKinds(config);
  const others = (spec.initContainers ?? []).filter(({ name }) => !isGuardContainer(name));
  const firstOwn = others.findIndex(({ name }) => !isInfrastructure(name, kinds));
  const at = firstOwn === -1 ? others.length : firstOwn;
  const volumes = spec.volumes ?? [];
  const there = madeVolume(volumes) !== undefined;
  return {
    ...spec,
    initContainers: [...others.slice(0, at), ...keptOrMade(spec, config), ...others.slice(at)],
    volumes: there ? volumes : [...volumes.filter(({ name }) => name !== guardVolume), guardRulesVolume],
  };
}

/** What guard has made before stays as Kubernetes has filled it in; anything else of its name is replaced. */
function keptOrMade({ initContainers = [] }: PodSpec, config: GuardConfig): Container[] {
  return guardInitContainers(config).map((made) => madeContainer(initContainers, made) ?? made);
}
