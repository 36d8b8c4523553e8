/** All that still exists in one region and carries a lab's mark. Nothing is changed. */
import { FailureError } from '../../errors';
import type { AwsClients } from '../clients';
import { areBadCredentials, describe, isGone, unseen } from './failure';
import { accountLooks } from './looks/account';
import { balancerLooks } from './looks/balancers';
import { borderLooks } from './looks/border';
import { clusterLooks } from './looks/clusters';
import { machineLooks } from './looks/machines';
import { networkLooks } from './looks/network';
import { taggedLook } from './looks/tagged';
import { clustersOfTags, clustersTold, foreignClusters, markOf, type Scope } from './marks';
import { removalCommand } from './removal-commands';
import type { Leftover, Look, Resource, Unseen } from './resource';

export interface FindOptions {
  /** The lab's name. */
  readonly lab: string;
  /**
   * EKS clusters that the lab makes, as `clusterName` names them; never one that was there before.
   * @default - those that the things found tell of, by the lab's own tags
   */
  readonly clusters?: readonly string[];
  /** USD an hour of one thing. @default - nothing is priced */
  readonly priceOf?: (found: Omit<Leftover, 'perHour'>) => number | undefined;
}

export interface Found {
  readonly lab: string;
  readonly region: string;
  /** The lab's clusters that were looked for. */
  readonly clusters: readonly string[];
  /** Sorted by type, then id. */
  readonly items: readonly Leftover[];
  /** Where it was not possible to look: `items` may lack things of there. */
  readonly unseen: readonly Unseen[];
  /** Ids of interfaces that are not listed because they come and go with an item. */
  readonly parts: readonly string[];
  /** What goes by itself. */
  readonly leaving: readonly Resource[];
  /** What is no leftover and worth knowing, in words. */
  readonly notes: readonly string[];
}

/**
 * Looks for all that carries a lab's mark.
 * @throws FailureError when AWS doesn't take the credentials
 */
export async function findLeftovers(clients: AwsClients, options: FindOptions): Promise<Found> {
  const { lab } = options;
  const { resources, failures } = await lookInto(looksOf(clients, lab));
  const { scope, notes, doubts: undecided } = scopeOf(options, resources);
  const net = await lookInto([taggedLook(clients, scope)]);
  const known = new Set(resources.map(({ id }) => id));
  // By an ARN that ends in the id.
  const others = net.resources.filter(({ name }) => !known.has(name));
  const { marked, parts } = markAll([...resources, ...others], scope);
  const items = marked.flatMap(({ resource, mark }): Leftover[] => {
    if (resource.leaving !== undefined) return [];
    const remove = removalCommand(resource, clients.region);
    const region = resource.type.startsWith('aws_iam_') ? 'global' : clients.region;
    const item = { ...resource, ...mark, region, remove };
    return [{ ...item, perHour: options.priceOf?.(item) }];
  });
  const leaving = marked.map(({ resource }) => resource).filter((resource) => resource.leaving !== undefined);
  return {
    lab,
    region: clients.region,
    clusters: scope.clusters,
    items: items.toSorted((a, b) => order(a.type, b.type) || order(a.id, b.id)),
    unseen: [...failures, ...net.failures, ...undecided],
    parts,
    leaving,
    notes: [...notes, ...leaving.map(({ type, id, leaving: why }) => `${type} ${id}: ${why}`)],
  };
}

/** What an account still tells of a lab whose file is lost or was changed: its meshes' clusters, and what is there. */
export async function labTraces(clients: AwsClients, lab: string): Promise<Found> {
  return findLeftovers(clients, { lab });
}

const order = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);

function looksOf(clients: AwsClients, lab: string): Look[] {
  return [
    ...machineLooks(clients),
    ...networkLooks(clients),
    ...borderLooks(clients),
    ...balancerLooks(clients),
    ...clusterLooks(clients, lab),
    ...accountLooks(clients, lab),
  ];
}

