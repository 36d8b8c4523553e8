/**
 * What `down` waits for between two destroys: a cluster's controllers and AWS itself take load balancers and network
 * interfaces away in their own time, and a VPC that still has one can't be destroyed.
 */
import { setTimeout as delay } from 'node:timers/promises';
import { clusterName, meshTag } from '../../model/aws';
import { labTag } from '../../model/names';
import { FailureError } from '../errors';
import { elapsed } from '../progress';
import type { AwsClients } from './clients';
import { describe, isDenied, isGone } from './leftovers/failure';
import { balancerLooks } from './leftovers/looks/balancers';
import { volumeLook } from './leftovers/looks/machines';
import { interfaceLook } from './leftovers/looks/network';
import { clustersOfTags } from './leftovers/marks';
import { removalCommand } from './leftovers/removal-commands';
import { removals } from './leftovers/removals';
import type { Look, Resource, Tags } from './leftovers/resource';

/** Where to look: what is in the VPC, and what carries a tag of the cluster. */
export interface Place {
  /** Id. @default - wherever it is */
  readonly vpc?: string;
  /** EKS cluster's name. @default - whosever it is */
  readonly cluster?: string;
}

export interface WaitOptions {
  /** Called with what is still in the way. @default - nobody is told */
  readonly say?: (line: string) => void;
  /** Milliseconds to wait at most. @default - 10 minutes */
  readonly timeout?: number;
  /** Milliseconds between two looks. @default - 5 seconds */
  readonly interval?: number;
  readonly signal?: AbortSignal;
}

export interface InterfaceOptions extends WaitOptions {
  /**
   * Whether to delete interfaces that the cluster's own CNI made and that are attached to nothing. Nodes that end in a
   * hurry leave them, and then nobody takes them away. @default - false
   */
  readonly reclaim?: boolean;
}

/**
 * Waits until no load balancer, of whatever generation, is in the VPC or is tagged as the cluster's.
 * @throws FailureError that names what is in the way and how to remove it, when time is up
 */
export async function waitForBalancersGone(
  clients: AwsClients,
  place: Place,
  options: WaitOptions = {},
): Promise<void> {
  const looks = balancerLooks(clients).filter(({ service }) => service !== 'target groups');
  await waitUntilGone(clients, looks, place, {
    ...options,
    what: 'load balancers',
    advice: 'Delete the Service or Ingress that each was made for, or the load balancer itself',
  });
}

/**
 * Waits until no network interface is in the VPC or is the cluster's.
 * @throws FailureError that names what is in the way and how to remove it, when time is up
 */
export async function waitForInterfacesGone(
  clients: AwsClients,
  place: Place,
  options: InterfaceOptions = {},
): Promise<void> {
  const look = interfaceLook(clients);
  const reclaiming: Look = { ...look, run: async () => reclaim(clients, place, await look.run()) };
  await waitUntilGone(clients, [options.reclaim === true ? reclaiming : look], place, {
    ...options,
    what: 'network interfaces',
    advice: 'Remove what each is attached to, then the interface',
  });
}

/**
 * Volumes that claims of the cluster left, to be told: they hold data, so nothing here deletes them. Not the disks of
 * its nodes, which EKS tags with the cluster's name, too, and which go with the nodes.
 */
export async function volumesOf(clients: AwsClients, cluster: string): Promise<Resource[]> {
  const all = await volumeLook(clients).run();
  return all.filter(
    ({ tags }) => isClaimed(tags) && (clustersOfTags(tags).includes(cluster) || isOfMesh(tags, cluster)),
  );
}

function isClaimed(tags: Tags): boolean {
  return ['CSIVolumeName', 'kubernetes.io/created-for/pvc/name'].some((key) => tags[key] !== undefined);
}

/** By the lab's own tags, which the volume driver is told to give: it does not tag with a cluster's name everywhere. */
function isOfMesh(tags: Tags, cluster: string): boolean {
  const [lab, mesh] = [tags[labTag], tags[meshTag]];
  return lab !== undefined && mesh !== undefined && clusterName(lab, mesh) === cluster;
}

