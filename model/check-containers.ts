/** Checks of the containers beside a service's own, and of the pairs between them. */
import type { z } from 'zod';
import type { Entry, LooseLab } from './check';
import { platformOf } from './check-platforms';
import { firstUpstreamPort } from './consul-hosts';
import type { Fault } from './fault';
import { readyPort, sidecarPort, upstreamPorts } from './hosts';
import { canonicalId, type MeshKind, type Platform } from './lab';
import { upstreamVariable } from './names';
import { nearest } from './nearest';
import { isReservedContainer, isReservedVariable } from './reserved';
import type { serviceSchema } from './schema';

type LooseService = z.output<typeof serviceSchema>;

/** Most containers of a pod beside the service's own: each has a user of its own. */
const most = 20;

export function checkContainers(lab: LooseLab): Fault[] {
  return lab.services.flatMap(({ id, value }) => {
    if (value === undefined) return [];
    const mesh = lab.meshes.find((entry) => entry.id === id.split('/')[0])?.value;
    const place = { kind: mesh?.kind, platform: platformOf(lab, mesh), existing: mesh?.existing === true };
    const found = { id, value };
    return [...availability(found, place), ...containerFaults(found, place), ...pairFaults(lab, found, place)];
  });
}

interface PlaceOf {
  readonly kind: MeshKind | undefined;
  readonly platform: Platform | undefined;
  readonly existing: boolean;
}

type Found = Entry<LooseService> & { readonly value: LooseService };

/** A pod of ours is needed. */
function availability({ id, value }: Found, { kind, platform, existing }: PlaceOf): Fault[] {
  const hosts = kind === 'consul' && platform === 'local';
  if (!hosts && !existing) return [];
  const where = hosts ? 'hosts on platform local, which have no pods' : 'a mesh that is there already';
  return (['containers', 'guard'] as const)
    .filter((key) => Object.keys(value[key]).length > 0)
    .map((key) => ({
      path: ['services', id, key],
      problem: `is not available on ${where}`,
      allowed: 'services of an Istio mesh, and of a Consul mesh on Kubernetes',
      fix: 'remove it',
    }));
}

function containerFaults({ id, value }: Found, { kind, platform }: PlaceOf): Fault[] {
  const own = nameOf(id);
  const at = (...keys: string[]) => ['services', id, 'containers', ...keys];
  const entries = Object.entries(value.containers);
  const ports = new Map([[value.port, own]]);
  const faults: Fault[] =
    entries.length > most
      ? [{ path: at(), value: entries.length, problem: 'are too many', allowed: `at most ${most}`, fix: 'remove some' }]
      : [];
  for (const [name, { port, program, image, env }] of entries) {
    if (name === own || isReservedContainer(name)) {
      const whose = name === own ? "the service's own container" : 'the mesh or the guard';
      faults.push({ path: at(name), value: name, problem: `is a name of ${whose}`, fix: 'rename the container' });
    }
    if ((program === undefined) === (image === undefined)) {
      const problem = program === undefined ? 'says nothing to run' : 'says two things to run';
      const allowed = platform === 'local' ? 'program' : 'program or image';
      faults.push({ path: at(name), problem, allowed, fix: program === undefined ? 'add program' : 'keep one' });
    }
    if (image !== undefined && platform === 'local') {
      const problem = 'can not run on platform local, whose networks reach no registry';
      faults.push({ path: at(name, 'image'), value: image, problem, allowed: 'program', fix: 'use program' });
    }
    for (const variable of Object.keys(env).filter(isReservedVariable)) {
      const problem = 'is set by the lab itself';
      faults.push({ path: at(name, 'env', variable), value: variable, problem, fix: 'remove it' });
    }
    if (port === undefined) continue;
    const taken = ports.get(port) ?? (isProxyPort(port, kind) ? 'the proxy' : undefined);
    if (taken !== undefined) {
      const problem = `is a port of ${taken} in the same pod`;
      const meant = value.guard.find((pair) => pair.to === name && pair.port !== port)?.port;
      const free = meant !== undefined && !portsOf(value).includes(meant) && !isProxyPort(meant, kind);
      const fix = free ? `write ${meant}, as guard does, or choose another port` : 'choose another port';
      faults.push({ path: at(name, 'port'), value: port, problem, fix });
    }
    ports.set(port, name);
  }
  return faults;
}

