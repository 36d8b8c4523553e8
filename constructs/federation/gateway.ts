import { NamespaceV1 } from '@cdktf/provider-kubernetes/lib/namespace-v1';
import type { ITerraformDependable } from 'cdktf';
import { Construct } from 'constructs';
import { gatewayReading } from '../../model/access/gateway';
import { nodePorts } from '../../model/aws';
import type { ResolvedExport } from '../../model/exports';
import { federationGatewayPort } from '../../model/gateways';
import type { KubeObject } from '../../model/kube';
import type { Lab, Mesh } from '../../model/lab';
import { denyAllName, federationGateway } from '../../model/names';
import { gatewayPolicies } from '../../model/network-policy/istio';
import { chartOf, chartValues } from '../helm/charts';
import { Objects } from '../helm/objects';
import { Release } from '../helm/release';
import { drainAnnotation } from '../istio/drain';

export interface FederationGatewayProps {
  readonly lab: Lab;
  readonly mesh: Mesh;
  readonly exports: readonly ResolvedExport[];
  /** @default - nothing */
  readonly dependsOn?: readonly ITerraformDependable[];
}

/**
 * The one door by which other meshes come into an Istio mesh: Istio's own gateway in a namespace of its own. It listens
 * to nothing until there is an export, and lets nobody through whom no export names.
 */
export class FederationGateway extends Construct {
  /** Its namespace, and the gateway running. */
  readonly ready: readonly ITerraformDependable[];

  constructor(scope: Construct, id: string, props: FederationGatewayProps) {
    super(scope, id);
    const { lab, mesh, exports: exported, dependsOn = [] } = props;
    const namespace = new NamespaceV1(this, 'Namespace', {
      metadata: { name: federationGateway, labels: { 'istio-injection': 'enabled' } },
    });
    // Where the control plane of an existing mesh is, nobody told us.
    const networkPolicies = mesh.existing ? [] : gatewayPolicies(mesh, exported);
    const policy = new Objects(this, 'Policy', {
      releaseName: `${federationGateway}-policy`,
      namespace: federationGateway,
      objects: [denyAll, gatewayReading(), ...networkPolicies],
      dependsOn: [namespace, ...dependsOn],
    });
    const release = new Release(this, 'Release', {
      ...chartOf(mesh, 'gateway'),
      releaseName: federationGateway,
      namespace: federationGateway,
      // Last, so that no value of a person opens another port.
      values: [...chartValues(mesh, 'gateway'), { service, podAnnotations: drainAnnotation(lab, mesh) }],
      dependsOn: [policy.release.resource],
    });
    this.ready = [namespace, release.resource];
  }
}

/** Istio's ingress gateway has the same chart and its own ports. */
const service = {
  type: 'NodePort',
  ports: [
    {
      name: 'tls-federation',
      port: federationGatewayPort,
      protocol: 'TCP',
      targetPort: federationGatewayPort,
      nodePort: nodePorts.federationGateway,
    },
  ],
};

/** An existing mesh need not refuse by default. */
const denyAll: KubeObject = {
  apiVersion: 'security.istio.io/v1',
  kind: 'AuthorizationPolicy',
  metadata: { name: denyAllName, namespace: federationGateway },
  spec: {},
};
