/** The guard in `isthmus status`: the webhook without which guarded namespaces accept no pod. */
import { guardedNamespaces } from '../../model/guard/namespaces';
import { guardKeeperName, guardLabel, guardNamespace, guardSecret, guardWebhookName } from '../../model/guard/webhook';
import type { Lab, Mesh } from '../../model/lab';
import { clusterOf } from '../cluster';
import { getObjects, kubectl } from '../kubectl';
import { guardCas, rotationOf } from '../rotate/guard-certificates';
import { certificates } from './certificates';
import type { GuardStatus } from './model';

interface Named {
  readonly metadata: { readonly name: string };
}

interface Deployment extends Named {
  readonly status: { readonly readyReplicas?: number };
}

/** Status of a mesh's guard; undefined when none of its namespaces is guarded. */
export async function guardStatus(lab: Lab, mesh: Mesh): Promise<GuardStatus | undefined> {
  const wanted = guardedNamespaces(lab, mesh);
  if (wanted.length === 0) return undefined;
  const common = { mesh: mesh.name, namespaces: wanted };
  const cluster = clusterOf(lab, mesh);
  try {
    const [deployments, labelled, encoded, cas] = await Promise.all([
      getObjects<Deployment>(cluster, ['deployments', '--namespace', guardNamespace]),
      getObjects<Named>(cluster, ['namespaces', '--selector', `${guardLabel}=true`]),
      kubectl(cluster, ['get', 'secret', guardSecret, '-n', guardNamespace, '-o', 'jsonpath={.data.tls\\.crt}']),
      guardCas(cluster),
    ]);
    const webhook = deployments.find(({ metadata }) => metadata.name === guardWebhookName);
    const replicas = webhook?.status.readyReplicas ?? 0;
    const keeper = deployments.find(({ metadata }) => metadata.name === guardKeeperName);
    const [leaf] = certificates(Buffer.from(encoded.stdout, 'base64').toString());
    const open = wanted.filter((name) => !labelled.some(({ metadata }) => metadata.name === name));
    const problems = [
      ...(replicas === 0 ? ['no replica of the webhook is ready: guarded namespaces accept no pod'] : []),
      ...((keeper?.status.readyReplicas ?? 0) === 0 ? ['guard-keeper is not ready: certificates are not renewed'] : []),
      ...(leaf === undefined ? ['the webhook has no certificate yet'] : []),
      ...(leaf !== undefined && new Date(leaf.validTo).getTime() < Date.now()
        ? [`the webhook's certificate expired at ${leaf.validTo}`]
        : []),
      ...open.map((name) => `namespace ${name} has lost the label ${guardLabel}=true: its pods are not guarded`),
    ];
    const certificateExpires = leaf === undefined ? null : new Date(leaf.validTo).toISOString();
    const rotation = rotationOf(cas);
    return { ...common, replicas, certificateExpires, rotation, healthy: problems.length === 0, problems };
  } catch (error) {
    const problems = [(error as Error).message];
    return { ...common, replicas: 0, certificateExpires: null, rotation: 'none', healthy: false, problems };
  }
}
