/** Changes of objects of Istio's cluster. Each resolves when it is in force, and comes back with the ground. */
import { kubectl } from '../../../../scripts/kubectl';
import type { Change, Ground } from './ground';

type Look = Change['look'];

/** An object by resource, name and, unless it is the cluster's, namespace. */
export type Ref = readonly [resource: string, name: string, namespace?: string];

interface Found {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: {
    readonly name: string;
    readonly namespace?: string;
    readonly labels?: unknown;
    readonly annotations?: unknown;
  };
}

/** Several objects at once, where one alone changes nothing. */
export async function remove(ground: Ground, refs: readonly [Ref, ...Ref[]], look: Look): Promise<void> {
  const objects = await Promise.all(refs.map((ref) => get(ground, ref)));
  await ground.change({
    what: refs.map((ref) => ref.join(' ')).join(' and '),
    look,
    make: () => each(refs, (ref) => write(ground, ['delete', ...words(ref)])),
    undo: () => each(objects, (object) => create(ground, object)),
  });
}

export async function add(ground: Ground, ref: Ref, object: object, look: Look): Promise<void> {
  await ground.change({
    what: ref.join(' '),
    look,
    make: () => create(ground, object),
    undo: () => write(ground, ['delete', ...words(ref), '--ignore-not-found']),
  });
}

/** Writes one top field of an object anew, such as `spec`. */
export async function rewrite<T>(
  ground: Ground,
  ref: Ref,
  field: string,
  change: (value: T) => T,
  look: Look,
): Promise<void> {
  const value = ((await get(ground, ref)) as Found & Record<string, unknown>)[field] as T;
  const put = (wanted: T) => {
    const patch = [{ op: 'replace', path: `/${field}`, value: wanted }];
    return write(ground, ['patch', ...words(ref), '--type=json', `--patch=${JSON.stringify(patch)}`]);
  };
  await ground.change({ what: ref.join(' '), look, make: () => put(change(value)), undo: () => put(value) });
}

async function each<T>(list: readonly T[], work: (one: T) => Promise<void>): Promise<void> {
  for (const one of list) await work(one);
}

async function get(ground: Ground, ref: Ref): Promise<Found> {
  const { stdout } = await kubectl(ground.cluster, ['get', ...words(ref), '--output=json']);
  return JSON.parse(stdout) as Found;
}

/** As its owner wrote it: with labels and annotations, without what the API adds. */
async function create(ground: Ground, object: object): Promise<void> {
  const { metadata, status: _status, ...rest } = object as Found & { readonly status?: unknown };
  const { name, namespace, labels, annotations } = metadata;
  const input = JSON.stringify({ ...rest, metadata: { name, namespace, labels, annotations } });
  await write(ground, ['create', '--filename', '-'], input);
}

async function write(ground: Ground, args: readonly string[], input?: string): Promise<void> {
  await kubectl(ground.cluster, args, input === undefined ? {} : { input });
}

function words([resource, name, namespace]: Ref): string[] {
  return [resource, name, ...(namespace === undefined ? [] : ['--namespace', namespace])];
}
