/** Lab files whose meshes are in clusters of a kubeconfig. */
import type { LabFile } from '../../support/labs';
import { smallFile } from '../../support/labs';

export const kubeconfigFile: LabFile = {
  ...smallFile,
  platform: 'kubeconfig',
  meshes: {
    west: { kind: 'istio', network: '10.10.0.0/16', context: 'kind-west' },
    east: { kind: 'consul', network: '10.20.0.0/16', context: 'kind-east', gateway: '10.20.0.2' },
  },
};

/** West is Istio as others installed it, with a service of theirs. */
export const existingFile: LabFile = {
  ...kubeconfigFile,
  meshes: {
    ...kubeconfigFile.meshes,
    west: { kind: 'istio', network: '10.10.0.0/16', context: 'kind-west', existing: true, trustDomain: 'corp.example' },
  },
  services: {
    'west/shop': { port: 8080, account: 'till', labels: { app: 'shop' } },
    'east/info': { port: 8080, program: 'weather/info' },
  },
  access: [{ from: 'west/shop', to: 'east/info', methods: ['GET'] }],
};
