import { NamespaceV1 } from '@cdktf/provider-kubernetes/lib/namespace-v1';
import type { ITerraformDependable } from 'cdktf';
import { Construct } from 'constructs';
import { istioMeshObjects } from '../../model/access/mesh-objects';
import { requestLogFields } from '../../model/access-log';
import { guardLabels } from '../../model/guard/namespaces';
import { type Lab, type Mesh, namespacesOf } from '../../model/lab';
import { ingressNamespace } from '../../model/names';
import { meshPolicies, namespacePolicy } from '../../model/network-policy/istio';
import { chartOf, chartValues } from '../helm/charts';
import { Objects } from '../helm/objects';
import { Release } from '../helm/release';
import { drainAnnotation } from './drain';

export interface IstioMeshProps {
  readonly lab: Lab;
  readonly mesh: Mesh;
  /** @default - nothing */
  readonly dependsOn?: readonly ITerraformDependable[];
}

/** Istio from its own charts, strict, with nothing allowed yet, and its ingress gateway. */
export class IstioMesh extends Construct {
  constructor(scope: Construct, id: string, { lab, mesh, dependsOn }: IstioMeshProps) {
    super(scope, id);
    const system = new NamespaceV1(this, 'System', { metadata: { name: 'istio-system' } });
    const base = new Release(this, 'Base', {
      ...chartOf(mesh, 'base'),
      releaseName: 'istio-base',
      namespace: 'istio-system',
      dependsOn: [system, ...(dependsOn ?? [])],
    });
    const istiod = new Release(this, 'Istiod', {
      ...chartOf(mesh, 'istiod'),
      releaseName: 'istiod',
      namespace: 'istio-system',
      values: [...chartValues(mesh, 'istiod'), meshSettings(lab, mesh)],
      postrender: '../../../charts-values/istio/istiod.postrender.cjs',
      dependsOn: [base.resource],
    });
    const ingress = new NamespaceV1(this, 'Ingress', {
      metadata: { name: ingressNamespace, labels: { 'istio-injection': 'enabled' } },
    });
    const namespaces = namespacesOf(lab, mesh);
    const made = namespaces.map(
      (name) =>
        new NamespaceV1(this, `Namespace-${name}`, {
          metadata: { name, labels: { 'istio-injection': 'enabled', ...guardLabels(lab, mesh, name) } },
        }),
    );
    const policy = new Objects(this, 'Policy', {
      releaseName: 'mesh-policy',
      namespace: 'istio-system',
      objects: [
        ...Object.values(istioMeshObjects),
        ...meshPolicies(lab, mesh),
        ...namespaces.map((name) => namespacePolicy(mesh, name)),
      ],
      // istiod checks them as they are made.
      dependsOn: [istiod.resource, ingress, ...made],
    });
    new Release(this, 'IngressGateway', {
      ...chartOf(mesh, 'gateway'),
      releaseName: ingressNamespace,
      namespace: ingressNamespace,
      values: [...chartValues(mesh, 'gateway'), { podAnnotations: drainAnnotation(lab, mesh) }],
      dependsOn: [ingress, istiod.resource, policy.release.resource],
    });
  }
}

function meshSettings(lab: Lab, mesh: Mesh): Record<string, unknown> {
  return {
    meshConfig: {
      trustDomain: mesh.trustDomain,
      accessLogFormat: JSON.stringify(requestLogFields),
      defaultConfig: { drainDuration: `${lab.settings.drainSeconds}s` },
    },
  };
}
