/**
 * How much of a pod guard judges. Every pod of a guarded namespace waits for the same few webhooks, so a pod that would
 * take long is refused unread: no author may keep the others waiting.
 */
import type { Fault } from '../fault';
import { annotations, isInfrastructure } from './names';
import { placedContainers } from './placed';
import { originalPod, originalProbes } from './probes';
import type { Container, Pod, ProxyKind } from './types';

export const limits = {
  /** Of all kinds: Kubernetes itself knows no limit. */
  containers: 100,
  /** With the names of a mesh's or guard's own containers: there are seven. Two of one name are Kubernetes' to refuse. */
  infrastructure: 16,
  /** Kubernetes itself knows no limit. */
  volumes: 256,
  /** Letters of a container's name. Kubernetes' own limit, which it checks only after the first webhook. */
  name: 63,
  /** Published by all containers together. */
  ports: 256,
  /** Entries of a list of one of the mesh's or guard's own containers; injectors make a few dozen. */
  list: 256,
  /** Letters of a declaration: `allow` and `shared-users` each. */
  declaration: 32_768,
  /** Entries of a declaration. */
  entries: 256,
  /** Upstreams that a pod of Consul names. */
  upstreams: 256,
  /** Letters of a proxy's configuration or options in an annotation or a variable. */
  configuration: 4_096,
  /** Letters in which an injector keeps what it changed. Kubernetes' own limit for all annotations together. */
  kept: 262_144,
  /** Faults that are told, and looked for in a declaration. */
  faults: 20,
} as const;

const kinds: readonly ProxyKind[] = ['istio', 'consul'];

/** Why a pod is too large to be judged; empty when it is not. Reads each part of the pod once. */
export function sizeFaults(pod: Pod): Fault[] {
  const { spec, metadata } = pod;
  const counted = [spec.initContainers, spec.containers, spec.ephemeralContainers];
  const containers = counted.reduce((sum, list) => sum + (list?.length ?? 0), 0);
  if (containers > limits.containers) return [tooMany(['spec'], 'containers', containers, limits.containers)];
  const placed = placedContainers(pod);
  const own = placed.filter(({ container }) => isInfrastructure(container.name, kinds));
  const volumes = spec.volumes?.length ?? 0;
  const ports = placed.reduce((sum, { container }) => sum + (container.ports?.length ?? 0), 0);
  return [
    ...placed.filter(({ container }) => container.name.length > limits.name).map(({ list }) => longName(list)),
    ...(ports > limits.ports ? [tooMany(['spec', 'ports'], 'ports', ports, limits.ports)] : []),
    ...(volumes > limits.volumes ? [tooMany(['spec'], 'volumes', volumes, limits.volumes)] : []),
    ...(own.length > limits.infrastructure
      ? [tooMany(['spec'], "containers with a mesh's names", own.length, limits.infrastructure)]
      : []),
    ...own.flatMap(({ path, container }) => lists(path, container)),
    ...kept(metadata?.annotations?.[originalPod], ['metadata', 'annotations', originalPod]),
    ...own.flatMap(({ path, container: { env } }) =>
      (Array.isArray(env) ? env.slice(0, limits.list) : []).flatMap(({ name, value }) =>
        name === originalProbes ? kept(value, [...path, 'env', name]) : [],
      ),
    ),
    ...[annotations.allow, annotations.sharedUsers].flatMap((key) => {
      const { length = 0 } = metadata?.annotations?.[key] ?? {};
      return length > limits.declaration ? [tooMany([key], 'letters', length, limits.declaration)] : [];
    }),
  ];
}

function kept(text: string | undefined, path: readonly string[]): Fault[] {
  const { length = 0 } = text ?? {};
  return length > limits.kept ? [tooMany(path, 'letters', length, limits.kept)] : [];
}

function longName(list: string): Fault {
  const problem = 'has a container with a name that Kubernetes does not allow';
  return { path: ['spec', list], problem, allowed: `at most ${limits.name} letters`, fix: 'give it a shorter name' };
}

function lists(path: readonly string[], container: Container): Fault[] {
  return Object.entries(container).flatMap(([field, value]) =>
    Array.isArray(value) && value.length > limits.list
      ? [tooMany([...path, field], 'entries', value.length, limits.list)]
      : [],
  );
}

/** Of a list that is longer than guard reads. */
export function tooMany(path: Fault['path'], what: string, value: number, most: number): Fault {
  const problem = `has more ${what} than guard reads`;
  return { path, problem, value, allowed: `at most ${most}`, fix: 'split the pod, or leave some out' };
}