/** IAM actions that a search takes. */
export function neededPermissions(clients: AwsClients): string[] {
  const looks = [...looksOf(clients, ''), taggedLook(clients, { lab: '', clusters: [] })];
  return [...new Set(looks.flatMap(({ permissions }) => permissions))].toSorted();
}

interface Seen {
  readonly resources: readonly Resource[];
  readonly failures: readonly Unseen[];
}

/** Looks everywhere at once. A place that refuses does not keep the others from being seen. */
async function lookInto(looks: readonly Look[]): Promise<Seen> {
  const results = await Promise.allSettled(looks.map(run));
  const errors = results.flatMap((result) => (result.status === 'rejected' ? [result.reason as unknown] : []));
  const [first] = errors;
  if (errors.length === looks.length && errors.every(areBadCredentials)) {
    throw new FailureError(
      `AWS does not take the credentials: ${describe(first)}. Sign in again (\`aws sso login\`, or new AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY); \`aws sts get-caller-identity\` shows who you are`,
    );
  }
  return {
    resources: results.flatMap((result) => (result.status === 'fulfilled' ? result.value : [])),
    failures: results.flatMap((result, i) => {
      const look = looks[i];
      return result.status === 'rejected' && look !== undefined
        ? [unseen(look.service, look.permissions, result.reason)]
        : [];
    }),
  };
}

/** Things vanish between being listed and being asked about; looking again sees it. */
async function run(look: Look): Promise<readonly Resource[]> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await look.run();
    } catch (error) {
      if (attempt === 3 || !isGone(error)) throw error;
    }
  }
}

/** The clusters to look for, and what to say about those that are left out. */
function scopeOf({ lab, clusters: given }: FindOptions, resources: readonly Resource[]) {
  const foreign = foreignClusters(lab, resources);
  const candidates = [...new Set([...(given ?? []), ...clustersTold(lab, resources)])];
  const clusters = candidates.filter((name) => !foreign.includes(name));
  const notes = candidates
    .filter((name) => foreign.includes(name))
    .map((name) => `EKS cluster ${name} does not carry the tag of lab ${lab}: what belongs to it is not counted`);
  const scope: Scope = { lab, clusters };
  return { scope, notes, doubts: given === undefined ? doubts(lab, candidates, resources) : [] };
}

/** Clusters of names that could be the lab's, when nobody says which are. */
function doubts(lab: string, known: readonly string[], resources: readonly Resource[]): Unseen[] {
  const tagged = [...new Set(resources.flatMap(({ tags }) => clustersOfTags(tags)))];
  return tagged
    .filter((name) => name.startsWith(`${lab}-`) && /^[a-z]/.test(name.slice(lab.length + 1)) && !known.includes(name))
    .map((name) => ({
      service: 'EKS',
      reason: `there are things of a cluster ${name}, and nothing tells whether it was lab ${lab}'s; with the lab file it is known`,
    }));
}

function markAll(resources: readonly Resource[], scope: Scope) {
  const tagged = resources.filter((resource) => markOf(resource, scope, new Set())?.kind === 'tag');
  const vpcs = new Set(tagged.filter(({ type }) => type === 'aws_vpc').map(({ id }) => id));
  const marked = resources.flatMap((resource) => {
    const mark = markOf(resource, scope, vpcs);
    return mark === undefined ? [] : [{ resource, mark }];
  });
  const owners = new Set(marked.flatMap(({ resource }) => namesOf(resource)));
  const owned = new Set(marked.flatMap(({ resource }) => resource.parts ?? []));
  const isPart = ({ id, partOf = '' }: Resource) => owned.has(id) || owners.has(partOf);
  return {
    marked: marked.filter(({ resource }) => !isPart(resource)),
    parts: marked.flatMap(({ resource }) => (isPart(resource) ? [resource.id] : [])),
  };
}

/** What an interface may name its owner by: an id, or the end of a load balancer's ARN. */
function namesOf({ id, type }: Resource): string[] {
  return type === 'aws_lb' ? [id, id.split(':loadbalancer/')[1] ?? ''] : [id];
}
