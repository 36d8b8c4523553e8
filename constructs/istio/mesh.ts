import { NamespaceV1 } from '@cdktf/provider-kubernetes/lib/namespace-v1';
import type { ITerraformDependable } from 'cdktf';
import { Construct } from 'constructs';
import { requestLogFields } from '../../model/access-log';
import type { KubeObject } from '../../model/kube';
import type { Lab, Mesh } from '../../model/lab';
import { ingressNamespace } from '../../model/names';
import { meshPolicies, namespacePolicy } from '../../model/network-policy/istio';
import { chartOf, chartValues } from '../helm/charts';
import { Objects } from '../helm/objects';
import { Release } from '../helm/release';

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
      dependsOn: [base.resource],
    });
    const ingress = new NamespaceV1(this, 'Ingress', {
      metadata: { name: ingressNamespace, labels: { 'istio-injection': 'enabled' } },
    });
    const namespaces = [
      ...new Set(lab.services.filter((service) => service.mesh === mesh.name).map(({ namespace }) => namespace)),
    ];
    const made = namespaces.map(
      (name) =>
        new NamespaceV1(this, `Namespace-${name}`, { metadata: { name, labels: { 'istio-injection': 'enabled' } } }),
    );
    const policy = new Objects(this, 'Policy', {
      releaseName: 'mesh-policy',
      namespace: 'istio-system',
      objects: [
        strictMutualTls,
        denyAll,
        refuseEscapedSlashes,
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
      values: chartValues(mesh, 'gateway'),
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

const strictMutualTls: KubeObject = {
  apiVersion: 'security.istio.io/v1',
  kind: 'PeerAuthentication',
  metadata: { name: 'default', namespace: 'istio-system' },
  spec: { mtls: { mode: 'STRICT' } },
};

/**
 * A program may read %2f as a slash, the rules would not. Such a path is refused at the callee, and `//` is read as `/`,
 * as in Consul's public listener. Istio's own settings can only decode %2f, and would also rewrite a path on its way to
 * other meshes.
 */
const refuseEscapedSlashes: KubeObject = {
  apiVersion: 'networking.istio.io/v1alpha3',
  kind: 'EnvoyFilter',
  metadata: { name: 'refuse-escaped-slashes', namespace: 'istio-system' },
  spec: {
    configPatches: ['SIDECAR_INBOUND', 'GATEWAY'].map((context) => ({
      applyTo: 'NETWORK_FILTER',
      match: {
        context,
        listener: { filterChain: { filter: { name: 'envoy.filters.network.http_connection_manager' } } },
      },
      patch: {
        operation: 'MERGE',
        value: {
          typed_config: {
            '@type':
              'type.googleapis.com/envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager',
            merge_slashes: true,
            path_with_escaped_slashes_action: 'REJECT_REQUEST',
          },
        },
      },
    })),
  },
};

/** A policy without rules allows nothing; in the root namespace it holds for the whole mesh. */
const denyAll: KubeObject = {
  apiVersion: 'security.istio.io/v1',
  kind: 'AuthorizationPolicy',
  metadata: { name: 'deny-all', namespace: 'istio-system' },
  spec: {},
};
