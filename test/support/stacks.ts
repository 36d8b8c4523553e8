/** A synthesized plan on disk, with stacks of our choice, and the fake Terraform to drive over it. */
import { existsSync, mkdirSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

/** Type → name → arguments. */
type Resources = Readonly<Record<string, Readonly<Record<string, unknown>>>>;

/** Dependencies and resources of the stacks, by name: `{west: {on: ['network'], resource: {aws_vpc: {a: {}}}}}`. */
export type StackSpecs = Readonly<
  Record<
    string,
    {
      readonly on?: readonly string[];
      readonly resource?: Resources;
      readonly backend?: Readonly<Record<string, unknown>>;
      readonly output?: Readonly<Record<string, unknown>>;
      readonly provider?: Readonly<Record<string, unknown>>;
    }
  >
>;

export interface Checkout {
  readonly folder: string;
  readonly outdir: string;
  /** Writes or replaces the plan. */
  synthesise(specs: StackSpecs): void;
  /** Names of the resources in a stack's state; none without one. */
  state(stack: string): string[];
  stateFile(stack: string): string;
  /** Writes a state as Terraform would after an apply. */
  writeState(stack: string, resource?: Resources, output?: Readonly<Record<string, unknown>>): void;
  /** What the fake Terraforms did: `+STACK VERB` begun, `-` ended, `!` failed, `^` interrupted. */
  calls(): string[];
  forgetCalls(): void;
  /** Says what shall happen in a stack. */
  script(script: Readonly<Record<string, unknown>>): void;
  readonly env: NodeJS.ProcessEnv;
}

export const fakeTerraform = {
  command: join(dirname(require.resolve('./fake-terraform.cjs')), 'fake-terraform'),
  version: '1.11.4',
};

/** An empty checkout below a folder. */
export function makeCheckout(below: string): Checkout {
  const folder = mkdtempSync(join(below, 'checkout-'));
  const outdir = join(folder, 'cdktf.out');
  const callsFile = join(folder, 'calls');
  const scriptFile = join(folder, 'script.json');
  writeFileSync(callsFile, '');
  writeFileSync(scriptFile, '{}');
  const stateFile = (stack: string) => join(folder, `terraform.${stack}.tfstate`);
  return {
    folder,
    outdir,
    stateFile,
    synthesise: (specs) => synthesise(outdir, specs),
    state: (stack) => {
      if (!existsSync(stateFile(stack))) return [];
      const { resources } = JSON.parse(readFileSync(stateFile(stack), 'utf8')) as { resources: { name: string }[] };
      return resources.map(({ name }) => name).sort();
    },
    writeState: (stack, resource = {}, output = {}) => {
      const resources = Object.entries(resource).flatMap(([type, named]) =>
        Object.entries(named).map(([name, attributes]) => ({
          mode: 'managed',
          type,
          name,
          instances: [{ attributes }],
        })),
      );
      writeFileSync(stateFile(stack), JSON.stringify({ version: 4, resources, outputs: output }));
    },
    calls: () => readFileSync(callsFile, 'utf8').split('\n').filter(Boolean),
    forgetCalls: () => writeFileSync(callsFile, ''),
    script: (script) => writeFileSync(scriptFile, JSON.stringify(script)),
    env: {
      ...process.env,
      FAKE_CALLS: callsFile,
      FAKE_SCRIPT: scriptFile,
      TF_PLUGIN_CACHE_DIR: join(folder, 'plugins'),
    },
  };
}

function synthesise(outdir: string, specs: StackSpecs): void {
  const stacks = Object.fromEntries(
    Object.entries(specs).map(([name, { on = [] }]) => [
      name,
      {
        name,
        dependencies: on,
        workingDirectory: `stacks/${name}`,
        synthesizedStackPath: `stacks/${name}/cdk.tf.json`,
      },
    ]),
  );
  mkdirSync(outdir, { recursive: true });
  writeFileSync(join(outdir, 'manifest.json'), JSON.stringify({ version: '0.21.0', stacks }));
  for (const [name, { resource, backend, output, provider }] of Object.entries(specs)) {
    const folder = join(outdir, 'stacks', name);
    mkdirSync(folder, { recursive: true });
    const local = { local: { path: `../../../terraform.${name}.tfstate` } };
    const plan = {
      terraform: { backend: backend ?? local },
      ...(resource && { resource }),
      ...(output && { output }),
      ...(provider && { provider }),
    };
    writeFileSync(join(folder, 'cdk.tf.json'), JSON.stringify(plan));
  }
}
