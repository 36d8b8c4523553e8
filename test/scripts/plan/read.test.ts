import { join } from 'node:path';
import { FailureError } from '../../../scripts/errors';
import { readPlan } from '../../../scripts/plan/read';
import { temporaryFolder } from '../../support/folder';
import { type StackText, writePlan } from '../../support/plans';

const folder = temporaryFolder();
const read = (stacks: Readonly<Record<string, StackText>>) => readPlan(writePlan(folder, stacks));
const one = (values: Readonly<Record<string, unknown>>, type = 'terraform_data') =>
  read({ s: { resource: { [type]: { a: values } } } });

test('a resource has its address, folder, values and providers, without what is only for cdktf', () => {
  const outdir = writePlan(folder, {
    'mesh-west': {
      provider: { helm: [{ kubernetes: { config_path: '/a' } }], kubernetes: [{ config_path: '/b' }] },
      resource: {
        helm_release: {
          web: { '//': { metadata: {} }, depends_on: ['kubernetes_namespace_v1.ns'], name: 'web', values: ['x: 1'] },
        },
        kubernetes_namespace_v1: { ns: { metadata: { name: 'web' } } },
      },
    },
  });
  const common = {
    stack: 'mesh-west',
    folder: join(outdir, 'stacks/mesh-west'),
    providers: { helm: { kubernetes: { config_path: '/a' } }, kubernetes: { config_path: '/b' } },
  };
  expect(readPlan(outdir)).toEqual([
    {
      ...common,
      id: 'mesh-west/helm_release.web',
      type: 'helm_release',
      values: { name: 'web', values: ['x: 1'] },
      dependsOn: ['mesh-west/kubernetes_namespace_v1.ns'],
    },
    {
      ...common,
      id: 'mesh-west/kubernetes_namespace_v1.ns',
      type: 'kubernetes_namespace_v1',
      values: { metadata: { name: 'web' } },
      dependsOn: [],
    },
  ]);
});

test('a resource depends on all resources of all stacks below', () => {
  const plan = read({
    top: { dependencies: ['middle'], resource: { terraform_data: { t: {} } } },
    bottom: { resource: { terraform_data: { b1: {}, b2: {} } } },
    middle: {
      dependencies: ['bottom'],
      resource: { terraform_data: { m: {}, n: { depends_on: ['terraform_data.m'] } } },
    },
  });
  const below = Object.fromEntries(plan.map(({ id, dependsOn }) => [id, dependsOn]));
  const bottom = ['bottom/terraform_data.b1', 'bottom/terraform_data.b2'];
  expect(below).toEqual({
    'bottom/terraform_data.b1': [],
    'bottom/terraform_data.b2': [],
    'middle/terraform_data.m': bottom,
    'middle/terraform_data.n': ['middle/terraform_data.m', ...bottom],
    'top/terraform_data.t': ['middle/terraform_data.m', 'middle/terraform_data.n', ...bottom],
  });
});

test('an empty stack between two others does not hide the lower one', () => {
  const plan = read({
    bottom: { resource: { terraform_data: { b: {} } } },
    middle: { dependencies: ['bottom'] },
    top: { dependencies: ['middle', 'bottom'], resource: { terraform_data: { t: {} } } },
  });
  expect(plan.map(({ dependsOn }) => dependsOn)).toEqual([[], ['bottom/terraform_data.b']]);
});

test('a stack without resources or providers is fine', () => {
  expect(read({ s: {} })).toEqual([]);
  expect(read({ s: { provider: { consul: [] }, resource: { terraform_data: { a: {} } } } })[0]?.providers).toEqual({
    consul: {},
  });
});

test.each(['aws_vpc', 'kubernetes_secret_v1', 'consul_peering', 'toString'])('type %s is refused by name', (type) => {
  expect(() => one({}, type)).toThrow(FailureError);
  expect(() => one({}, type)).toThrow(
    `s/${type}.a: the lab machine can not apply a resource of type ${type}. Allowed: helm_release, kubernetes_namespace_v1, consul_config_entry, terraform_data. Use one of these, or another platform.`,
  );
});

describe('text', () => {
  test.each([
    ['plain', 'plain'],
    ['$${a}', '${a}'],
    ['%%{a}', '%{a}'],
    ['$$${a}', '$${a}'],
    ['$$${{ x }}', '$${{ x }}'],
    ['%$${{', '%${{'],
    ['$%%{{', '$%{{'],
    ['$a %b {c}', '$a %b {c}'],
  ])('%s is read as %s', (written, text) => {
    expect(one({ x: written, deep: [{ y: written }] })[0]?.values).toEqual({ x: text, deep: [{ y: text }] });
  });

  test.each(['${var.x}', 'a ${b} c', '%{ if x }', '$$${a} ${b}', '$$$${a}${b}', '$${a}%{b}'])(
    'the expression in %s is refused, with the address',
    (text) => {
      for (const values of [{ x: text }, { x: [text] }, { x: { y: text } }]) {
        expect(() => one(values)).toThrow(FailureError);
        expect(() => one(values)).toThrow(`s/terraform_data.a: holds a Terraform expression (${text})`);
      }
    },
  );

  test('an expression of a provider is refused, too', () => {
    const stack = { provider: { helm: [{ token: '${var.x}' }] }, resource: {} };
    expect(() => read({ s: stack })).toThrow('s/provider.helm: holds a Terraform expression');
  });

  test('what is no text stays what it is', () => {
    const values = { n: 1, t: true, f: false, nothing: null, list: [], map: {} };
    expect(one(values)[0]?.values).toEqual(values);
  });
});
