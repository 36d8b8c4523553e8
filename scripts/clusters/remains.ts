/** Finds and removes what a lab has in a cluster by its mark, not by what was written down: a record may be lost. */
import { parse } from 'yaml';
import type { ClusterAccess } from '../../model/cluster';
import type { KubeObject } from '../../model/kube';
import { labTag } from '../../model/names';
import { helm, kubectl } from '../kubectl';
import { releaseId } from '../plan/helm';
import type { PlannedResource } from '../plan/read';
import { helmOwner, type Meta } from './ask';
import { listReleases } from './claims';

/** A release's object, and the release that must own it to be the lab's. */
export interface OwnedObject {
  readonly object: KubeObject;
  readonly owner: string;
}

/** Objects that a plan's own charts make, with the namespace that Helm puts them into. */
export function plannedObjects(plan: readonly PlannedResource[]): OwnedObject[] {
  return plan.flatMap((resource): OwnedObject[] => {
    if (resource.type !== 'helm_release') return [];
    const owner = releaseId(resource);
    const texts = (resource.values.values ?? []) as readonly string[];
    const objects = texts.flatMap((text) => (parse(text) as { objects?: readonly KubeObject[] } | null)?.objects ?? []);
    return objects.map((object) => ({ object, owner }));
  });
}

/** What is left of a lab in a cluster, one line each; empty when it is gone. */
export async function clusterRemains(
  cluster: ClusterAccess,
  lab: string,
  objects: readonly OwnedObject[],
): Promise<string[]> {
  const [namespaces, definitions, releases, left] = await Promise.all([
    labNamespaces(cluster, lab),
    labDefinitions(cluster, lab),
    listReleases(cluster, lab),
    presentObjects(cluster, objects),
  ]);
  return [
    ...namespaces.map((name) => `namespace ${name}`),
    ...definitions.map((name) => `custom resource definition ${name}`),
    ...releases.map((name) => `Helm release ${name}`),
    ...left,
  ];
}

/** Namespaces that a lab made. */
async function labNamespaces(cluster: ClusterAccess, lab: string): Promise<string[]> {
  const args = ['get', 'namespaces', '--selector', `${labTag}=${lab}`, '-o', 'name'];
  return names(await kubectl(cluster, args, { timeout: 30_000 }));
}

/** Those of the objects that are there and still belong to their release. */
async function presentObjects(cluster: ClusterAccess, objects: readonly OwnedObject[]): Promise<string[]> {
  if (objects.length === 0) return [];
  const items = objects.map(({ object }) => ({ ...object, metadata: plainName(object) }));
  const { stdout } = await kubectl(cluster, ['get', '--ignore-not-found', '-o', 'json', '-f', '-'], {
    input: JSON.stringify({ apiVersion: 'v1', kind: 'List', items }),
    // Kinds whose definitions are gone are an error to kubectl; what it finds of the others it prints all the same.
    allow: [0, 1],
    timeout: 120_000,
  });
  const owners = new Set(objects.map(({ owner }) => owner));
  return listItems(stdout)
    .filter((found) => owners.has(helmOwner(found) ?? ''))
    .map(
      ({ kind, metadata: { name, namespace } }) => `${kind} ${namespace === undefined ? '' : `${namespace}/`}${name}`,
    );
}

interface Found extends Meta {
  readonly kind: string;
}

/** kubectl prints a single object as it is, several as a list, and none as nothing. */
function listItems(text: string): readonly Found[] {
  if (text.trim() === '') return [];
  const answer = JSON.parse(text) as Found & { readonly items?: readonly Found[] };
  return answer.items ?? [answer];
}

function plainName({ metadata: { name, namespace } }: KubeObject): object {
  return namespace === undefined ? { name } : { name, namespace };
}

/** Where Helm must look last: what is above needs the mesh to let go of its objects. */
const bottomNamespaces = ['istio-ingress', 'consul', 'istio-system'];

/** Removes what carries the lab's mark and no plan or record knows any more. */
export async function sweep(cluster: ClusterAccess, lab: string, say: (line: string) => void): Promise<void> {
  const depth = (id: string) => bottomNamespaces.indexOf(id.split('/')[0] ?? '');
  for (const id of (await listReleases(cluster, lab)).toSorted((a, b) => depth(a) - depth(b))) {
    const [namespace = '', name = ''] = id.split('/');
    say(`removing release ${id}`);
    const flags = ['--ignore-not-found', '--wait=legacy', '--timeout=180s'];
    await helm(cluster, ['uninstall', name, '--namespace', namespace, ...flags]);
  }
  const namespaces = await labNamespaces(cluster, lab);
  if (namespaces.length === 0) return;
  say(`removing namespaces ${namespaces.join(', ')}`);
  await kubectl(cluster, ['delete', 'namespace', ...namespaces, '--ignore-not-found', '--timeout=180s']);
}

/** Releases of ours that bring a mesh's custom resource definitions, which Helm keeps on purpose. */
const definitionOwners = ['istio-system/istio-base', 'consul/consul'];

/**
 * Marks the custom resource definitions that the lab's own charts brought, so that a later `down` knows them when the
 * releases are gone.
 */
export async function markDefinitions(cluster: ClusterAccess, lab: string): Promise<void> {
  const ours = (await listReleases(cluster, lab)).filter((id) => definitionOwners.includes(id));
  if (ours.length === 0) return;
  const { stdout } = await kubectl(cluster, ['get', 'crd', '-o', 'json'], { timeout: 60_000 });
  const names = listItems(stdout)
    .filter((definition) => ours.includes(helmOwner(definition) ?? ''))
    .map(({ metadata }) => metadata.name);
  if (names.length > 0) await kubectl(cluster, ['label', '--overwrite', 'crd', ...names, `${labTag}=${lab}`]);
}

async function labDefinitions(cluster: ClusterAccess, lab: string): Promise<string[]> {
  const args = ['get', 'crd', '--selector', `${labTag}=${lab}`, '-o', 'name'];
  return names(await kubectl(cluster, args, { timeout: 30_000 }));
}

/** Removes what the meshes' own programs and charts leave behind, which neither Helm nor a namespace takes along. */
export async function removeLeavings(cluster: ClusterAccess, lab: string, say: (line: string) => void): Promise<void> {
  const definitions = await labDefinitions(cluster, lab);
  if (definitions.length === 0) return;
  if (definitions.some((name) => name.endsWith('.istio.io'))) {
    // istiod puts its root certificate into every namespace.
    const copies = ['--all-namespaces', '--selector', 'istio.io/config=true', '--field-selector'];
    for (const name of ['istio-ca-root-cert', 'istio-ca-crl']) {
      await kubectl(cluster, ['delete', 'configmap', ...copies, `metadata.name=${name}`, '--ignore-not-found']);
    }
  }
  // Last: as long as they are there, a later run knows what else there is to do.
  say("removing the mesh's custom resource definitions");
  await kubectl(cluster, ['delete', 'crd', ...definitions, '--ignore-not-found', '--timeout=120s']);
}

/** Names in what `kubectl get -o name` prints: `KIND/NAME`. */
function names({ stdout }: { readonly stdout: string }): string[] {
  return stdout.split('\n').flatMap((line) => (line === '' ? [] : [line.slice(line.indexOf('/') + 1)]));
}
