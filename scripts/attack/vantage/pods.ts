/** Pods of attackers: workloads that a tenant might run, which no row of the access table names. */
import type { ClusterAccess } from '../../../model/cluster';
import { imagePullPolicy } from '../../../model/images';
import type { Mesh } from '../../../model/lab';
import { uids } from '../../../model/local';
import { attackNamespace } from '../../../model/names';
import { kubectl } from '../../kubectl';

/** Container of an attacker's pod. */
export const attackerContainer = 'app';

export interface Attacker {
  readonly name: string;
  readonly namespace: string;
  /** Whether it has Istio's proxy, and so a certificate of the mesh. */
  readonly injected: boolean;
}

/** A workload of the mesh without a row, and one without a proxy. */
export const attackers = {
  neighbour: { name: 'neighbour', namespace: attackNamespace, injected: true },
  plain: { name: 'plain', namespace: attackNamespace, injected: false },
} as const satisfies Readonly<Record<string, Attacker>>;

/** Makes the attackers' namespace and pods; they get ready meanwhile. */
export async function makeAttackers(cluster: ClusterAccess, mesh: Mesh, signal?: AbortSignal): Promise<void> {
  const namespace = {
    apiVersion: 'v1',
    kind: 'Namespace',
    metadata: { name: attackNamespace, labels: { 'istio-injection': 'enabled' } },
  };
  const items = [namespace, ...Object.values(attackers).map((attacker) => podOf(attacker, mesh))];
  const input = JSON.stringify({ apiVersion: 'v1', kind: 'List', items });
  await kubectl(cluster, ['apply', '-f', '-'], { input, ...(signal === undefined ? {} : { signal }) });
}

export async function awaitAttacker(cluster: ClusterAccess, { name, namespace }: Attacker): Promise<void> {
  await kubectl(cluster, ['wait', '--for=condition=Ready', `pod/${name}`, '--namespace', namespace, '--timeout=90s']);
}

export async function removeAttackers(cluster: ClusterAccess): Promise<void> {
  // Pods first and at once: nothing in them needs to end well.
  const at = ['--namespace', attackNamespace, '--ignore-not-found'];
  await kubectl(cluster, ['delete', 'pods', '--all', ...at, '--force', '--grace-period=0']);
  await kubectl(cluster, ['delete', 'namespace', attackNamespace, '--ignore-not-found', '--timeout=60s']);
}

function podOf({ name, namespace, injected }: Attacker, mesh: Mesh): object {
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name, namespace, labels: { app: name, 'sidecar.istio.io/inject': String(injected) } },
    spec: {
      terminationGracePeriodSeconds: 0,
      automountServiceAccountToken: false,
      securityContext: { runAsUser: uids.podProgram, runAsNonRoot: true, seccompProfile: { type: 'RuntimeDefault' } },
      containers: [
        {
          name: attackerContainer,
          image: mesh.images.node,
          ...imagePullPolicy(mesh),
          args: ['-e', 'setInterval(() => {}, 1e6)'],
          securityContext: { allowPrivilegeEscalation: false, capabilities: { drop: ['ALL'] } },
        },
      ],
    },
  };
}
