/** Removes leftovers, pass after pass: what can't go yet is tried again once more of the rest is gone. */
import { setTimeout as delay } from 'node:timers/promises';
import { FailureError } from '../../errors';
import type { AwsClients } from '../clients';
import { describe, isDenied, isGone } from './failure';
import { type FindOptions, type Found, findLeftovers } from './find';
import { removals } from './removals';
import type { Leftover } from './resource';

export interface RemoveOptions extends FindOptions {
  /** Called with what is going on. @default - nobody is told */
  readonly say?: (line: string) => void;
  /** Milliseconds after which it is given up. @default - 25 minutes: EKS takes more than ten to delete a cluster */
  readonly timeout?: number;
  /** Milliseconds between two passes. @default - 10 seconds */
  readonly interval?: number;
  readonly signal?: AbortSignal;
}

export interface Removed {
  /** `TYPE ID`, in the order they went. */
  readonly removed: readonly string[];
  /** What stayed, by id, and why. */
  readonly failed: ReadonlyMap<string, string>;
  /** What a last look found. */
  readonly left: Found;
}

/** Types that stay until nothing of those after them is there, because AWS does not refuse and harm would come of it. */
const waitFor: Readonly<Record<string, readonly string[]>> = {
  // EKS removes these itself, in an order that drains the nodes.
  aws_autoscaling_group: ['aws_eks_node_group'],
  aws_instance: ['aws_eks_node_group', 'aws_autoscaling_group'],
  aws_launch_template: ['aws_eks_node_group', 'aws_autoscaling_group'],
  aws_eks_cluster: ['aws_eks_node_group'],
  // They come back with the next line of the log.
  aws_cloudwatch_log_group: ['aws_eks_cluster', 'aws_flow_log'],
  // A cluster that lost its role or its key can't be deleted.
  aws_iam_role: ['aws_eks_node_group', 'aws_eks_cluster', 'aws_flow_log'],
  aws_iam_policy: ['aws_iam_role'],
  aws_iam_openid_connect_provider: ['aws_eks_cluster'],
  aws_kms_key: ['aws_eks_cluster', 'aws_instance', 'aws_ebs_volume', 'aws_ebs_snapshot'],
};

/** Why something is still there. */
interface Failure {
  readonly reason: string;
  /** Another try would end the same way. */
  readonly final: boolean;
}

/**
 * Removes what was found, with the interfaces that are parts of it, then looks again.
 * @param found what the user has seen and wants removed
 * @throws FailureError when it isn't known whose clusters there are
 */
export async function removeLeftovers(clients: AwsClients, found: Found, options: RemoveOptions): Promise<Removed> {
  if (found.unseen.some(({ service }) => service === 'EKS clusters')) {
    throw new FailureError(
      `nothing was deleted: without a look at the EKS clusters in ${found.region} it is not known which of them are the lab's; allow eks:ListClusters and eks:DescribeCluster, then try again`,
    );
  }
  const { signal } = options;
  const wanted = new Set([...found.items.map(({ id }) => id), ...found.parts]);
  const deadline = Date.now() + (options.timeout ?? 25 * 60_000);
  const removed = new Set<string>();
  const failures = new Map<string, Failure>();
  for (let left = found; ; left = await findLeftovers(clients, options)) {
    signal?.throwIfAborted();
    const present = new Set([...left.items, ...left.leaving].map(({ type }) => type));
    const due = dueOf(left, wanted, failures);
    if (due.length === 0 || Date.now() >= deadline) {
      const open = left.items.filter(({ id }) => wanted.has(id));
      const why = (item: Leftover) => whyNever(item) ?? failures.get(item.id)?.reason ?? whyWaits(item, present);
      return {
        removed: [...removed],
        failed: new Map(open.map((item) => [item.id, why(item) ?? 'time was up'])),
        left,
      };
    }
    for (const item of inOrder(due)) {
      signal?.throwIfAborted();
      options.say?.(`${due.length} to go: ${item.type} ${item.id}`);
      const failure = await removeOne(clients, item, present);
      if (failure !== undefined) failures.set(item.id, failure);
      else removed.add(`${item.type} ${item.id}`);
    }
    // An abort ends the pause; the next pass throws its reason.
    await delay(options.interval ?? 10_000, undefined, signal === undefined ? {} : { signal }).catch(() => {});
  }
}

/** What is worth another try: not what waits for something that stays. */
function dueOf(left: Found, wanted: ReadonlySet<string>, failures: ReadonlyMap<string, Failure>): Leftover[] {
  const open = left.items.filter(
    (item) => wanted.has(item.id) && whyNever(item) === undefined && failures.get(item.id)?.final !== true,
  );
  const types = new Set(left.items.map(({ type }) => type));
  for (let due = open; ; ) {
    const going = new Set([...due, ...left.leaving].map(({ type }) => type));
    const staying = new Set([...types].filter((type) => !going.has(type)));
    const next = due.filter((item) => whyWaits(item, staying) === undefined);
    if (next.length === due.length) return due;
    due = next;
  }
}

function whyWaits({ type }: Leftover, present: ReadonlySet<string>): string | undefined {
  const blocker = waitFor[type]?.find((other) => present.has(other));
  return blocker === undefined ? undefined : `it waits for ${blocker}, which is still there`;
}

/** Types in the order of {@link removals}: what others hang on comes after them. */
function inOrder(items: readonly Leftover[]): Leftover[] {
  const types = Object.keys(removals);
  return items.toSorted((a, b) => types.indexOf(a.type) - types.indexOf(b.type));
}

/** Undefined when it is gone, or going. */
async function removeOne(
  clients: AwsClients,
  item: Leftover,
  present: ReadonlySet<string>,
): Promise<Failure | undefined> {
  const waits = whyWaits(item, present);
  if (waits !== undefined) return { reason: waits, final: false };
  if (item.type === 'aws_network_interface' && item.facts?.state !== 'available') {
    return { reason: `it is ${item.facts?.state}: what it is attached to has to go first`, final: false };
  }
  try {
    await removals[item.type]?.(clients, item);
    return undefined;
  } catch (error) {
    return isGone(error) ? undefined : { reason: describe(error), final: isDenied(error) };
  }
}

/** Why something is not ours to remove at all. */
function whyNever({ type, kind }: Pick<Leftover, 'type' | 'kind'>): string | undefined {
  if (removals[type] === undefined) return 'this type is removed by hand';
  // Somebody put it there and may still use it.
  if (kind === 'vpc' && serving.includes(type)) return "it carries no mark of the lab's: look whose it is";
  return undefined;
}

const serving: readonly string[] = [
  'aws_instance',
  'aws_lb',
  'aws_elb',
  'aws_eks_cluster',
  'aws_nat_gateway',
  'aws_vpc_peering_connection',
];
