/**
 * Every stack as it is passes `terraform init` and `terraform validate` with the very providers that it names: types and
 * arguments are theirs. Where the providers can't be had, validate.test.ts is what is left.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { labFile } from '../support/labs';
import { pinnedProviders, requiredProviders, runTerraform, testWithProviders } from '../support/providers';
import { type Json, synthesise } from '../support/synth';

jest.mock('../../constructs/program', () => jest.requireActual('../support/programs'));

interface Diagnostic {
  readonly severity: string;
  readonly summary: string;
  readonly detail: string;
  readonly address?: string;
}

/** What Terraform has to say of a stack, warnings too; initialised before. */
function diagnostics(folder: string): Diagnostic[] {
  const { stdout } = runTerraform(folder, 'validate', '-json');
  return (JSON.parse(stdout) as { diagnostics: Diagnostic[] }).diagnostics;
}

function initialise(folder: string): void {
  const { status, stdout, stderr } = runTerraform(folder, 'init', '-input=false');
  if (status !== 0) throw new Error(stdout + stderr);
}

describe.each(['local', 'kubeconfig', 'aws'])('labs/%s.yaml', (name) => {
  const plan = synthesise(labFile(name));
  const folderOf = (stack: string) => join(plan.folder, 'stacks', stack);
  const required = requiredProviders(plan.stacks);

  test('each provider is wanted in the one version that its arguments were generated from', () => {
    expect(required).toEqual(pinnedProviders(...Object.keys(required)));
  });

  testWithProviders(`each stack of ${name} is what its providers understand`, required, () => {
    for (const stack of plan.stacks) {
      initialise(folderOf(stack.name));
      expect([stack.name, diagnostics(folderOf(stack.name))]).toEqual([stack.name, []]);
    }
  });
});

describe('a fault', () => {
  const plan = synthesise(labFile('kubeconfig'));
  const stacks = plan.stacks.filter(({ name }) => name === 'mesh-west');
  const file = join(plan.folder, 'stacks/mesh-west/cdk.tf.json');

  /** Summaries of what is found after one namespace, or one release, was changed. */
  function found(type: string, change: (values: Json) => Json): string[] {
    const text = readFileSync(file, 'utf8');
    try {
      const json = JSON.parse(text) as { resource: Record<string, Record<string, Json>> };
      const [[name = '', values = {}] = []] = Object.entries(json.resource[type] ?? {});
      const resource = { ...json.resource, [type]: { ...json.resource[type], [name]: change(values) } };
      writeFileSync(file, JSON.stringify({ ...json, resource }));
      return diagnostics(join(plan.folder, 'stacks/mesh-west')).map(({ summary }) => summary);
    } finally {
      writeFileSync(file, text);
    }
  }

  testWithProviders('of an argument would be found', requiredProviders(stacks), () => {
    initialise(join(plan.folder, 'stacks/mesh-west'));
    expect(found('helm_release', (values) => values)).toEqual([]);
    expect(found('helm_release', (values) => ({ ...values, wait_for: true }))).toEqual([
      'Extraneous JSON object property',
    ]);
    expect(found('helm_release', (values) => ({ ...values, timeout: 'soon' }))).not.toEqual([]);
    expect(found('helm_release', ({ chart: _, ...values }) => values)).not.toEqual([]);
    expect(found('kubernetes_namespace_v1', (values) => ({ ...values, metadata: { name: 'Not a name' } }))).not.toEqual(
      [],
    );
  });
});
