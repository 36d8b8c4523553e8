/** `isthmus down`: the lab's things in clusters first, then what is on this machine; and nothing of it is left. */
import { existsSync, rmSync } from 'node:fs';
import type { ClusterAccess } from '../../model/cluster';
import { clusterAccess } from '../../model/cluster';
import type { Lab } from '../../model/lab';
import { stateFolder } from '../../model/names';
import { describeCluster, isOwnNode, kubeconfigOf } from '../cluster';
import { clusterKey } from '../clusters/claims';
import {
  clusterRemains,
  markDefinitions,
  type OwnedObject,
  plannedObjects,
  removeLeavings,
  sweep,
} from '../clusters/remains';
import { FailureError } from '../errors';
import { kubectl } from '../kubectl';
import { razeMachine } from '../machine/machine';
import { ensureTools } from '../machine/tools';
import { kubeconfigMeshes, localMeshes } from '../meshes';
import { parsePair } from '../pairing/pair';
import { deleteAll } from '../plan/apply';
import { clusterOfResource } from '../plan/cluster';
import type { PlannedResource } from '../plan/read';
import { Record } from '../plan/record';
import type { Progress } from '../progress';
import { requireRoot } from '../raised';
import { recordFiles, userState } from '../state';
import { planOf } from '../synth';

export interface DownOptions {
  /** Name of the lab. */
  readonly name: string;
  /** The lab and its file, when the file could be read: it tells of clusters that no record knows. */
  readonly known?: { readonly lab: Lab; readonly config: string };
  /** Leave what is in clusters that can not be reached, and forget it. */
  readonly forget: boolean;
  readonly progress: Progress;
  readonly signal: AbortSignal;
}

/** Whether anything here remembers a lab of this name. */
export function isKnown(name: string): boolean {
  return existsSync(stateFolder(name)) || existsSync(userState(name));
}

/** Whether the lab has, or may have, a part on this machine. */
export function isOnMachine({ name, known }: Pick<DownOptions, 'name' | 'known'>): boolean {
  if (existsSync(stateFolder(name))) return true;
  return known === undefined ? !existsSync(userState(name)) : localMeshes(known.lab).length > 0;
}

/** Clusters by the names that people know. */
export interface DownResult {
  /** Nothing of the lab is left there. */
  readonly clusters: readonly string[];
  /** What the lab had there is there. */
  readonly forgotten: readonly string[];
}

/** Takes a lab down, in whatever state it is. Safe to repeat, also after a kill. */
export async function down(options: DownOptions): Promise<DownResult> {
  const { name, known, progress } = options;
  const machine = isOnMachine(options);
  if (machine) requireRoot();
  const records = recordFiles(name).map((file) => new Record(file));
  const recorded = records.flatMap((record) => record.all());
  const meshes = known === undefined ? [] : kubeconfigMeshes(known.lab);
  let result: DownResult = { clusters: [], forgotten: [] };
  if (meshes.length > 0 || recorded.some((resource) => isInCluster(resource, name))) {
    await ensureTools(name, progress, options.signal);
    const plan = known === undefined || meshes.length === 0 ? [] : await planOrNothing(known.config, recorded, options);
    const resources = merged(recorded, plan).filter((resource) => isInCluster(resource, name));
    result = await leaveClusters(resources, clustersOf(options, resources), records, options);
  }
  if (machine) await razeMachine(name, progress);
  rmSync(userState(name), { recursive: true, force: true });
  return result;
}

/** The plan tells of what a lost record doesn't; with a record, a plan that can't be written is no reason to stop. */
async function planOrNothing(
  config: string,
  recorded: readonly PlannedResource[],
  { progress, signal }: DownOptions,
): Promise<readonly PlannedResource[]> {
  try {
    return await progress.step('write the plan', () => planOf(config, signal));
  } catch (error) {
    signal.throwIfAborted();
    if (recorded.length === 0) throw error;
    return [];
  }
}

/** The record is nearer to what is there; the plan adds what it lacks. */
export function merged(
  recorded: readonly PlannedResource[],
  plan: readonly PlannedResource[],
): readonly PlannedResource[] {
  const ids = new Set(recorded.map(({ id }) => id));
  return [...recorded, ...plan.filter(({ id }) => !ids.has(id))];
}

/** Whether deleting a resource changes a cluster that outlives the lab. What is on this machine goes as a whole. */
export function isInCluster(resource: PlannedResource, lab: string): boolean {
  return accessesOf(resource).some((access) => !isOwnNode(access, lab));
}

