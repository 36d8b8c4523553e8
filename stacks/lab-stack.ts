import { ConsulProvider } from '@cdktf/provider-consul/lib/provider';
import { HelmProvider } from '@cdktf/provider-helm/lib/provider';
import { KubernetesProvider } from '@cdktf/provider-kubernetes/lib/provider';
import { LocalBackend, TerraformStack } from 'cdktf';
import type { Construct } from 'constructs';
import { consulSocket } from '../model/hosts';
import type { Lab, Mesh } from '../model/lab';
import { kubeconfigFile } from '../model/names';

/** A stack of one mesh and layer. Its state lies beside it, wherever the checkout is. */
export class LabStack extends TerraformStack {
  constructor(scope: Construct, id: string) {
    super(scope, id);
    new LocalBackend(this, { path: `../../../terraform.${id}.tfstate` });
  }
}

/** The providers of a mesh: one of each type that its kind needs, unaliased. */
export function addMeshProviders(stack: TerraformStack, lab: Lab, mesh: Mesh): void {
  switch (mesh.kind) {
    case 'istio': {
      const configPath = kubeconfigFile(lab.name, mesh.name);
      new KubernetesProvider(stack, 'KubernetesProvider', { configPath });
      new HelmProvider(stack, 'HelmProvider', { kubernetes: { configPath } });
      break;
    }
    case 'consul':
      // The token comes from CONSUL_HTTP_TOKEN.
      new ConsulProvider(stack, 'ConsulProvider', { address: `unix://${consulSocket(lab.name, mesh.name)}` });
      break;
  }
}
