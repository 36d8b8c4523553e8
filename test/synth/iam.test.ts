/**
 * The IAM policies of docs/guides/aws-iam-policy are what the plans take, and nothing more. Nothing here asks AWS. After
 * a change: `UPDATE_GOLDEN=1 npx jest test/synth/iam`.
 */
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { iamPolicies, longestPolicy, neededActions, type PolicyDocument } from '../../model/iam/policy';
import { typeActions } from '../../model/iam/types';
import type { Lab } from '../../model/lab';
import { labTag } from '../../model/names';
import { awsLabs } from '../support/aws-labs';
import { root } from '../support/labs';
import { type Plan, synthesise } from '../support/synth';

jest.mock('../../constructs/program', () => jest.requireActual('../support/programs'));

const folder = join(root, 'docs/guides/aws-iam-policy');
const labs = Object.fromEntries(Object.entries(awsLabs).map(([name, lab]) => [name, lab()]));
const plans = Object.fromEntries(Object.entries(labs).map(([name, lab]) => [name, synthesise(lab)]));

function labOfName(name: string): Lab {
  const lab = labs[name];
  if (lab === undefined) throw new Error(`no lab ${name}`);
  return lab;
}

function typesOf({ stacks }: Plan): string[] {
  return [
    ...new Set(
      stacks.flatMap(({ resource, data }) => [
        ...Object.keys(resource),
        ...Object.keys(data).map((type) => `data.${type}`),
      ]),
    ),
  ].toSorted();
}

/** Policies of AWS that a plan's roles get, by name. */
function managedPolicies({ stacks }: Plan): string[] {
  const found = stacks.flatMap(({ text }) => [...text.matchAll(/:iam::aws:policy\/([\w/-]+)/g)]);
  return [...new Set(found.map(([, name = '']) => name))].toSorted();
}

const every = Object.values(plans);
const types = [...new Set(every.flatMap(typesOf))];
const place = (name: string) => ({
  lab: labOfName(name),
  account: '111122223333',
  managedPolicies: [...new Set(every.flatMap(managedPolicies))].toSorted(),
});

/** What the guide shows: the lab file as it comes, with every choice that it leaves; and a bucket for the state. */
const { state } = iamPolicies(types, place('guarded'));
const shown: Readonly<Record<string, PolicyDocument>> = {
  ...iamPolicies(types, place('aws')),
  ...(state === undefined ? {} : { state }),
};
const policies = Object.entries(shown);

describe('the policies of the guide', () => {
  test('are those that the plans take', () => {
    if (process.env.UPDATE_GOLDEN !== undefined) {
      mkdirSync(folder, { recursive: true });
      for (const [name, policy] of policies) {
        writeFileSync(join(folder, `${name}.json`), `${JSON.stringify(policy, undefined, 2)}\n`);
      }
    }
    const files = readdirSync(folder).filter((file) => file.endsWith('.json'));
    const found = files.map((file) => [
      file.replace('.json', ''),
      JSON.parse(readFileSync(join(folder, file), 'utf8')),
    ]);
    expect(Object.fromEntries(found)).toEqual(shown);
  });

  test.each(policies)('%s has the shape and size that AWS takes', (_name, policy) => {
    expect(JSON.stringify(policy).replaceAll(/\s/g, '').length).toBeLessThanOrEqual(longestPolicy);
    expect(policy.Version).toBe('2012-10-17');
    const ids = policy.Statement.map(({ Sid }) => Sid);
    expect(new Set(ids).size).toBe(ids.length);
    for (const { Sid, Effect, Action, Resource } of policy.Statement) {
      expect(Sid).toMatch(/^[A-Za-z0-9]+$/);
      expect(Effect).toBe('Allow');
      expect(Action.length).toBeGreaterThan(0);
      for (const action of Action) expect(action).toMatch(/^[a-z0-9]+:[A-Z]\w+$/);
      for (const resource of Resource) expect(resource).toMatch(/^(\*|arn:aws:[a-z0-9]+:[a-z0-9-]*:(\d{12})?:.+)$/);
    }
  });

  test('leave no needed action out', () => {
    const allowed = new Set(policies.flatMap(([, { Statement }]) => Statement.flatMap(({ Action }) => Action)));
    expect(neededActions(types).filter((action) => !allowed.has(action))).toEqual([]);
  });

  test('pass roles of the lab only, to the services that the plans name', () => {
    const pass = policies.flatMap(([, { Statement }]) =>
      Statement.filter(({ Action }) => Action.includes('iam:PassRole')),
    );
    expect(pass).toHaveLength(1);
    expect(pass[0]?.Resource).toEqual([
      'arn:aws:iam::111122223333:role/weather-west-*',
      'arn:aws:iam::111122223333:role/weather-east-*',
    ]);
    const trusted = every.flatMap(({ stacks }) =>
      stacks.flatMap(({ resource }) =>
        Object.values(resource.aws_iam_role ?? {}).flatMap(({ assume_role_policy }) =>
          [...String(assume_role_policy).matchAll(/"Service":"([\w.-]+)"/g)].map(([, service = '']) => service),
        ),
      ),
    );
    expect(pass[0]?.Condition?.StringEquals?.['iam:PassedToService']).toEqual([...new Set(trusted)].toSorted());
  });
});

