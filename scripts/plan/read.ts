/** Reads the plan that synth wrote: the JSON of every stack, as resources that depend on each other. */
import { FailureError } from '../errors';
import { readPlanJson, readStackFiles } from './stacks';

/** The types that plans for a lab machine or an existing cluster consist of. */
export const resourceTypes = [
  'helm_release',
  'kubernetes_namespace_v1',
  'consul_config_entry',
  'terraform_data',
] as const;
export type ResourceType = (typeof resourceTypes)[number];

export type Json = Readonly<Record<string, unknown>>;

export interface PlannedResource {
  /** `STACK/TYPE.NAME`, unique in the plan. */
  readonly id: string;
  readonly stack: string;
  readonly type: ResourceType;
  /** Folder of the stack, which relative paths in the values start from. */
  readonly folder: string;
  /** Arguments, without cdktf's metadata and without `depends_on`. */
  readonly values: Json;
  /** Arguments of the stack's providers by provider name. */
  readonly providers: Readonly<Record<string, Json>>;
  /** Ids of resources that must be there before. */
  readonly dependsOn: readonly string[];
}

interface StackJson {
  readonly provider?: Readonly<Record<string, readonly Json[]>>;
  readonly resource?: Readonly<Record<string, Readonly<Record<string, Json>>>>;
}

/**
 * Reads the whole plan.
 * @param outdir the folder that synth wrote
 * @throws FailureError when a resource is of another type or holds a Terraform expression
 */
export function readPlan(outdir: string): PlannedResource[] {
  const stacks = readStackFiles(outdir).map(({ file, ...stack }) => ({
    ...stack,
    json: readPlanJson<StackJson>(file),
  }));
  const own = new Map(stacks.map((stack) => [stack.name, readStack(stack.name, stack.folder, stack.json)]));
  const byName = new Map(stacks.map((stack) => [stack.name, stack]));
  // A stack may be empty, so that only the stacks below it hold what its dependents wait for.
  const below = (name: string): string[] =>
    (byName.get(name)?.dependsOn ?? []).flatMap((lower) => [
      ...(own.get(lower) ?? []).map(({ id }) => id),
      ...below(lower),
    ]);
  return stacks.flatMap(({ name }) => {
    const waitsFor = [...new Set(below(name))];
    return (own.get(name) ?? []).map((resource) => ({ ...resource, dependsOn: [...resource.dependsOn, ...waitsFor] }));
  });
}

function readStack(stack: string, folder: string, json: StackJson): PlannedResource[] {
  const providers = Object.fromEntries(
    Object.entries(json.provider ?? {}).map(([name, [settings]]) => [
      name,
      data(settings ?? {}, `${stack}/provider.${name}`),
    ]),
  );
  return Object.entries(json.resource ?? {}).flatMap(([type, named]) =>
    Object.entries(named).map(([name, raw]): PlannedResource => {
      const id = `${stack}/${type}.${name}`;
      if (!isResourceType(type)) {
        throw new FailureError(
          `${id}: the lab machine can not apply a resource of type ${type}. Allowed: ${resourceTypes.join(', ')}. Use one of these, or another platform.`,
        );
      }
      const { '//': _metadata, depends_on: dependsOn = [], ...values } = raw;
      return {
        id,
        stack,
        type,
        folder,
        values: data(values, id),
        providers,
        dependsOn: (dependsOn as string[]).map((address) => `${stack}/${address}`),
      };
    }),
  );
}

function isResourceType(type: string): type is ResourceType {
  return (resourceTypes as readonly string[]).includes(type);
}

/** Values as plain data: Terraform's escapes undone, expressions refused. */
function data(values: Json, id: string): Json {
  return plain(values, id) as Json;
}

function plain(value: unknown, id: string): unknown {
  if (typeof value === 'string') {
    if (/[$%]\{/.test(value.replaceAll(/\$\$\{|%%\{/g, ' '))) {
      throw new FailureError(
        `${id}: holds a Terraform expression (${value.slice(0, 60)}). Plans of this platform are plain data; escape text with literal().`,
      );
    }
    return value.replaceAll('$${', '${').replaceAll('%%{', '%{');
  }
  if (Array.isArray(value)) return value.map((item) => plain(item, id));
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, plain(item, id)]));
}