function accessesOf(resource: PlannedResource): ClusterAccess[] {
  switch (resource.type) {
    case 'helm_release':
    case 'kubernetes_namespace_v1':
      return [clusterOfResource(resource)];
    case 'consul_config_entry':
      return [];
    case 'terraform_data':
      return pairsOf(resource).flatMap(({ dialer, acceptor }) =>
        [dialer.cluster, acceptor.cluster].filter((cluster) => cluster !== undefined),
      );
  }
}

function pairsOf({ values }: PlannedResource) {
  const provisioners = (values.provisioner ?? []) as readonly {
    readonly 'local-exec'?: { readonly environment?: Readonly<{ ISTHMUS_PAIR?: string }> };
  }[];
  return provisioners.flatMap((provisioner) => {
    const text = provisioner['local-exec']?.environment?.ISTHMUS_PAIR;
    return text === undefined ? [] : [parsePair(text)];
  });
}

/** Every cluster that the lab has, or had, something in. */
function clustersOf({ name, known }: DownOptions, resources: readonly PlannedResource[]): ClusterAccess[] {
  const named = known === undefined ? [] : kubeconfigMeshes(known.lab).map((mesh) => clusterAccess(known.lab, mesh));
  const all = [...named, ...resources.flatMap(accessesOf)].filter((access) => access !== undefined);
  return [
    ...new Map(all.filter((access) => !isOwnNode(access, name)).map((access) => [clusterKey(access), access])).values(),
  ];
}

async function leaveClusters(
  resources: readonly PlannedResource[],
  clusters: readonly ClusterAccess[],
  records: readonly Record[],
  options: DownOptions,
): Promise<DownResult> {
  const { name, progress, signal } = options;
  const { reached, lost } = await reach(clusters, options);
  const gone = new Set(lost.map(clusterKey));
  const reachable = resources.filter(
    (resource) => !accessesOf(resource).some((access) => gone.has(clusterKey(access))),
  );
  // As long as the releases that brought them tell whose they are.
  for (const cluster of reached) await markDefinitions(cluster, name);
  const record = {
    delete: (id: string) => {
      for (const each of records) each.delete(id);
    },
  };
  await deleteAll(reachable, record, { lab: name, progress, signal }, 'remove the lab from its clusters');
  for (const cluster of reached) {
    const here = reachable.filter((resource) => accessesOf(resource).some((access) => same(access, cluster)));
    await progress.step(`look what is left in ${describeCluster(cluster)}`, async (say) => {
      await sweep(cluster, name, say);
      await removeLeavings(cluster, name, say);
      await prove(cluster, name, plannedObjects(here.filter(({ type }) => type === 'helm_release')));
    });
  }
  for (const { id } of resources) record.delete(id);
  return { clusters: reached.map(describeCluster), forgotten: lost.map(describeCluster) };
}

function same(a: ClusterAccess, b: ClusterAccess): boolean {
  return clusterKey(a) === clusterKey(b);
}

/** Nothing is deleted anywhere before every cluster has answered, or is given up. */
async function reach(
  clusters: readonly ClusterAccess[],
  { name, forget }: DownOptions,
): Promise<{ reached: readonly ClusterAccess[]; lost: readonly ClusterAccess[] }> {
  const answers = await Promise.all(
    clusters.map(async (cluster) => {
      const fault = await answersAtAll(cluster);
      return { cluster, fault };
    }),
  );
  const lost = answers.filter(({ fault }) => fault !== undefined);
  if (lost.length > 0 && !forget) {
    const lines = lost.map(({ cluster, fault }) => `  - ${describeCluster(cluster)}: ${fault}`);
    throw new FailureError(
      `clusters of lab ${name} can not be reached, so nothing was removed:\n${lines.join('\n')}\nBring them back and run \`isthmus down\` again; or, if they are gone for good: isthmus down --forget`,
    );
  }
  return {
    reached: answers.filter(({ fault }) => fault === undefined).map(({ cluster }) => cluster),
    lost: lost.map(({ cluster }) => cluster),
  };
}

async function answersAtAll(cluster: ClusterAccess): Promise<string | undefined> {
  try {
    await kubeconfigOf(cluster);
    await kubectl(cluster, ['--request-timeout=10s', 'get', '--raw', '/version'], { timeout: 20_000 });
    return undefined;
  } catch (error) {
    return (error as Error).message.trim().split('\n').at(-1);
  }
}

async function prove(cluster: ClusterAccess, lab: string, objects: readonly OwnedObject[]): Promise<void> {
  const left = await clusterRemains(cluster, lab, objects);
  if (left.length === 0) return;
  throw new FailureError(
    `lab ${lab} is not gone from ${describeCluster(cluster)}; these are left and \`isthmus down\` can be run again:\n${left.map((line) => `  ${line}`).join('\n')}`,
  );
}
