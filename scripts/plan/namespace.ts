import { labTag } from '../../model/names';
import { describeCluster, isOwnNode } from '../cluster';
import { FailureError } from '../errors';
import { kubectl } from '../kubectl';
import { clusterOfResource } from './cluster';
import type { PlannedResource } from './read';
import type { Context } from './types';

interface Metadata {
  readonly name: string;
  readonly labels?: Readonly<Record<string, string>>;
  readonly annotations?: Readonly<Record<string, string>>;
}

function metadata({ values }: PlannedResource): Metadata {
  const [first] = [values.metadata].flat() as Metadata[];
  if (first === undefined) throw new Error('a namespace without metadata');
  return first;
}

export function namespaceName(resource: PlannedResource): string {
  return metadata(resource).name;
}

/** What is said of a namespace that somebody else made. */
export function foreignNamespace(resource: PlannedResource, owner: string | undefined): string {
  const whose = owner === undefined ? 'which this lab did not make' : `which lab ${owner} made`;
  return (
    `${resource.id}: namespace ${namespaceName(resource)}, ${whose}, is in ${describeCluster(clusterOfResource(resource))}; ` +
    'the lab would install into it and `isthmus down` would delete it. Choose another name in the lab file, or remove the namespace'
  );
}

/** Refuses a namespace that others made: what is in it would go with the lab. */
export async function claimNamespace(resource: PlannedResource, { lab }: Context): Promise<void> {
  if (isOwnNode(clusterOfResource(resource), lab)) return;
  const found = await find(resource);
  if (found !== undefined && found.owner !== lab) throw new FailureError(foreignNamespace(resource, found.owner));
}

export async function applyNamespace(resource: PlannedResource, { lab }: Context): Promise<void> {
  const { labels, ...rest } = metadata(resource);
  const object = {
    apiVersion: 'v1',
    kind: 'Namespace',
    metadata: { ...rest, labels: { ...labels, [labTag]: lab } },
  };
  await kubectl(clusterOfResource(resource), ['apply', '-f', '-'], { input: JSON.stringify(object) });
}

export async function hasNamespace(resource: PlannedResource, context: Context): Promise<boolean> {
  return isOurs(resource, await find(resource), context);
}

/** Deletes the namespace if it is the lab's; another one of its name stays. */
export async function deleteNamespace(resource: PlannedResource, context: Context): Promise<void> {
  if (!isOurs(resource, await find(resource), context)) return;
  const args = ['delete', 'namespace', namespaceName(resource), '--ignore-not-found', '--timeout=180s'];
  await kubectl(clusterOfResource(resource), args);
}

interface Found {
  /** Lab that made it. */
  readonly owner: string | undefined;
}

async function find(resource: PlannedResource): Promise<Found | undefined> {
  const args = ['get', 'namespace', namespaceName(resource), '--ignore-not-found', '-o', 'json'];
  const { stdout } = await kubectl(clusterOfResource(resource), args);
  if (stdout.trim() === '') return undefined;
  const { metadata: found } = JSON.parse(stdout) as { metadata: Metadata };
  return { owner: found.labels?.[labTag] };
}

function isOurs(resource: PlannedResource, found: Found | undefined, { lab }: Context): boolean {
  return found !== undefined && (found.owner === lab || isOwnNode(clusterOfResource(resource), lab));
}
