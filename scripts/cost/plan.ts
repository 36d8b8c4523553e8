/** Reads the plan that synth wrote, of any platform, for those who only look at what it holds. */
import { readPlanJson, readStackFiles } from '../plan/stacks';

export type Json = Readonly<Record<string, unknown>>;

export interface Resource {
  /** `STACK/TYPE.NAME`, unique in the plan. */
  readonly address: string;
  readonly stack: string;
  readonly type: string;
  readonly name: string;
  /** Region that it is made in; undefined when it has none, or the plan does not say. */
  readonly region: string | undefined;
  /** How many there are; undefined when only an apply tells. */
  readonly count: number | undefined;
  readonly values: Json;
}

export interface Plan {
  readonly resources: readonly Resource[];
  /** Follows `${TYPE.NAME.ATTRIBUTE}` within the stack of the one that holds it. */
  follow(from: Resource, reference: unknown): Resource | undefined;
}

interface StackJson {
  readonly provider?: Readonly<Record<string, Json | readonly Json[]>>;
  readonly resource?: Readonly<Record<string, Readonly<Record<string, Json>>>>;
}

/**
 * Reads every stack.
 * @param outdir the folder that synth wrote
 * @throws FailureError when there is no plan
 */
export function readWholePlan(outdir: string): Plan {
  const resources = readStackFiles(outdir).flatMap(({ name, file }) => readStack(name, readPlanJson<StackJson>(file)));
  const byAddress = new Map(resources.map((resource) => [resource.address, resource]));
  return {
    resources,
    follow: (from, reference) => {
      const target = /^\$\{([a-z0-9_]+\.[\w-]+)\.[\w.[\]]+\}$/.exec(String(reference))?.[1];
      return target === undefined ? undefined : byAddress.get(`${from.stack}/${target}`);
    },
  };
}

function readStack(stack: string, json: StackJson): Resource[] {
  return Object.entries(json.resource ?? {}).flatMap(([type, named]) =>
    Object.entries(named).map(
      ([name, values]): Resource => ({
        address: `${stack}/${type}.${name}`,
        stack,
        type,
        name,
        region: type.startsWith('aws_') ? awsRegion(json, values) : kubernetesRegion(json, type),
        count: counted(values),
        values,
      }),
    ),
  );
}

function awsRegion(json: StackJson, { region, provider }: Json): string | undefined {
  if (region !== undefined) return plain(region);
  const wanted = typeof provider === 'string' ? provider.split('.')[1] : undefined;
  return plain(settings(json, 'aws').find(({ alias }) => alias === wanted)?.region);
}

/** Region of the EKS cluster that a stack's objects go into; undefined for a cluster elsewhere. */
function kubernetesRegion(json: StackJson, type: string): string | undefined {
  const [provider] = settings(json, type.startsWith('helm_') ? 'helm' : 'kubernetes');
  const access = one(provider?.kubernetes ?? provider);
  const exec = one(access?.exec);
  const args = Array.isArray(exec?.args) ? exec.args : [];
  if (exec?.command !== 'aws') return undefined;
  const at = args.indexOf('--region');
  return plain(at < 0 ? settings(json, 'aws')[0]?.region : args[at + 1]);
}

function settings(json: StackJson, provider: string): readonly Json[] {
  const found = json.provider?.[provider] ?? [];
  return Array.isArray(found) ? found : [found as Json];
}

/** The one block of a kind: cdktf writes an object or a list with one. */
export function one(block: unknown): Json | undefined {
  const found = Array.isArray(block) ? block[0] : block;
  return typeof found === 'object' && found !== null ? (found as Json) : undefined;
}

/** All blocks of a kind. */
export function blocks(block: unknown): Json[] {
  return (Array.isArray(block) ? block : [block]).map(one).filter((found) => found !== undefined);
}

/** Text that is known before an apply. */
export function plain(value: unknown): string | undefined {
  return typeof value === 'string' && !/[$%]\{/.test(value.replaceAll(/\$\$\{|%%\{/g, '')) ? value : undefined;
}

/** A number that is known before an apply, also when it is written as text. */
export function numeric(value: unknown): number | undefined {
  const number = typeof value === 'string' && value.trim() !== '' ? Number(value) : value;
  return typeof number === 'number' && Number.isFinite(number) ? number : undefined;
}

function counted(values: Json): number | undefined {
  if (values.for_each !== undefined) return undefined;
  return values.count === undefined ? 1 : numeric(values.count);
}
