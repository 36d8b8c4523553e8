import { NamespaceV1 } from '@cdktf/provider-kubernetes/lib/namespace-v1';
import type { ITerraformDependable } from 'cdktf';
import { Construct } from 'constructs';
import { meshEntries } from '../../model/access/mesh-entries';
import { guardLabels } from '../../model/guard/namespaces';
import { clusterId } from '../../model/identity';
import { type Lab, type Mesh, namespacesOf } from '../../model/lab';
import { consulNamespace, labTag } from '../../model/names';
import { consulNamespacePolicy, consulPolicies } from '../../model/network-policy/consul';
import { chartOf, chartValues } from '../helm/charts';
import { Objects } from '../helm/objects';
import { Release } from '../helm/release';
import { customResource } from './resource';

export interface ConsulClusterProps {
  readonly lab: Lab;
  readonly mesh: Mesh;
  /** @default - nothing */
  readonly dependsOn?: readonly ITerraformDependable[];
}

/** Consul on Kubernetes from its own chart: servers, mesh gateway, ingress gateway, with nothing allowed yet. */
export class ConsulCluster extends Construct {
  constructor(scope: Construct, id: string, { lab, mesh, dependsOn = [] }: ConsulClusterProps) {
    super(scope, id);
    // By the label `isthmus unpair` knows that these servers go with the lab, whoever applies the plan.
    const labels = { [labTag]: lab.name };
    const namespace = new NamespaceV1(this, 'Namespace', { metadata: { name: consulNamespace, labels } });
    const chart = new Release(this, 'Chart', {
      ...chartOf(mesh, 'consul'),
      releaseName: 'consul',
      namespace: consulNamespace,
      values: [...chartValues(mesh, 'consul'), meshValues(lab, mesh)],
      dependsOn: [namespace, ...dependsOn],
    });
    const namespaces = namespacesOf(lab, mesh);
    const made = namespaces.map((name) => {
      const own = guardLabels(lab, mesh, name);
      const metadata = Object.keys(own).length === 0 ? { name } : { name, labels: own };
      return new NamespaceV1(this, `Namespace-${name}`, { metadata });
    });
    new Objects(this, 'Policy', {
      releaseName: 'mesh-policy',
      namespace: consulNamespace,
      objects: [
        ...Object.values(meshEntries).map((entry) => customResource(entry, consulNamespace)),
        ...consulPolicies(lab, mesh),
        ...namespaces.map((name) => consulNamespacePolicy(mesh, name)),
      ],
      dependsOn: [chart.resource, ...made],
    });
  }
}

function meshValues(lab: Lab, mesh: Mesh): Record<string, unknown> {
  const server = {
    // Known before anything runs, so that the plan can name identities; never longer than an hour.
    connect: { ca_config: { cluster_id: clusterId(lab.name, mesh.name), leaf_cert_ttl: '1h' } },
    default_intention_policy: 'deny',
  };
  return {
    global: { datacenter: mesh.datacenter },
    server: {
      replicas: mesh.servers,
      extraConfig: JSON.stringify(server),
      // For a single server the chart's budget is none at all: no node under it could be drained, updated or replaced.
      disruptionBudget: { enabled: mesh.servers > 1 },
    },
    meshGateway: { wanAddress: { source: 'Static', static: mesh.gateway?.address, port: mesh.gateway?.port } },
  };
}
