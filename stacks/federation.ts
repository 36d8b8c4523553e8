import { NamespaceV1 } from '@cdktf/provider-kubernetes/lib/namespace-v1';
import type { Construct } from 'constructs';
import { ConfigEntry } from '../constructs/consul/entry';
import { customResource } from '../constructs/consul/resource';
import { FederatedConsumer } from '../constructs/federation/consumer';
import { FederatedExport } from '../constructs/federation/export';
import { FederationGateway } from '../constructs/federation/gateway';
import { FederatedImport } from '../constructs/federation/import';
import { FederationPlane } from '../constructs/federation/plane';
import { Objects } from '../constructs/helm/objects';
import { bundledProgram } from '../constructs/program';
import { exportedServices, serviceIntentions } from '../model/access/consul';
import { resolvedExports } from '../model/exports';
import { guardLabels } from '../model/guard/namespaces';
import { resolvedImports } from '../model/imports';
import { type Lab, type Mesh, servicesOf } from '../model/lab';
import { consulNamespace, federationNamespace, planeNamespace } from '../model/names';
import { entriesPolicy, planePolicies } from '../model/network-policy/istio';
import { planeConfig } from '../model/plane-config';
import { planes } from '../model/planes';
import { LabStack } from './lab-stack';
import { addMeshProviders, type Clusters } from './providers';

/** What a mesh shows to, and takes from, the meshes it is federated with. */
export class FederationStack extends LabStack {
  constructor(scope: Construct, lab: Lab, mesh: Mesh, clusters: Clusters) {
    super(scope, lab, `federation-${mesh.name}`);
    addMeshProviders(this, lab, mesh, clusters);
    switch (mesh.kind) {
      case 'istio':
        this.istio(lab, mesh);
        break;
      case 'consul':
        this.consul(lab, mesh);
        break;
    }
  }

  private consul(lab: Lab, mesh: Mesh): void {
    const exported = exportedServices(lab, mesh);
    if (exported === undefined) return;
    if (mesh.place.platform === 'local') {
      new ConfigEntry(this, 'ExportedServices', exported);
      return;
    }
    // The services of an existing mesh are not ours, but who of the other side may call them is the federation's.
    const foreign = mesh.existing ? servicesOf(lab, mesh) : [];
    const entries = [exported, ...foreign.flatMap((service) => serviceIntentions(lab, service) ?? [])];
    new Objects(this, 'Exports', {
      releaseName: 'federation',
      namespace: consulNamespace,
      objects: entries.map((entry) => customResource(entry, consulNamespace)),
    });
  }

  private istio(lab: Lab, mesh: Mesh): void {
    const namespace = new NamespaceV1(this, 'Namespace', { metadata: { name: federationNamespace } });
    const all = resolvedImports(lab, mesh);
    for (const entry of all) {
      new FederatedImport(this, `Import-${entry.name}`, { import: entry, dependsOn: [namespace] });
    }
    const exported = resolvedExports(lab, mesh);
    const gateway =
      exported.length === 0 ? [] : new FederationGateway(this, 'Gateway', { lab, mesh, exports: exported }).ready;
    for (const entry of exported) {
      new FederatedExport(this, `Export-${entry.name}`, { export: entry, dependsOn: gateway });
    }
    const { file: program, hash: programHash } = bundledProgram('trust-exchange');
    const own = planes(lab).filter((plane) => plane.own.name === mesh.name);
    for (const [index, { peer }] of own.entries()) {
      const consumers = all.filter((entry) => entry.peer.name === peer.name).flatMap((entry) => entry.consumers);
      for (const consumer of new Map(consumers.map((entry) => [entry.id, entry])).values()) {
        new FederatedConsumer(this, `Consumer-${peer.name}_${consumer.namespace}_${consumer.name}`, { consumer, peer });
      }
      const config = planeConfig(lab, mesh, peer);
      new FederationPlane(this, `Plane-${peer.name}`, {
        config,
        program,
        programHash,
        mesh,
        labels: guardLabels(lab, mesh, planeNamespace(peer.name)),
        networkPolicies: [...(index === 0 ? [entriesPolicy] : []), ...planePolicies(lab, mesh, peer)],
        dependsOn: [namespace, ...gateway],
      });
    }
  }
}
