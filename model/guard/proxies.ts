/**
 * Refusals: containers with the name of a mesh's own. They run as users that the rules let pass, so they are admitted only
 * in the shape in which the mesh's injector makes them.
 */
import type { Fault } from '../fault';
import { proxyKindOf } from './names';
import { proxyKinds } from './parties';
import { placedContainers, placedOwn } from './placed';
import { deviationsFrom, shapes } from './shapes';
import type { GuardConfig, Pod } from './types';
import { consulMounts, istioMounts } from './volumes';

/** Faults of the proxies' containers, of those that came without them, and of who looks into their files. */
export function proxyFaults(pod: Pod, config: GuardConfig): Fault[] {
  return [
    ...config.proxies.flatMap((proxy) => shapeFaults(pod, proxy)),
    ...pairFaults(pod, config),
    ...peeking(pod, config),
  ];
}

function shapeFaults(pod: Pod, { kind, images }: GuardConfig['proxies'][number]): Fault[] {
  const fix = "leave it to the mesh's injector";
  return placedContainers(pod).flatMap(({ path, list, container }): Fault[] => {
    const shape = proxyKindOf(container.name, [kind]) === undefined ? undefined : shapes[container.name];
    if (shape === undefined) return [];
    if (!shape.lists.includes(list)) {
      return [
        {
          path: [...path],
          problem: "has the name of a mesh's own container",
          allowed: shape.lists.join(', '),
          fix: 'rename it',
        },
      ];
    }
    const image = images.includes(container.image ?? '')
      ? []
      : [{ field: 'image', problem: "is not the mesh's", value: container.image }];
    return [...image, ...deviationsFrom(shape, container, pod.spec.volumes ?? [])].map(({ field, problem, value }) => ({
      path: [...path, ...field.split('.')],
      problem: `${problem}: a container of that name has the rights of the mesh's own`,
      ...(value === undefined ? {} : { value }),
      fix,
    }));
  });
}

/** A proxy without the redirection to it, or one that nobody was asked to inject. */
function pairFaults(pod: Pod, config: GuardConfig): Fault[] {
  if (!proxyKinds(config).includes('istio')) return [];
  const placed = placedContainers(pod);
  const has = (name: string) => placed.some(({ container }) => container.name === name);
  const faults: Fault[] = [];
  if (has('istio-proxy') && !has('istio-init') && !has('istio-validation')) {
    const problem = 'stands without istio-init: nothing is redirected to it';
    faults.push({ path: ['spec', 'istio-proxy'], problem, fix: "leave it to the mesh's injector" });
  }
  for (const source of ['annotations', 'labels'] as const) {
    const value = pod.metadata?.[source]?.['sidecar.istio.io/inject'];
    if (value !== 'false' || !(has('istio-proxy') || has('istio-init'))) continue;
    const problem = "switches the injector off, but the pod brings the injector's containers";
    faults.push({
      path: ['metadata', source, 'sidecar.istio.io/inject'],
      problem,
      value,
      fix: 'remove one of the two',
    });
  }
  return faults;
}

/** The proxies' files hold keys, tokens and the sockets over which they are given out. */
function peeking(pod: Pod, config: GuardConfig): Fault[] {
  const reserved = proxyKinds(config).flatMap((kind) => Object.keys(kind === 'istio' ? istioMounts : consulMounts));
  return placedOwn(pod, config).flatMap(({ path, container }) =>
    (container.volumeMounts ?? [])
      .filter(({ name }) => reserved.includes(name))
      .map(({ name: value }) => ({
        path: [...path, 'volumeMounts'],
        problem: "mounts a volume of the mesh's proxy",
        value,
        allowed: 'any other volume',
        fix: 'remove the mount, or rename the volume if it is your own',
      })),
  );
}
