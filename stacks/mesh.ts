import type { Construct } from 'constructs';
import { Storage } from '../constructs/aws/eks/storage';
import { ConsulCluster } from '../constructs/consul/cluster';
import { ConsulMesh } from '../constructs/consul/mesh';
import { IstioMesh } from '../constructs/istio/mesh';
import type { Lab, Mesh } from '../model/lab';
import { LabStack } from './lab-stack';
import { addMeshProviders, type Clusters } from './providers';

/** One mesh, strict and empty. */
export class MeshStack extends LabStack {
  constructor(scope: Construct, lab: Lab, mesh: Mesh, clusters: Clusters) {
    super(scope, lab, `mesh-${mesh.name}`);
    addMeshProviders(this, lab, mesh, clusters);
    // A cluster that was there before has default storage of its own, or its owner says which it is.
    const made = mesh.place.platform === 'aws' && mesh.place.cluster === undefined;
    const dependsOn = made ? [new Storage(this, 'Storage').resource] : [];
    if (mesh.kind === 'istio') new IstioMesh(this, 'Istio', { lab, mesh, dependsOn });
    else if (mesh.place.platform === 'local') new ConsulMesh(this, 'Consul', { lab, mesh });
    else new ConsulCluster(this, 'Consul', { lab, mesh, dependsOn });
  }
}
