/** Pods of attackers: workloads that a tenant might run, which no row of the access table names. */
import type { ClusterAccess } from '../../../model/cluster';
import { imagePullPolicy } from '../../../model/images';
import type { Mesh } from '../../../model/lab';
import { uids } from '../../../model/local';
import { attackNamespace } from '../../../model/names';
import { kubectl } from '../../kubectl';
import type { Cast } from '../cast';

/** Container of an attacker's pod. */
export const attackerContainer = 'app';

export interface Attacker {
  readonly name: string;
  readonly namespace: string;
  /** Whether it has Istio's proxy, and so a certificate of the mesh. */
  readonly injected: boolean;
}

export type AttackerName = 'neighbour' | 'plain' | 'sibling';

/** A workload of the mesh without a row, one without a proxy, and one without a row in the consumer's own namespace. */
export function attackersOf({ consumer }: Pick<Cast, 'consumer'>): Readonly<Record<AttackerName, Attacker>> {
  return {
    neighbour: { name: 'neighbour', namespace: attackNamespace, injected: true },
    plain: { name: 'plain', namespace: attackNamespace, injected: false },
    sibling: { name: 'isthmus-attack-sibling', namespace: consumer.namespace, injected: true },
  };
}

/** Makes the attackers' namespace and pods; they get ready meanwhile. */
export async function makeAttackers(cluster: ClusterAccess, cast: Cast, signal?: AbortSignal): Promise<void> {
  const namespace = {
    apiVersion: 'v1',
    kind: 'Namespace',
    metadata: { name: attackNamespace, labels: { 'istio-injection': 'enabled' } },
  };
  const items = [namespace, ...Object.values(attackersOf(cast)).map((attacker) => podOf(attacker, cast.west))];
  const input = JSON.stringify({ apiVersion: 'v1', kind: 'List', items });
  await kubectl(cluster, ['apply', '-f', '-'], { input, ...(signal === undefined ? {} : { signal }) });
}

export async function awaitAttacker(cluster: ClusterAccess, { name, namespace }: Attacker): Promise<void> {
  await kubectl(cluster, ['wait', '--for=condition=Ready', `pod/${name}`, '--namespace', namespace, '--timeout=90s']);
}

export async function removeAttackers(cluster: ClusterAccess, cast: Cast): Promise<void> {
  // Pods first and at once: nothing in them needs to end well.
  const now = ['--ignore-not-found', '--force', '--grace-period=0'];
  const { sibling } = attackersOf(cast);
  await kubectl(cluster, ['delete', 'pod', sibling.name, '--namespace', sibling.namespace, ...now]);
  await kubectl(cluster, ['delete', 'pods', '--all', '--namespace', attackNamespace, ...now]);
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
