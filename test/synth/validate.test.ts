/**
 * Every stack passes a real `terraform validate`, without any provider: each resource becomes a `terraform_data` that
 * carries the arguments as its input. It finds faults of expressions, references and provisioners.
 */
import { mkdirSync, mkdtempSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { temporaryFolder } from '../support/folder';
import { labFile, localLab } from '../support/labs';
import { type Json, type Stack, synthesise } from '../support/synth';
import { type Terraform, testWithTerraform } from '../support/terraform';

jest.mock('../../constructs/program', () => jest.requireActual('../support/programs'));

const { stacks } = synthesise(localLab());
const folder = temporaryFolder();

/** What Terraform itself reads of a resource; all else is the provider's. */
const own = ['depends_on', 'lifecycle', 'provisioner', 'count', 'for_each', 'connection'];

type Named = Readonly<Record<string, Readonly<Record<string, Json>>>>;

/** `TYPE.NAME` of everything in a stack, and the resource that stands for it. */
function standIns(of: Named, prefix: '' | 'data.'): (readonly [from: string, to: string, values: Json])[] {
  return Object.entries(of).flatMap(([type, named]) =>
    Object.entries(named).map(
      ([name, values]) =>
        [`${prefix}${type}.${name}`, `${prefix.replace('.', '_')}${type}_${name}`, retyped(type, values)] as const,
    ),
  );
}

function retyped(type: string, { '//': _metadata, ...values }: Json): Json {
  if (type === 'terraform_data') return values;
  const kept = Object.entries(values).filter(([key]) => own.includes(key));
  const input = Object.entries(values).filter(([key]) => !own.includes(key));
  return { ...Object.fromEntries(kept), input: Object.fromEntries(input) };
}

/** A stack as resources that need no provider; what it looks up is a resource, too. */
function offline({ resource, data = {}, output = {} }: Pick<Stack, 'resource'> & Partial<Stack>): Json {
  const all = [...standIns(data, 'data.'), ...standIns(resource, '')];
  // The longest first: one name may begin with another.
  const byLength = all.toSorted(([a], [b]) => b.length - a.length);
  const rewritten = (text: string) =>
    byLength.reduce(
      (sum, [from, to]) =>
        // A resource that is made for each of a list is named as a whole.
        sum.replaceAll(
          new RegExp(`(?<![\\w.])${from.replaceAll('.', '\\.')}(?=[.\\[])`, 'g'),
          () => `terraform_data.${to}.output`,
        ),
      text,
    );
  const addresses = new Map(all.map(([from, to]) => [from, `terraform_data.${to}`]));
  const list = all.map(([, to, values]) => {
    const { depends_on: below, ...rest } = JSON.parse(rewritten(JSON.stringify(values))) as Json;
    const moved = ((below ?? []) as string[]).map((address) => addresses.get(address) ?? address);
    return [to, { ...rest, ...(moved.length > 0 && { depends_on: moved }) }] as const;
  });
  const outputs = JSON.parse(rewritten(JSON.stringify(output))) as Json;
  return {
    ...(list.length > 0 && { resource: { terraform_data: Object.fromEntries(list) } }),
    ...(Object.keys(outputs).length > 0 && { output: outputs }),
  };
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

for (const name of ['local', 'kubeconfig', 'aws']) {
  testWithTerraform(`every stack of labs/${name}.yaml passes terraform validate`, (terraform) => {
    const { stacks: all } = synthesise(labFile(name));
    expect(all.length).toBeGreaterThan(6);
    const verdict = validate(terraform, Object.fromEntries(all.map((stack) => [stack.name, offline(stack)])));
    expect(verdict).toMatchObject({ valid: true, diagnostics: [] });
  });
}

test('what a stack takes from another one is put out there', () => {
  const all = synthesise(labFile('aws')).stacks;
  const taken = all.flatMap(({ name, text }) =>
    [...text.matchAll(/cross-stack-reference-input-([\w-]+)\.outputs\.([\w-]+)/g)].map(
      ([, from = '', output = '']) => ({
        name,
        from,
        output,
      }),
    ),
  );
  expect(taken.length).toBeGreaterThan(10);
  for (const { name, from, output } of taken) {
    expect(Object.keys(all.find((stack) => stack.name === from)?.output ?? {})).toContain(output);
    const below = (of: string): string[] => {
      const lower = all.find((stack) => stack.name === of)?.dependencies ?? [];
      return [...lower, ...lower.flatMap(below)];
    };
    expect(below(name)).toContain(from);
  }
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
