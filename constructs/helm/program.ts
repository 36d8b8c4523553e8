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

/** The ConfigMap that the chart "objects" makes of the program. */
export function programVolumes(service: Service): Readonly<Record<string, unknown>> {
  return service.workload.kind === 'program'
    ? { volumes: [{ name: 'program', configMap: { name: service.name } }] }
    : {};
}