interface Waiting extends WaitOptions {
  readonly what: string;
  readonly advice: string;
}

async function waitUntilGone(
  clients: AwsClients,
  looks: readonly Look[],
  place: Place,
  options: Waiting,
): Promise<void> {
  const { what, say, signal, timeout = 10 * 60_000 } = options;
  const since = Date.now();
  for (;;) {
    signal?.throwIfAborted();
    const left = await look(looks, place);
    if (Array.isArray(left) && left.length === 0) return;
    if (Date.now() - since >= timeout) throw new FailureError(inTheWay(clients, place, left, elapsed(since), options));
    say?.(Array.isArray(left) ? `${left.length} ${what}: ${left.map(title).join(', ')}` : left);
    // An abort ends the pause; its reason is thrown above.
    await delay(options.interval ?? 5_000, undefined, signal === undefined ? {} : { signal }).catch(() => {});
  }
}

/** What is there; or why it can't be said just now. Throws where waiting won't help. */
async function look(looks: readonly Look[], place: Place): Promise<Resource[] | string> {
  try {
    return (await Promise.all(looks.map(({ run }) => run()))).flat().filter((resource) => isAt(resource, place));
  } catch (error) {
    if (isDenied(error)) {
      const needed = looks.flatMap(({ permissions }) => permissions).join(', ');
      throw new FailureError(
        `could not look for ${looks.map(({ service }) => service).join(' and ')}: ${describe(error)}; it takes the permissions ${needed}`,
      );
    }
    // Something vanished while we looked, or AWS is busy.
    return isGone(error) ? 'looking again' : describe(error);
  }
}

function isAt({ vpcs = [], tags, name, type }: Resource, { vpc, cluster }: Place): boolean {
  if (vpc !== undefined && vpcs.includes(vpc)) return true;
  if (cluster === undefined) return false;
  // The control plane's interfaces have no tags.
  const controlPlane = type === 'aws_network_interface' && name === `Amazon EKS ${cluster}`;
  return controlPlane || clustersOfTags(tags).includes(cluster);
}

/** Deletes what the CNI of the cluster left, and gives back the rest. */
async function reclaim(clients: AwsClients, { cluster }: Place, found: readonly Resource[]): Promise<Resource[]> {
  const lost = found.filter(
    ({ tags, facts }) => facts?.state === 'available' && tags['cluster.k8s.amazonaws.com/name'] === cluster,
  );
  const results = await Promise.allSettled(lost.map((item) => removals.aws_network_interface?.(clients, item)));
  const gone = new Set(lost.filter((_, i) => results[i]?.status === 'fulfilled'));
  return found.filter((item) => !gone.has(item));
}

function title({ name, id }: Resource): string {
  return name === '' ? id : name;
}

function inTheWay(
  { region }: AwsClients,
  place: Place,
  left: readonly Resource[] | string,
  after: string,
  { what, advice }: Waiting,
): string {
  const where = place.vpc ?? `cluster ${place.cluster}`;
  if (typeof left === 'string')
    return `after ${after} it is still not known whether ${what} of ${where} are gone: ${left}`;
  const lines = left.map((item) => {
    const service = item.tags['kubernetes.io/service-name'] ?? item.tags['service.k8s.aws/stack'];
    const details = [
      item.id,
      item.name === item.id ? '' : item.name,
      service === undefined ? '' : `of service ${service}`,
    ];
    const shown = [...details, String(item.facts?.state ?? '')].filter((part) => part !== '').join(', ');
    return `  ${shown}\n    ${removalCommand(item, region)}`;
  });
  return `these ${what} are still there after ${after}, and ${where} can't be destroyed before they are gone:\n${lines.join('\n')}\n${advice} with the command beside it; then run \`isthmus down\` again. \`isthmus leftovers\` lists all that is left`;
}