function portsOf({ port, containers }: LooseService): number[] {
  return [port, ...Object.values(containers).flatMap((one) => one.port ?? [])];
}

function isProxyPort(port: number, kind: MeshKind | undefined): boolean {
  switch (kind) {
    case 'istio':
      return port >= 15000 && port <= 15099;
    case 'consul':
      return (
        port === sidecarPort ||
        port === readyPort ||
        (port >= firstUpstreamPort && port < firstUpstreamPort + upstreamPorts)
      );
    case undefined:
      return false;
  }
}

function pairFaults(lab: LooseLab, { id, value }: Found, { kind }: PlaceOf): Fault[] {
  const own = nameOf(id);
  const ports = new Map<string, number | undefined>([
    [own, value.port],
    ...Object.entries(value.containers).map(([name, { port }]) => [name, port] as const),
  ]);
  const known = [...ports.keys()];
  const seen = new Map<string, number>();
  return value.guard.flatMap((pair, index) => {
    const at = (key: string) => ['services', id, 'guard', index, key];
    const faults = (['from', 'to'] as const)
      .filter((side) => !ports.has(pair[side]))
      .map((side): Fault => {
        const near = nearest(pair[side], known);
        const fix = near === undefined ? 'use one of them, or add the container' : `did you mean ${near}?`;
        return {
          path: at(side),
          value: pair[side],
          problem: 'names no container of the pod',
          allowed: known.join(', '),
          fix,
        };
      });
    const port = ports.get(pair.to);
    // A container's port that is taken is told of already; guard may name the one that was meant.
    const taken = (of: number) => isProxyPort(of, kind) || portsOf(value).filter((one) => one === of).length > 1;
    const clashes = port !== undefined && pair.to !== own && taken(port);
    if (ports.has(pair.to) && port !== pair.port && !clashes) {
      const allowed = port === undefined ? `none: ${pair.to} has no port` : String(port);
      const fix = port === undefined ? `give ${pair.to} a port` : `write ${port}`;
      faults.push({ path: at('port'), value: pair.port, problem: `is not the port of ${pair.to}`, allowed, fix });
    }
    const key = `${pair.from} ${pair.to} ${pair.port}`;
    const first = seen.get(key);
    if (first !== undefined) {
      const problem = `repeats guard[${first}]`;
      faults.push({ path: ['services', id, 'guard', index], value: key, problem, fix: 'remove one of the two' });
    }
    seen.set(key, index);
    return [...faults, ...variableFaults(lab, { id, value }, index)];
  });
}

/** A pair tells its first container where the second one is, by a variable like those of upstreams. */
function variableFaults(lab: LooseLab, { id, value }: Found, index: number): Fault[] {
  const pair = value.guard[index];
  if (pair === undefined) return [];
  const variable = upstreamVariable(pair.to);
  const isOwn = pair.from === nameOf(id);
  const upstreams = lab.access.flatMap(({ from, to }) =>
    isOwn && from !== undefined && to !== undefined && canonicalId(from) === canonicalId(id) ? [nameOf(to)] : [],
  );
  const env = isOwn ? { ...value.env, ...value.secrets } : (value.containers[pair.from]?.env ?? {});
  const taken = upstreams.some((name) => upstreamVariable(name) === variable)
    ? 'an upstream of the access table'
    : Object.hasOwn(env, variable)
      ? 'env or secrets'
      : undefined;
  if (taken === undefined) return [];
  const path = ['services', id, 'guard', index];
  return [{ path, value: variable, problem: `sets a variable that ${taken} sets, too`, fix: 'rename one of the two' }];
}

function nameOf(id: string): string {
  return canonicalId(id).split('/')[2] ?? '';
}
