import type { Construct } from 'constructs';
import { GuardWebhook } from '../constructs/guard/webhook';
import { bundledProgram } from '../constructs/program';
import type { Lab, Mesh } from '../model/lab';
import { LabStack } from './lab-stack';
import { addMeshProviders, type Clusters } from './providers';

/** What keeps the containers of a pod apart. It needs nothing of the mesh, and comes up beside it. */
export class GuardStack extends LabStack {
  constructor(scope: Construct, lab: Lab, mesh: Mesh, clusters: Clusters) {
    super(scope, lab, `guard-${mesh.name}`);
    addMeshProviders(this, lab, mesh, clusters);
    new GuardWebhook(this, 'Webhook', { lab, mesh, program: bundledProgram('guard-webhook') });
  }
}
