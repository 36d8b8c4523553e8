/**
 * Every stack passes a real `terraform validate`, without any provider: each resource becomes a `terraform_data` that
 * carries the arguments as its input. It finds faults of expressions, references and provisioners.
 */
import { mkdirSync, mkdtempSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { temporaryFolder } from '../support/folder';
import { localLab } from '../support/labs';
import { type Json, type Stack, synthesise } from '../support/synth';
import { type Terraform, testWithTerraform } from '../support/terraform';

jest.mock('../../constructs/programs', () => jest.requireActual('../support/programs'));

const { stacks } = synthesise(localLab());
const folder = temporaryFolder();

/** What Terraform itself reads of a resource; all else is the provider's. */
const own = ['depends_on', 'lifecycle', 'provisioner', 'count', 'for_each', 'connection'];

/** A stack as resources that need no provider. */
function offline({ resource }: Pick<Stack, 'resource'>): Json {
  const references = Object.entries(resource).flatMap(([type, named]) =>
    Object.keys(named).map((name) => [`${type}.${name}`, `terraform_data.${type}_${name}`] as const),
  );
  const rewritten = (text: string) =>
    references.reduce((sum, [from, to]) => sum.replaceAll(`${from}.`, () => `${to}.output.`), text);
  const retyped = (type: string, { '//': _metadata, ...values }: Json): Json => {
    if (type === 'terraform_data') return values;
    const kept = Object.entries(values).filter(([key]) => own.includes(key));
    const input = Object.entries(values).filter(([key]) => !own.includes(key));
    return { ...Object.fromEntries(kept), input: Object.fromEntries(input) };
  };
  const list = Object.entries(resource).flatMap(([type, named]) =>
    Object.entries(named).map(([name, values]) => [`${type}_${name}`, retyped(type, values)] as const),
  );
  const addresses = new Map<string, string>(references);
  const json = JSON.parse(rewritten(JSON.stringify(Object.fromEntries(list)))) as Record<string, Json>;
  const moved = Object.entries(json).map(([name, { depends_on: below, ...values }]) => {
    const list = ((below ?? []) as string[]).map((address) => addresses.get(address) ?? address);
    return [name, { ...values, ...(list.length > 0 && { depends_on: list }) }];
  });
  return moved.length === 0 ? {} : { resource: { terraform_data: Object.fromEntries(moved) } };
}

interface Verdict {
  readonly valid: boolean;
  readonly diagnostics: readonly { readonly summary: string; readonly detail: string }[];
}

/** Validates stacks as modules of one configuration: one start of Terraform for all. */
function validate(terraform: Terraform, modules: Readonly<Record<string, Json>>): Verdict {
  const at = mkdtempSync(join(folder, 'tf-'));
  for (const [name, json] of Object.entries(modules)) {
    mkdirSync(join(at, name));
    writeFileSync(join(at, name, 'main.tf.json'), JSON.stringify(json));
  }
  const root = { module: Object.fromEntries(Object.keys(modules).map((name) => [name, { source: `./${name}` }])) };
  writeFileSync(join(at, 'main.tf.json'), JSON.stringify(root));
  const init = terraform(at, 'init', '-backend=false', '-input=false');
  if (init.status !== 0) throw new Error(init.stdout + init.stderr);
  return JSON.parse(terraform(at, 'validate', '-json').stdout) as Verdict;
}

/** One module, with one resource changed. */
function changed(change: (values: Json) => Json): Readonly<Record<string, Json>> {
  const stack = stacks.find(({ name }) => name === 'weather-west');
  const [name = '', values = {}] = Object.entries(stack?.resource.helm_release ?? {})[0] ?? [];
  return { one: offline({ resource: { helm_release: { [name]: change(values) } } }) };
}

testWithTerraform('every stack of the default lab passes terraform validate', (terraform) => {
  expect(stacks).toHaveLength(7);
  const verdict = validate(terraform, Object.fromEntries(stacks.map((stack) => [stack.name, offline(stack)])));
  expect(verdict).toMatchObject({ valid: true, diagnostics: [] });
});

testWithTerraform('a reference from one resource to another is followed', (terraform) => {
  const two = (name: string) => ({ one: offline({ resource: { helm_release: { a: { name: 'x' }, b: { name } } } }) });
  expect(validate(terraform, two('${helm_release.a.name}')).valid).toBe(true);
  expect(validate(terraform, two('${helm_release.c.name}')).valid).toBe(false);
});

testWithTerraform('a fault would be found', (terraform) => {
  const found = (change: (values: Json) => Json) =>
    validate(terraform, changed(change)).diagnostics.map(({ summary }) => summary);
  expect(found((values) => values)).toEqual([]);
  expect(found((values) => ({ ...values, name: '${helm_release.nothing.id}' }))).toEqual([
    'Reference to undeclared resource',
  ]);
  expect(found((values) => ({ ...values, name: '${1 +}' }))).toEqual(['Invalid expression']);
  expect(found((values) => ({ ...values, name: '%{ if }' }))).not.toEqual([]);
  expect(found((values) => ({ ...values, depends_on: ['helm_release.nothing'] }))).toEqual([
    'Reference to undeclared resource',
  ]);
});
