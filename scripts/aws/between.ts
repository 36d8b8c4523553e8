/**
 * What happens between two destroys: what a cluster's controllers made goes in its own time, and only while the cluster
 * is there to take it away.
 */
import { clusterName } from '../../model/aws';
import { until } from '../machine/until';
import type { Stack } from '../terraform/stacks';
import type { StateSummary } from '../terraform/state';
import type { AwsClients } from './clients';
import { volumesOf, waitForBalancersGone, waitForInterfacesGone } from './waits';

/** Waits; tests put others in. */
export interface Waits {
  readonly balancers: typeof waitForBalancersGone;
  readonly interfaces: typeof waitForInterfacesGone;
  readonly volumes: typeof volumesOf;
}

const realWaits: Waits = { balancers: waitForBalancersGone, interfaces: waitForInterfacesGone, volumes: volumesOf };

export interface BetweenOptions {
  /** The lab's name. */
  readonly lab: string;
  readonly clients: AwsClients;
  readonly state: (stack: Stack) => Promise<StateSummary>;
  readonly signal: AbortSignal;
  /** Milliseconds that volumes of deleted claims get to go. @default - 3 minutes */
  readonly volumeTimeout?: number;
}

type Before = { readonly [stack: string]: (say: (line: string) => void) => Promise<void> };

/** Work before each stack that has something to wait for, by its name. */
export function betweenDestroys(stacks: readonly Stack[], options: BetweenOptions, waits: Waits = realWaits): Before {
  const entries = stacks.flatMap((stack) => {
    const [, layer, mesh = ''] = /^(cluster|network)-(.+)$/.exec(stack.name) ?? [];
    const cluster = clusterName(options.lab, mesh);
    if (layer === 'cluster') {
      return [
        [stack.name, (say: (line: string) => void) => beforeCluster(stack, cluster, say, options, waits)] as const,
      ];
    }
    if (layer === 'network') {
      return [
        [stack.name, (say: (line: string) => void) => beforeNetwork(stack, cluster, say, options, waits)] as const,
      ];
    }
    return [];
  });
  return Object.fromEntries(entries);
}

/** The pods are gone: the load balancers and volumes that they asked for must go while somebody deletes them. */
async function beforeCluster(
  stack: Stack,
  cluster: string,
  say: (line: string) => void,
  { clients, state, signal, volumeTimeout = 3 * 60_000 }: BetweenOptions,
  waits: Waits,
): Promise<void> {
  const { resources } = await state(stack);
  // A cluster that was there before has load balancers and volumes of its own, which stay.
  if (!resources.some((address) => address.startsWith('aws_eks_cluster.'))) return;
  await waits.balancers(clients, { cluster }, { say, signal });
  // What stays after that is somebody's own claim; `leftovers` lists it.
  await until(
    async () => {
      const left = await waits.volumes(clients, cluster);
      say(`${left.length} volumes of claims`);
      return left.length === 0;
    },
    { timeout: volumeTimeout, interval: 5_000, signal },
  );
}

/** The nodes are gone: interfaces that they left keep their subnets and security groups from going. */
async function beforeNetwork(
  stack: Stack,
  cluster: string,
  say: (line: string) => void,
  { clients, state, signal }: BetweenOptions,
  waits: Waits,
): Promise<void> {
  const { vpcId } = (await state(stack)).outputs;
  if (typeof vpcId === 'string') await waits.balancers(clients, { vpc: vpcId, cluster }, { say, signal });
  // By the cluster and not by the VPC: the NAT gateway's own interface goes with this very stack.
  await waits.interfaces(clients, { cluster }, { say, signal, reclaim: true });
}
