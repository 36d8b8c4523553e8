/** Text that is data stays what it is, on its way through cdktf and through whoever reads the plan. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import * as fc from 'fast-check';
import { parse } from 'yaml';
import { literal } from '../../constructs/helm/text';
import type { KubeObject } from '../../model/kube';
import { readPlan } from '../../scripts/plan/read';
import { temporaryFolder } from '../support/folder';
import { labOf, smallFile, trickyText } from '../support/labs';
import { synthesise, unescaped } from '../support/synth';
import { testWithTerraform } from '../support/terraform';

jest.mock('../../constructs/program', () => jest.requireActual('../support/programs'));

const texts = fc.oneof(fc.string({ unit: fc.constantFrom('$', '%', '{', '}', 'a', '"') }), trickyText);

test.each([
  ['plain', 'plain'],
  ['${a}', '$${a}'],
  ['%{if}', '%%{if}'],
  ['$${a}', '$$${a}'],
  ['$%{a}', '$%%{a}'],
  ['$ {a} $a %a', '$ {a} $a %a'],
])('%s is written %s', (text, written) => {
  expect(literal(text)).toBe(written);
});

test('undone, it is the same text', () => {
  fc.assert(
    fc.property(texts, (text) => expect(unescaped(literal(text))).toBe(text)),
    { numRuns: 1000 },
  );
});

test('a mark of cdktf is refused, because it would become something else', () => {
  for (const mark of ['$', '#', '&']) {
    expect(() => literal(`a ${mark}{TfToken[TOKEN.0]}`)).toThrow('text must not hold a mark of cdktf');
  }
});

const folder = temporaryFolder();

testWithTerraform('Terraform reads it as it was', (terraform) => {
  const list = fc.sample(texts, { numRuns: 200, seed: 1 });
  const output = Object.fromEntries(list.map((text, index) => [`t${index}`, { value: literal(text) }]));
  writeFileSync(join(folder, 'main.tf.json'), JSON.stringify({ output }));
  expect(terraform(folder, 'apply', '-auto-approve').status).toBe(0);
  const found = JSON.parse(terraform(folder, 'output', '-json').stdout) as Record<string, { value: string }>;
  // It composes characters, as Unicode allows (NFC).
  expect(list.map((_, index) => found[`t${index}`]?.value)).toEqual(list.map((text) => text.normalize('NFC')));
});

describe('environment values', () => {
  const env = fc.sample(texts, { numRuns: 150, seed: 2 });
  const values = Object.fromEntries(env.map((text, index) => [`T${index}`, text]));
  const own = { port: 8080, program: 'a.js', env: values };
  const plan = synthesise(labOf({ services: { ...smallFile.services, 'west/backend': own, 'east/info': own } }));
  const read = readPlan(plan.folder);

  test('come out of the plan of a pod as they went in, for a reader of YAML 1.1 and 1.2', () => {
    const release = read.find(({ values: { name, namespace } }) => name === 'backend' && namespace === 'backend');
    const [text = ''] = (release?.values.values ?? []) as string[];
    for (const version of ['1.1', '1.2'] as const) {
      const { objects } = parse(text, { version }) as { objects: KubeObject[] };
      const found = JSON.stringify(objects.find(({ kind }) => kind === 'Deployment'));
      for (const [name, value] of Object.entries(values)) expect(found).toContain(JSON.stringify({ name, value }));
    }
  });

  test('come out of the plan of a host as they went in', () => {
    const host = read.find(({ id }) => id.includes('info_Host') && !id.includes('Life'));
    const { spec = '' } = (host?.values.triggers_replace ?? {}) as { spec?: string };
    expect(JSON.parse(spec)).toMatchObject({ program: { env: values } });
  });
});