describe('the table of types', () => {
  test.each(Object.entries(plans))('knows every type of the plan of %s', (name, plan) => {
    expect(() => iamPolicies(typesOf(plan), place(name))).not.toThrow();
  });

  test('has no type that no plan has', () => {
    expect(Object.keys(typeActions).filter((type) => !types.includes(type))).toEqual([]);
  });

  test('says which type it does not know', () => {
    const message =
      'it is not known which IAM actions aws_db_instance, data.aws_ami takes: add it to model/iam/types.ts';
    expect(() => iamPolicies(['aws_vpc', 'aws_db_instance', 'data.aws_ami', 'helm_release'], place('aws'))).toThrow(
      message,
    );
  });
});

test('a plan without flow logs takes no role for them, and one without an endpoint no zone', () => {
  const plain = neededActions(['aws_vpc']);
  expect(plain).not.toContain('iam:PassRole');
  expect(neededActions(['aws_flow_log'])).toContain('iam:PassRole');
  expect(plain).not.toContain('route53:AssociateVPCWithHostedZone');
});

test('the longest names leave room', () => {
  const lab = labOfName('guarded');
  const meshes = lab.meshes.map((mesh, index) => ({ ...mesh, name: `${index}`.repeat(11) }));
  const long = iamPolicies(types, { ...place('guarded'), lab: { ...lab, name: 'l'.repeat(17), meshes } });
  const sizes = Object.entries(long).map(([name, policy]) => [name, JSON.stringify(policy).length] as const);
  expect(sizes.filter(([, size]) => size > longestPolicy)).toEqual([]);
});

test('networks that were there before are named, and no other is', () => {
  const { network } = iamPolicies(types, place('existing'));
  const own = network?.Statement.find(({ Sid }) => Sid === 'NetworksThatWereThere')?.Resource ?? [];
  expect(own).toContain(`arn:aws:ec2:${labOfName('existing').aws?.region}:111122223333:vpc/vpc-0123456789abcda01`);
  expect(own).toHaveLength(12);
  expect(shown.network?.Statement.map(({ Sid }) => Sid)).not.toContain('NetworksThatWereThere');
});

test('other partitions have their own names', () => {
  const lab = labOfName('aws');
  const china = { ...lab, ...(lab.aws && { aws: { ...lab.aws, region: 'cn-north-1' } }) };
  const texts = JSON.stringify(iamPolicies(types, { ...place('aws'), lab: china }));
  expect(texts).not.toContain('arn:aws:');
  expect(texts).toContain(`"aws:ResourceTag/${labTag}":"weather"`);
});
