/** The guard's webhook: asked by the API server, and asking it. Nobody else has business there. */
import { guardNamespace, guardPort, guardWebhookName } from '../guard/webhook';
import type { Lab, Mesh } from '../lab';
import { fromKubernetesApi, kubernetesApi, nameServer } from './cluster';
import { closed, type NetworkPolicy, networkPolicy } from './policy';

export function guardPolicies(lab: Lab, mesh: Mesh): NetworkPolicy[] {
  return [
    closed(guardNamespace),
    networkPolicy({
      name: guardWebhookName,
      namespace: guardNamespace,
      pods: { app: guardWebhookName },
      from: [fromKubernetesApi(mesh, guardPort)],
      to: [nameServer(mesh), ...kubernetesApi(lab, mesh)],
    }),
  ];
}
