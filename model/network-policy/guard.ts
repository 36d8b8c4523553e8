/**
 * The guard's webhook is asked by the API server and asks nobody; the keeper of its certificates asks the API and is
 * asked by nobody.
 */
import { guardKeeperName, guardNamespace, guardPort, guardWebhookName } from '../guard/webhook';
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
    }),
    networkPolicy({
      name: guardKeeperName,
      namespace: guardNamespace,
      pods: { app: guardKeeperName },
      to: [nameServer(mesh), ...kubernetesApi(lab, mesh)],
    }),
  ];
}
