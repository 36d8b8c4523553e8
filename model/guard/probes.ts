/**
 * Probes and hooks as their author wrote them, where an injector turned them to its proxy: it keeps the originals, and its
 * proxy asks the container in the kubelet's place.
 */
import type { Container, Handler, Pod } from './types';

/** A probe or hook with its place in the container. */
export type Asked = readonly [place: readonly string[], handler: Handler];

/** Where Consul's injector keeps the whole pod as it was. */
export const originalPod = 'consul.hashicorp.com/original-pod';

/** Where Istio's keeps the probes and hooks: a variable of its proxy. */
export const originalProbes = 'ISTIO_KUBE_APP_PROBERS';

/** By container. What can't be read is left out: it would be asked nowhere. */
export function rewrittenHandlers(pod: Pod): ReadonlyMap<string, readonly Asked[]> {
  const found = new Map<string, Asked[]>();
  for (const [name, asked] of [...keptByIstio(pod), ...keptByConsul(pod)]) {
    const list = found.get(name) ?? [];
    list.push(asked);
    found.set(name, list);
  }
  return found;
}

const places: Readonly<Record<string, readonly string[]>> = {
  livez: ['livenessProbe'],
  readyz: ['readinessProbe'],
  startupz: ['startupProbe'],
  poststartz: ['lifecycle', 'postStart'],
  prestopz: ['lifecycle', 'preStop'],
};

/** In a variable of the proxy: `{"/app-health/CONTAINER/livez": {"httpGet": {…}}}`, ports as numbers. */
function keptByIstio({ spec }: Pod): [string, Asked][] {
  const proxy = [...(spec.initContainers ?? []), ...spec.containers].find(({ name }) => name === 'istio-proxy');
  const text = proxy?.env?.find(({ name }) => name === originalProbes)?.value;
  return Object.entries(read(text)).flatMap(([path, handler]): [string, Asked][] => {
    const [, container, what = ''] = /^\/app-(?:health|lifecycle)\/([^/]+)\/([a-z]+)$/.exec(path) ?? [];
    const place = places[what];
    return container === undefined || place === undefined ? [] : [[container, [place, fields(handler)]]];
  });
}

/** In an annotation that holds the whole pod. Consul turns HTTP probes only, to the first ports from 20300. */
function keptByConsul({ metadata, spec }: Pod): [string, Asked][] {
  const { containers } = fields(fields(read(metadata?.annotations?.[originalPod])).spec);
  const now = new Map(spec.containers.map((container) => [container.name, container]));
  const probes = ['livenessProbe', 'readinessProbe', 'startupProbe'] as const;
  const listed: Partial<Container>[] = Array.isArray(containers) ? containers.map(fields) : [];
  // Each once: whoever writes the annotation may repeat a name as often as it holds.
  const originals = new Map(listed.map((original) => [String(original.name), original]));
  return [...originals].flatMap(([name, original]) => {
    const current = now.get(name);
    return probes.flatMap((probe): [string, Asked][] => {
      const [port, turned] = [original[probe]?.httpGet?.port, current?.[probe]?.httpGet?.port];
      const asks = port !== undefined && turned !== undefined && port !== turned && current !== undefined;
      return asks ? [[current.name, [[probe], { httpGet: { port } }]]] : [];
    });
  });
}

type Fields = Readonly<Record<string, unknown>>;

function read(text: string | undefined): Fields {
  try {
    return fields(JSON.parse(text ?? '{}'));
  } catch {
    return {};
  }
}

function fields(value: unknown): Fields {
  return typeof value === 'object' && value !== null ? Object.fromEntries(Object.entries(value)) : {};
}
