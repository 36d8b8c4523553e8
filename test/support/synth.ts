/**
 * Plans for tests, made in this process. Test files that use it say
 * `jest.mock('../../constructs/program', () => jest.requireActual('../support/programs'))` first.
 */
import { mkdtempSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { App } from 'cdktf';
import { parse } from 'yaml';
import type { KubeObject } from '../../model/kube';
import type { Lab } from '../../model/lab';
import { outsideHosts } from '../../model/outside';
import { addLabStacks } from '../../stacks/lab';
import { withoutTraces } from '../../stacks/traces';
import { temporaryFolder } from './folder';

export type Json = Readonly<Record<string, unknown>>;

export interface Stack {
  readonly name: string;
  readonly dependencies: readonly string[];
  /** Text of cdk.tf.json. */
  readonly text: string;
  readonly provider: Readonly<Record<string, readonly Json[]>>;
  /** Type → name → arguments. */
  readonly resource: Readonly<Record<string, Readonly<Record<string, Json>>>>;
  readonly terraform: Json;
  /** Type → name → arguments of what is looked up. */
  readonly data: Readonly<Record<string, Readonly<Record<string, Json>>>>;
  readonly output: Readonly<Record<string, Json>>;
}

export interface Plan {
  readonly folder: string;
  readonly stacks: readonly Stack[];
}

const folder = temporaryFolder();
// The constructs stage charts in temporary folders that live as long as the process; a test's process lives on.
const staging = jest.spyOn(jest.requireActual<typeof import('node:os')>('node:os'), 'tmpdir').mockReturnValue(folder);
afterAll(() => staging.mockRestore());

export interface SynthOptions {
  /** Names that are set in the environment of the person who raises the lab. */
  readonly variables?: readonly string[];
}

/** Writes a lab's plan to a folder of its own and reads it back. */
export function synthesise(lab: Lab, { variables = [] }: SynthOptions = {}): Plan {
  const outdir = mkdtempSync(join(folder, 'out-'));
  withoutTraces(() => {
    const app = new App({ outdir });
    addLabStacks(app, lab, { outside: (service) => outsideHosts(lab, service, variables) });
    app.synth();
  });
  return readStacks(outdir);
}

/** Reads a plan that is there already. */
export function readStacks(outdir: string): Plan {
  const { stacks } = JSON.parse(readFileSync(join(outdir, 'manifest.json'), 'utf8')) as {
    stacks: Record<string, { synthesizedStackPath: string; dependencies: string[] }>;
  };
  return {
    folder: outdir,
    stacks: Object.entries(stacks).map(([name, { synthesizedStackPath, dependencies }]) => {
      const text = readFileSync(join(outdir, synthesizedStackPath), 'utf8');
      const {
        provider = {},
        resource = {},
        terraform,
        data = {},
        output = {},
      } = JSON.parse(text) as Pick<Stack, 'provider' | 'resource' | 'terraform' | 'data' | 'output'>;
      return { name, dependencies, text, provider, resource, terraform, data, output };
    }),
  };
}

export interface Resource {
  readonly stack: string;
  /** `TYPE.NAME` */
  readonly address: string;
  readonly type: string;
  readonly values: Json;
}

export function resources({ stacks }: Plan): Resource[] {
  return stacks.flatMap(({ name: stack, resource }) =>
    Object.entries(resource).flatMap(([type, named]) =>
      Object.entries(named).map(([name, values]) => ({ stack, type, address: `${type}.${name}`, values })),
    ),
  );
}

/** Helm values of a release, each document read. */
export function helmValues({ values }: Resource): Json[] {
  return ((values.values ?? []) as string[]).map((text) => parse(unescaped(text)) as Json);
}

/** What Terraform makes of an escaped text. */
export function unescaped(text: string): string {
  return text.replaceAll('$${', '${').replaceAll('%%{', '%{');
}

export interface PlannedObject extends KubeObject {
  readonly stack: string;
}

const objectsOf = new WeakMap<Plan, PlannedObject[]>();

/** All Kubernetes objects of a plan that go through the chart "objects". */
export function kubeObjects(plan: Plan): PlannedObject[] {
  const known = objectsOf.get(plan) ?? readObjects(plan);
  objectsOf.set(plan, known);
  return known;
}

function readObjects(plan: Plan): PlannedObject[] {
  return resources(plan)
    .filter(({ type }) => type === 'helm_release')
    .flatMap((resource) =>
      helmValues(resource).flatMap(({ objects = [] }) =>
        (objects as KubeObject[]).map((object) => ({ ...object, stack: resource.stack })),
      ),
    );
}

export function ofKind(plan: Plan, kind: string): PlannedObject[] {
  return kubeObjects(plan).filter((object) => object.kind === kind);
}

/** All Consul config entries of a plan, with kind and name among their fields. */
export function configEntries(plan: Plan): Json[] {
  return resources(plan)
    .filter(({ type }) => type === 'consul_config_entry')
    .map(({ values }) => ({
      Kind: values.kind,
      Name: values.name,
      ...(JSON.parse(unescaped(String(values.config_json))) as Json),
    }));
}
