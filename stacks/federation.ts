import { NamespaceV1 } from '@cdktf/provider-kubernetes/lib/namespace-v1';
import type { Construct } from 'constructs';
import { ConfigEntry } from '../constructs/consul/entry';
import { FederatedConsumer } from '../constructs/federation/consumer';
import { FederatedImport } from '../constructs/federation/import';
import { FederationPlane } from '../constructs/federation/plane';
import { bundledProgram } from '../constructs/programs';
import { exportedServices } from '../model/access/consul';
import { resolvedImports } from '../model/imports';
import type { Lab, Mesh } from '../model/lab';
import { federationNamespace } from '../model/names';
import { planeConfig, planes } from '../model/planes';
import { addMeshProviders, LabStack } from './lab-stack';

/** What a mesh shows to, and takes from, the meshes it is federated with. */
export class FederationStack extends LabStack {
  constructor(scope: Construct, lab: Lab, mesh: Mesh) {
    super(scope, `federation-${mesh.name}`);
    addMeshProviders(this, lab, mesh);
    switch (mesh.kind) {
      case 'istio':
        this.istio(lab, mesh);
        break;
      case 'consul': {
        const exported = exportedServices(lab, mesh);
        if (exported !== undefined) new ConfigEntry(this, 'ExportedServices', exported);
        break;
      }
    }
  }

  private istio(lab: Lab, mesh: Mesh): void {
    const namespace = new NamespaceV1(this, 'Namespace', { metadata: { name: federationNamespace } });
    const all = resolvedImports(lab, mesh);
    for (const entry of all) {
      new FederatedImport(this, `Import-${entry.name}`, { import: entry, dependsOn: [namespace] });
    }
    const { file: program, hash: programHash } = bundledProgram('trust-exchange');
    for (const { peer } of planes(lab).filter(({ own }) => own.name === mesh.name)) {
      const consumers = all.filter((entry) => entry.peer.name === peer.name).flatMap((entry) => entry.consumers);
      for (const consumer of new Map(consumers.map((entry) => [entry.id, entry])).values()) {
        new FederatedConsumer(this, `Consumer-${peer.name}_${consumer.namespace}_${consumer.name}`, { consumer, peer });
      }
      const config = planeConfig(lab, mesh, peer);
      new FederationPlane(this, `Plane-${peer.name}`, {
        config,
        program,
        programHash,
        node: mesh.name,
        dependsOn: [namespace],
      });
    }
  }
}
