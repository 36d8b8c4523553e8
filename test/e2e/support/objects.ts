/** Every object of a cluster as it is, to the byte: who made it, when, and how often it was written since. */
import type { ClusterAccess } from '../../../model/cluster';
import { kubectl } from '../../../scripts/kubectl';
import { until } from '../../../scripts/machine/until';

/** Text of each object by `Kind.group namespace/name`. */
export type Objects = ReadonlyMap<string, string>;

interface Found {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: {
    readonly name: string;
    readonly namespace?: string;
    readonly annotations?: Readonly<Record<string, string>>;
  };
}

/** What Kubernetes' own programs write all the time, whether anybody does anything or not. */
const restless = /^(events|leases|endpoints|endpointslices)(\.|$)/;

export async function everyObject(cluster: ClusterAccess): Promise<Objects> {
  const { stdout } = await kubectl(cluster, ['api-resources', '--verbs=list', '--output=name']);
  const kinds = stdout.split('\n').filter((kind) => kind !== '' && !restless.test(kind));
  const all = ['get', kinds.join(','), '--all-namespaces', '--show-managed-fields', '--output=json'];
  const { items } = JSON.parse((await kubectl(cluster, all)).stdout) as { readonly items: readonly Found[] };
  return new Map(items.map((object) => [idOf(object), JSON.stringify(steady(object))]));
}

function idOf({ apiVersion, kind, metadata: { namespace = '', name } }: Found): string {
  const group = apiVersion.includes('/') ? `.${apiVersion.split('/')[0]}` : '';
  return `${kind}${group} ${namespace}/${name}`;
}

const leader = 'control-plane.alpha.kubernetes.io/leader';

/** The kubelet writes into its node that it is alive, and istiod into ConfigMaps that it still leads. */
function steady(object: Found): unknown {
  const { annotations = {} } = object.metadata;
  if (object.kind !== 'Node' && annotations[leader] === undefined) return object;
  const { status: _status, metadata, ...rest } = object as Found & Record<string, unknown>;
  const { resourceVersion: _version, managedFields: _fields, ...kept } = metadata as Record<string, unknown>;
  return { ...rest, metadata: { ...kept, annotations: { ...annotations, [leader]: '' } } };
}

/** What differs, one line each: what is new, what is gone, and where in an object something else is written. */
export function differences(before: Objects, after: Objects): string[] {
  const added = [...after.keys()].filter((id) => !before.has(id)).map((id) => `new: ${id}`);
  const rest = [...before].flatMap(([id, old]) => {
    const now = after.get(id);
    if (now === undefined) return [`gone: ${id}`];
    return now === old ? [] : [`changed: ${id}: ${changes(JSON.parse(old), JSON.parse(now)).join(', ')}`];
  });
  return [...added, ...rest].toSorted();
}

function changes(old: unknown, now: unknown, path = ''): string[] {
  if (JSON.stringify(old) === JSON.stringify(now)) return [];
  if (!isObject(old) || !isObject(now)) return [`${path} ${JSON.stringify(old)} → ${JSON.stringify(now)}`];
  const keys = [...new Set([...Object.keys(old), ...Object.keys(now)])];
  return keys.flatMap((key) => changes(old[key], now[key], `${path}/${key}`));
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null;
}

/** The objects once nobody writes any more: two looks in a row see the same. */
export async function settledObjects(cluster: ClusterAccess): Promise<Objects> {
  let last: Objects = new Map();
  let moved: string[] = [];
  const settled = async () => {
    const now = await everyObject(cluster);
    moved = differences(last, now);
    last = now;
    return moved.length === 0;
  };
  if (await until(settled, { timeout: 60_000, interval: 200 })) return last;
  throw new Error(`the cluster does not come to rest:\n${moved.join('\n')}`);
}
