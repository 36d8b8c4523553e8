/** The parts of a pod that run a service's programs: the same in an Istio and in a Consul mesh. */
import { createHash } from 'node:crypto';
import { imagePullPolicy, runsOf } from '../../model/images';
import { type Lab, mesh as meshOf, type Service, type SideContainer } from '../../model/lab';
import { uids } from '../../model/local';
import { upstreamVariable } from '../../model/names';
import { labEnvironment } from '../../model/program-environment';
import type { Programs } from '../programs';
import { confined } from './confined';

type Json = Readonly<Record<string, unknown>>;

/** Name of the service's own program in the ConfigMap, and of each side container's. */
function fileOf(container: SideContainer | undefined): string {
  return container === undefined ? 'main.js' : `${container.name}.js`;
}

/** What the chart "objects" puts into the ConfigMap. */
export function programFiles({ own, beside }: Programs): { programs?: Readonly<Record<string, string>> } {
  const files = [
    ...(own === undefined ? [] : [['main.js', own.file] as const]),
    ...[...beside].map(([name, { file }]) => [`${name}.js`, file] as const),
  ];
  return files.length === 0 ? {} : { programs: Object.fromEntries(files) };
}

/** Rolls the pods when a program changes. */
export function programAnnotation({ own, beside }: Programs): { readonly 'isthmus.dev/program'?: string } {
  const hashes = [...(own === undefined ? [] : [own.hash]), ...[...beside.values()].map(({ hash }) => hash)];
  const [first, ...more] = hashes;
  if (first === undefined) return {};
  return {
    'isthmus.dev/program': more.length === 0 ? first : createHash('sha256').update(hashes.join(' ')).digest('hex'),
  };
}

/** Name, image, resources and rights of the service's container; the caller adds environment, ports and probes. */
export function programContainer(lab: Lab, service: Service): Json {
  return containerOf(lab, service, undefined);
}

/** Variables of the service's container: those given, then those of its Secrets. */
export function programVariables(service: Service, given: Readonly<Record<string, string>>): Json[] {
  return [
    ...variables(given),
    ...Object.entries(service.secrets).map(([name, secret]) => ({
      name,
      // `up` makes the Secret when it finds the variable in its own environment.
      valueFrom: { secretKeyRef: { name: secret, key: name, optional: true } },
    })),
  ];
}

function variables(values: Readonly<Record<string, string>>): Json[] {
  return Object.entries(values).map(([name, value]) => ({ name, value }));
}

/** The containers beside it, complete. Each listens on loopback only, where the guard's pairs say who reaches it. */
export function sideContainers(lab: Lab, service: Service): Json[] {
  return service.containers.map((container) => {
    const { name, port, env } = container;
    const at = { mesh: service.mesh, host: '127.0.0.1', ...(port === undefined ? {} : { port }) };
    const own = { ...labEnvironment(lab, at), ...pairVariables(service, name), ...env };
    // Its port is not published: the proxy may reach those that are.
    return { ...containerOf(lab, service, container), env: variables(own) };
  });
}

/** Where a container finds those of its pod that it may reach: `CACHE_URL` for `cache`. */
export function pairVariables({ guard }: Service, container: string): Readonly<Record<string, string>> {
  const pairs = guard.filter(({ from, to }) => from === container && to !== container);
  return Object.fromEntries(pairs.map(({ to, port }) => [upstreamVariable(to), `http://127.0.0.1:${port}`]));
}

function containerOf(lab: Lab, service: Service, beside: SideContainer | undefined): Json {
  const { image, isProgram } = runsOf(lab, service.mesh, (beside ?? service).workload);
  // Distinct users: by them the guard tells the containers of a pod apart.
  const user = uids.podProgram + (beside === undefined ? 0 : 1 + service.containers.indexOf(beside));
  return {
    name: (beside ?? service).name,
    image,
    ...imagePullPolicy(meshOf(lab, service.mesh)),
    ...(isProgram ? { command: ['node', '/program/main.js'] } : {}),
    resources: { requests: { cpu: '10m', memory: '48Mi' }, limits: { memory: '192Mi' } },
    securityContext: { ...confined, runAsUser: user, runAsGroup: user },
    ...(isProgram ? { volumeMounts: [{ name: volumeOf(beside), mountPath: '/program', readOnly: true }] } : {}),
  };
}

/** A command of a probe that asks for a page on Node.js: 2xx is well. What it asks never leaves the pod. */
export function askProbe(from: { readonly socketPath?: string; readonly port?: number; readonly path: string }): {
  readonly command: readonly string[];
} {
  const program =
    "require('http').get(JSON.parse(process.argv[1]),(r)=>process.exit(r.statusCode<300?0:1)).on('error',()=>process.exit(1))";
  return { command: ['node', '-e', program, JSON.stringify(from)] };
}

/**
 * Readiness of a service's program. It is asked inside its container: the kubelet would ask over the pod's network, in
 * clear. An image of which nothing is known need not have a program that can ask, and is asked over the network.
 */
export function programProbes(service: Service): Readonly<Record<string, unknown>> {
  const { port, health, workload } = service;
  if (workload.kind !== 'program') return { readinessProbe: { httpGet: { path: health, port }, periodSeconds: 2 } };
  const exec = askProbe({ port, path: health });
  return {
    // Often until it is there, seldom afterwards: each look starts a program.
    startupProbe: { exec, periodSeconds: 1, timeoutSeconds: 5, failureThreshold: 300 },
    readinessProbe: { exec, periodSeconds: 10, timeoutSeconds: 5 },
  };
}

function volumeOf(beside: SideContainer | undefined): string {
  return beside === undefined ? 'program' : `program-${beside.name}`;
}

/** Of the ConfigMap that the chart "objects" makes, each container sees its own program only. */
export function programVolumes(service: Service): { readonly volumes?: readonly Json[] } {
  const volumes = [undefined, ...service.containers]
    .filter((beside) => (beside ?? service).workload.kind === 'program')
    .map((beside) => ({
      name: volumeOf(beside),
      configMap: { name: service.name, items: [{ key: fileOf(beside), path: 'main.js' }] },
    }));
  return volumes.length === 0 ? {} : { volumes };
}
