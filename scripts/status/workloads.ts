/** Deployments and StatefulSets of an Istio mesh: which of them say something about the lab's health. */
import { type Lab, type Mesh, podLabels, servicesOf } from '../../model/lab';
import { federationGateway, federationNamespace, ingressNamespace } from '../../model/names';
import { planeNamespaces } from '../../model/planes';

export interface Workload {
  readonly metadata: { readonly name: string; readonly namespace: string };
  readonly spec: {
    readonly replicas?: number;
    readonly template: { readonly metadata?: { readonly labels?: Readonly<Record<string, string>> } };
  };
  readonly status: { readonly readyReplicas?: number };
}

/** On a node of this machine all count; in a cluster that others use, too, the lab's own and what they stand on. */
export function watched(lab: Lab, mesh: Mesh): (workload: Workload) => boolean {
  if (mesh.place.platform === 'local') return () => true;
  const own = new Set([
    federationNamespace,
    federationGateway,
    ...planeNamespaces(lab, mesh),
    ...(mesh.existing ? [] : [ingressNamespace]),
  ]);
  return (workload) =>
    own.has(workload.metadata.namespace) ||
    isIstiod(workload) ||
    servicesOf(lab, mesh).some(
      (service) => service.namespace === workload.metadata.namespace && carries(workload, podLabels(service)),
    );
}

/** What should be there and is not. */
export function missing(lab: Lab, mesh: Mesh, workloads: readonly Workload[]): string[] {
  return [
    ...(workloads.some(isIstiod) ? [] : ['there is no istiod (label app=istiod)']),
    ...servicesOf(lab, mesh)
      .filter(
        (service) =>
          !workloads.some(
            (workload) => workload.metadata.namespace === service.namespace && carries(workload, podLabels(service)),
          ),
      )
      .map((service) => `${service.namespace}/${service.name}: nothing runs it (${labelText(podLabels(service))})`),
  ];
}

export function notReady(workloads: readonly Workload[]): string[] {
  return workloads
    .filter(({ spec, status }) => (status.readyReplicas ?? 0) < (spec.replicas ?? 1))
    .map(
      ({ metadata, spec, status }) =>
        `${metadata.namespace}/${metadata.name}: ${status.readyReplicas ?? 0} of ${spec.replicas ?? 1} pods ready`,
    );
}

function isIstiod(workload: Workload): boolean {
  return carries(workload, { app: 'istiod' });
}

function carries({ spec }: Workload, labels: Readonly<Record<string, string>>): boolean {
  const own = spec.template.metadata?.labels ?? {};
  return Object.entries(labels).every(([key, value]) => own[key] === value);
}

function labelText(labels: Readonly<Record<string, string>>): string {
  return Object.entries(labels)
    .map(([key, value]) => `${key}=${value}`)
    .join(',');
}
