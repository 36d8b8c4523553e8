/** The parts of a pod that run a service's program: the same in an Istio and in a Consul mesh. */
import { imagePullPolicy, runsOf } from '../../model/images';
import { type Lab, mesh as meshOf, type Service } from '../../model/lab';
import type { Program } from '../programs';
import { confined } from './confined';

/** Rolls the pods when the program changes. */
export function programAnnotation(program: Program | undefined): {
  annotations?: Readonly<Record<string, string>>;
} {
  return program === undefined ? {} : { annotations: { 'isthmus.dev/program': program.hash } };
}

/** Name, image, resources and rights of the container; the caller adds environment, ports and probes. */
export function programContainer(lab: Lab, service: Service): Readonly<Record<string, unknown>> {
  const { image, isProgram } = runsOf(lab, service);
  return {
    name: service.name,
    image,
    ...imagePullPolicy(meshOf(lab, service.mesh)),
    ...(isProgram ? { command: ['node', '/program/main.js'] } : {}),
    resources: { requests: { cpu: '10m', memory: '48Mi' }, limits: { memory: '192Mi' } },
    securityContext: confined,
    ...(isProgram ? { volumeMounts: [{ name: 'program', mountPath: '/program', readOnly: true }] } : {}),
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

/** The ConfigMap that the chart "objects" makes of the program. */
export function programVolumes(service: Service): Readonly<Record<string, unknown>> {
  return service.workload.kind === 'program'
    ? { volumes: [{ name: 'program', configMap: { name: service.name } }] }
    : {};
}
