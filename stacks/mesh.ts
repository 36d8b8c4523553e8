import type { Construct } from 'constructs';
import { ConsulMesh } from '../constructs/consul/mesh';
import { IstioMesh } from '../constructs/istio/mesh';
import type { Lab, Mesh } from '../model/lab';
import { addMeshProviders, LabStack } from './lab-stack';

/** One mesh, strict and empty. */
export class MeshStack extends LabStack {
  constructor(scope: Construct, lab: Lab, mesh: Mesh) {
    super(scope, `mesh-${mesh.name}`);
    addMeshProviders(this, lab, mesh);
    switch (mesh.kind) {
      case 'istio':
        new IstioMesh(this, 'Istio', { lab, mesh });
        break;
      case 'consul':
        new ConsulMesh(this, 'Consul', { lab, mesh });
        break;
    }
  }
}
