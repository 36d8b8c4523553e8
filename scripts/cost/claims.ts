/** Volumes that a cluster makes because something in it claims them: charts, objects of our chart, claims. */
import { parse } from 'yaml';
import { volume } from './compute';
import type { Context, Line, Rule } from './line';
import { blocks, type Json, numeric, one, plain, type Resource } from './plan';

/** Type of the volumes of a storage class that the plan does not say anything about. */
const usualType = 'gp3';

export const release: Rule = (resource, context) => {
  if (resource.region === undefined) return [];
  const values = releaseValues(resource);
  if (values === undefined) return [{ missing: 'volumes of a release: its values are known only then' }];
  const chart = plain(resource.values.chart)?.split('/').at(-1);
  return [
    ...(chart === 'consul' ? consulServers(resource, values, context) : []),
    ...objects(values).flatMap((object) => objectVolumes(object, context)),
  ];
};

export const claim: Rule = ({ region, values }, context) => {
  if (region === undefined) return [];
  const spec = one(values.spec);
  const requests = one(one(spec?.resources)?.requests);
  return stored(requests?.storage, plain(spec?.storage_class_name), 1, 'volume', context);
};

/** Values of a release, merged as Helm does; undefined when they do not read as YAML before an apply. */
function releaseValues({ values: { values } }: Resource): Json | undefined {
  if (values === undefined) return {};
  if (!Array.isArray(values)) return undefined;
  try {
    return values.map((text) => parsed(String(text))).reduce<Json>(merge, {});
  } catch {
    return undefined;
  }
}

function parsed(text: string): Json {
  // What Terraform would make of its escapes.
  const unescaped = text.replaceAll('$${', () => '${').replaceAll('%%{', () => '%{');
  return one(parse(unescaped, { version: '1.1' })) ?? {};
}

function merge(low: Json, high: Json): Json {
  const merged: Record<string, unknown> = { ...low };
  for (const [name, value] of Object.entries(high)) {
    const [before, after] = [merged[name], value].map((side) => (Array.isArray(side) ? undefined : one(side)));
    merged[name] = before !== undefined && after !== undefined ? merge(before, after) : value;
  }
  return merged;
}

/** Consul's chart: a volume for each server, with the chart's own defaults. */
function consulServers({ values: settings }: Resource, values: Json, context: Context): Line[] {
  const enabled = one(values.global)?.enabled ?? true;
  const server = one(values.server) ?? {};
  if ((server.enabled ?? '-') === '-' ? enabled === false : server.enabled === false) return [];
  if (settings.set !== undefined) return [{ missing: 'volumes of Consul servers: values are set one by one' }];
  const replicas = numeric(server.replicas) ?? 1;
  return stored(server.storage ?? '10Gi', plain(server.storageClass), replicas, 'Consul server volume', context);
}

function objects({ objects: list }: Json): Json[] {
  return Array.isArray(list) ? blocks(list) : [];
}

function objectVolumes(object: Json, context: Context): Line[] {
  const spec = one(object.spec) ?? {};
  const name = String(one(object.metadata)?.name ?? '');
  if (object.kind === 'PersistentVolumeClaim') return claimed(spec, 1, `volume of claim ${name}`, context);
  if (object.kind === 'Service' && spec.type === 'LoadBalancer')
    return [{ missing: `load balancer that the cluster makes for service ${name}` }];
  if (object.kind !== 'StatefulSet') return [];
  const templates = Array.isArray(spec.volumeClaimTemplates) ? spec.volumeClaimTemplates : [];
  return templates.flatMap((template) =>
    claimed(one(one(template)?.spec) ?? {}, numeric(spec.replicas) ?? 1, `volume of ${name}`, context),
  );
}

function claimed(spec: Json, pieces: number, what: string, context: Context): Line[] {
  // An empty class binds a volume that is there already.
  if (spec.storageClassName === '') return [];
  return stored(one(one(spec.resources)?.requests)?.storage, plain(spec.storageClassName), pieces, what, context);
}

function stored(
  size: unknown,
  storageClass: string | undefined,
  pieces: number,
  what: string,
  context: Context,
): Line[] {
  return volume(gibibytes(size), volumeType(storageClass, context), pieces, what);
}

/** Type that a storage class stands for: as the plan's own class says, or by its name, or what is usual. */
function volumeType(storageClass: string | undefined, { plan }: Context): string {
  const classes = plan.resources
    .filter(({ type }) => type === 'helm_release')
    .flatMap((resource) => objects(releaseValues(resource) ?? {}))
    .filter(({ kind }) => kind === 'StorageClass');
  const own = classes.find(({ metadata }) => one(metadata)?.name === storageClass);
  const type = plain(one(own?.parameters)?.type);
  return type ?? (/^(gp2|gp3|io1|io2|st1|sc1)$/.test(storageClass ?? '') ? String(storageClass) : usualType);
}

const units: Readonly<Record<string, number>> = { Mi: 1 / 1024, Gi: 1, Ti: 1024, M: 1e6, G: 1e9, T: 1e12 };

/** Whole GiB of a Kubernetes quantity such as `10Gi`: EBS makes no parts of one. */
function gibibytes(size: unknown): number | undefined {
  const [, digits, unit = ''] = /^(\d+)([MGT]i?)?$/.exec(String(size)) ?? [];
  if (digits === undefined) return undefined;
  const factor = units[unit] ?? 1;
  return Math.ceil((Number(digits) * factor) / (unit.endsWith('i') ? 1 : 1024 ** 3));
}
