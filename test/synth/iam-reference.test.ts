/**
 * The IAM policies of the guide against AWS's own reference of actions, what they touch and which conditions count. It
 * shows that a policy means what it says; whether AWS asks for more than its reference tells only an account can show.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { PolicyDocument, Statement } from '../../model/iam/policy';
import { iamReference, type Reference } from '../support/iam-reference';
import { root } from '../support/labs';
import { installPython } from '../support/python';

const installed = installPython('checkov');
if ('missing' in installed) process.stderr.write(`skipped: IAM actions as AWS has them (${installed.missing})\n`);

const folder = join(root, 'docs/guides/aws-iam-policy');
const statements = readdirSync(folder).flatMap((file) => {
  const { Statement: all } = JSON.parse(readFileSync(join(folder, file), 'utf8')) as PolicyDocument;
  return all;
});

/** Actions that are newer than the reference. */
const newer = ['eks:DescribeClusterVersions'];

/** Actions that AWS names as dependent, of ways to use the action that we don't take. */
const notTaken: readonly RegExp[] = [
  // Launch templates that read the image's id from a parameter.
  /^ssm:GetParameters$/,
  // Flow logs with names of ECS.
  /^ecs:/,
  // Quotas of services that the lab has nothing of, or of which preflight checks none.
  /^(autoscaling|cloudformation|dynamodb|iam|kinesis|rds|route53):(DescribeAccountLimits|DescribeAccountAttributes|DescribeLimits|GetAccountSummary|GetAccountLimit)$/,
];

/** Condition keys that the reference leaves out, and AWS's own examples of policies for tagging have. */
const besides: Readonly<Record<string, readonly string[]>> = { 'ec2:CreateTags': ['aws:RequestTag/${TagKey}'] };

/** Condition keys that AWS looks at for every action. */
const global = ['aws:RequestedRegion'];

const keysOf = ({ Condition = {} }: Statement) =>
  Object.values(Condition).flatMap((keys) =>
    Object.keys(keys).map((key) => key.replace(/^(aws:(?:Request|Resource)Tag)\/.*/, '$1/${TagKey}')),
  );

/** Whether a resource of a statement may be of a kind whose ARNs begin so. */
function mayBe(resource: string, prefix: string): boolean {
  if (resource === '*') return true;
  const literal = resource.split(':').slice(5).join(':').split('*')[0] ?? '';
  return literal.startsWith(prefix) || prefix.startsWith(literal);
}

/** What of a policy AWS would not take as it is meant; one line each. */
function misunderstood(all: readonly Statement[], reference: Reference): string[] {
  return all.flatMap((statement) =>
    statement.Action.flatMap((action) => {
      const known = reference(action);
      if (known === undefined) return newer.includes(action) ? [] : [`${statement.Sid}: AWS has no ${action}`];
      const { touched, keys, changes } = known;
      const asked = keysOf(statement).filter((key) => ![...global, ...(besides[action] ?? [])].includes(key));
      const matching = touched.filter(({ prefix }) => statement.Resource.some((one) => mayBe(one, prefix)));
      const faults: string[] = [];
      if (touched.length > 0 && matching.length === 0) faults.push('touches none of its resources');
      if (touched.length === 0 && !statement.Resource.includes('*')) faults.push('knows no resources');
      const counted = matching.length === 0 ? keys : matching.flatMap((one) => one.keys);
      for (const key of asked) if (!counted.includes(key)) faults.push(`does not look at ${key}`);
      const open = statement.Resource.includes('*') && asked.length === 0;
      if (changes && open && touched.length > 0) faults.push('changes anything in the account, and could be limited');
      return faults.map((fault) => `${statement.Sid}: ${action} ${fault}`);
    }),
  );
}

/** Things that an action needs and no statement lets it touch. */
function untouchable(all: readonly Statement[], reference: Reference): string[] {
  const actions = [...new Set(all.flatMap(({ Action }) => Action))];
  return actions.flatMap((action) => {
    const needed = reference(action)?.touched.filter(({ required }) => required) ?? [];
    const own = all.filter(({ Action }) => Action.includes(action));
    // Where several are said to be needed and all begin alike, such as the kinds of a listener, one is.
    const allowed = needed.map(({ type, prefix, keys }) => {
      const may = own.some(
        (statement) =>
          statement.Resource.some((one) => mayBe(one, prefix)) &&
          keysOf(statement).every((key) => global.includes(key) || keys.includes(key)),
      );
      return { kind: prefix.split('/')[0], type, may };
    });
    return allowed
      .filter(({ kind, may }) => !may && !allowed.some((other) => other.kind === kind && other.may))
      .map(({ type }) => `${action} on ${type}`);
  });
}

('missing' in installed ? describe.skip : describe)('IAM actions as AWS has them', () => {
  const reference: Reference = 'python' in installed ? iamReference(installed.python) : () => undefined;

  test('every statement means what it says, and no action that changes something is without a limit', () => {
    expect(misunderstood(statements, reference)).toEqual([]);
  });

  test('whatever an action needs to touch is allowed', () => {
    expect(untouchable(statements, reference)).toEqual([]);
  });

  test('what AWS asks for besides is allowed', () => {
    const actions = new Set(statements.flatMap(({ Action }) => Action));
    const dependent = [...actions].flatMap((action) => reference(action)?.dependent ?? []);
    const missing = dependent.filter((action) => !actions.has(action) && !notTaken.some((one) => one.test(action)));
    expect([...new Set(missing)]).toEqual([]);
  });

  test('an exception that is none any more is told', () => {
    expect(newer.filter((action) => reference(action) !== undefined)).toEqual([]);
  });

  test.each<[string, Partial<Statement>, string]>([
    ['an action that is none', { Action: ['ec2:CreateVPC'] }, 'AWS has no ec2:CreateVPC'],
    [
      'a condition that does not count',
      { Action: ['ec2:CreateInternetGateway'] },
      'ec2:CreateInternetGateway does not look at aws:ResourceTag',
    ],
    [
      'a resource of another kind',
      { Action: ['ec2:DeleteVpc'], Resource: ['arn:aws:ec2:r:1:subnet/*'] },
      'touches none',
    ],
    ['everything', { Action: ['iam:CreateRole'], Condition: {} }, 'iam:CreateRole changes anything in the account'],
  ])('%s is found', (_what, change, message) => {
    const statement: Statement = {
      Sid: 'Wrong',
      Effect: 'Allow',
      Action: [],
      Resource: ['*'],
      Condition: { StringEquals: { 'aws:ResourceTag/a': 'b' } },
      ...change,
    };
    expect(misunderstood([statement], reference).join('\n')).toContain(message);
  });

  test('a thing that may not be touched is found', () => {
    const wrong = statements.filter(({ Sid }) => Sid !== 'UseNetwork' && Sid !== 'NetworksThatWereThere');
    expect(untouchable(wrong, reference)).toContain('ec2:CreateSubnet on vpc');
  });
});
