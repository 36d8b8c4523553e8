/** The providers of a mesh: one of each type that its platform needs, unaliased. */
import { ConsulProvider } from '@cdktf/provider-consul/lib/provider';
import { HelmProvider } from '@cdktf/provider-helm/lib/provider';
import { KubernetesProvider } from '@cdktf/provider-kubernetes/lib/provider';
import { Fn, type TerraformStack } from 'cdktf';
import { clusterAccess } from '../model/cluster';
import { consulSocket } from '../model/hosts';
import type { Lab, Mesh } from '../model/lab';

/** What a provider needs to know of an EKS cluster. */
export interface ClusterEndpoint {
  readonly clusterName: string;
  readonly endpoint: string;
  /** Base64, as EKS tells it. */
  readonly certificateAuthority: string;
}

/** EKS clusters by mesh. */
export type Clusters = ReadonlyMap<string, ClusterEndpoint>;

export function addMeshProviders(stack: TerraformStack, lab: Lab, mesh: Mesh, clusters: Clusters): void {
  const access = clusterAccess(lab, mesh);
  switch (access?.kind) {
    case undefined:
      // The token comes from CONSUL_HTTP_TOKEN.
      new ConsulProvider(stack, 'ConsulProvider', { address: `unix://${consulSocket(lab.name, mesh.name)}` });
      break;
    case 'kubeconfig': {
      const { file: configPath, context } = access;
      addKubernetes(stack, { configPath, ...(context === undefined ? {} : { configContext: context }) });
      break;
    }
    case 'eks':
      addKubernetes(stack, eksSettings(clusters.get(mesh.name), access.region));
      break;
  }
}

function addKubernetes(stack: TerraformStack, settings: Readonly<Record<string, unknown>>): void {
  new KubernetesProvider(stack, 'KubernetesProvider', settings);
  new HelmProvider(stack, 'HelmProvider', { kubernetes: settings });
}

/** A token for each call, never one that is kept: it would be in the state, and expire before a long deploy ends. */
function eksSettings(cluster: ClusterEndpoint | undefined, region: string): Readonly<Record<string, unknown>> {
  if (cluster === undefined) throw new Error('a mesh on AWS without its cluster');
  return {
    host: cluster.endpoint,
    clusterCaCertificate: Fn.base64decode(cluster.certificateAuthority),
    exec: {
      apiVersion: 'client.authentication.k8s.io/v1beta1',
      command: 'aws',
      args: ['eks', 'get-token', '--cluster-name', cluster.clusterName, '--region', region],
    },
  };
}
