/** Names, users and ports that guard and the meshes' proxies own. */
import type { ProxyKind } from './types';

const prefix = 'guard.isthmus.dev/';

export const annotations = {
  /** `"true"`; may be left out where the namespace is guarded. */
  enabled: `${prefix}enabled`,
  /** JSON list of {from, to, port, protocol}: the calls between containers that pass. */
  allow: `${prefix}allow`,
  /** JSON list of lists of container names: containers that are one party and share one user. */
  sharedUsers: `${prefix}shared-users`,
  /** Written by guard: what its init containers load. */
  rulesV4: `${prefix}rules-v4`,
  rulesV6: `${prefix}rules-v6`,
} as const;

export const annotationPrefix = prefix;

/** Guard's init containers: one for each address family, because a container without a shell runs one program. */
export const guardContainers = { v4: 'isthmus-guard-v4', v6: 'isthmus-guard-v6' } as const;

export const guardVolume = 'isthmus-guard';

export const guardMountPath = '/etc/isthmus-guard';

/** Users whose traffic the meshes' own rules let pass: istio-proxy; consul-dataplane and consul-connect-inject-init. */
export const proxyUsers: readonly number[] = [1337, 5995, 5996];

/** The proxies' own containers, in the order of a pod. */
export const proxyContainers: Readonly<Record<ProxyKind, readonly string[]>> = {
  istio: ['istio-init', 'istio-validation', 'istio-proxy'],
  consul: ['consul-connect-inject-init', 'consul-dataplane'],
};

interface PortRange {
  readonly first: number;
  readonly last: number;
}

/** Ports that belong to the proxies: no container has them and no pair names them. */
export const proxyPorts: Readonly<Record<ProxyKind, readonly PortRange[]>> = {
  // https://istio.io/latest/docs/ops/deployment/application-requirements/ lists those in use.
  istio: [{ first: 15000, last: 15099 }],
  // Envoy's admin port, the transparent proxy's outbound port, DNS; public listener, metrics, exposed paths, shutdown;
  // health. consul-k8s, control-plane/connect-inject/constants.
  consul: [
    { first: 8600, last: 8600 },
    { first: 15001, last: 15001 },
    { first: 19000, last: 19099 },
    { first: 20000, last: 20999 },
    { first: 21000, last: 21099 },
  ],
};

/** The mesh whose proxy owns a port. */
export function proxyOfPort(port: number): ProxyKind | undefined {
  const kinds: readonly ProxyKind[] = ['istio', 'consul'];
  return kinds.find((kind) => proxyPorts[kind].some(({ first, last }) => port >= first && port <= last));
}

/** Whether a container is a proxy's or guard's own, by name; what it must look like is checked elsewhere. */
export function isInfrastructure(name: string, kinds: readonly ProxyKind[]): boolean {
  return isGuardContainer(name) || proxyKindOf(name, kinds) !== undefined;
}

export function isGuardContainer(name: string): boolean {
  return name === guardContainers.v4 || name === guardContainers.v6;
}

export function proxyKindOf(name: string, kinds: readonly ProxyKind[]): ProxyKind | undefined {
  return kinds.find((kind) => proxyContainers[kind].includes(name));
}
