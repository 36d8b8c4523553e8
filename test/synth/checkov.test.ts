/**
 * What checkov has to say of the plans: everything is mended, or accepted with a reason. It sees Terraform's arguments,
 * stack by stack: neither what charts make in a cluster nor what another stack holds. Who reaches whom is proved apart.
 */
import { awsLabs } from '../support/aws-labs';
import { type Failure, type Findings, runCheckov, type StackText, unexplained } from '../support/checkov';
import { temporaryFolder } from '../support/folder';
import { labFile } from '../support/labs';
import { installPython } from '../support/python';
import { synthesise } from '../support/synth';
import { accepted } from './checkov-accepted';

jest.mock('../../constructs/program', () => jest.requireActual('../support/programs'));

const folder = temporaryFolder();
const installed = installPython('checkov');
if ('missing' in installed) process.stderr.write(`skipped: checkov on the plans (${installed.missing})\n`);

type Values = Record<string, unknown>;

/** A mistake in a stack of the lab on AWS, and the rule that it breaks. */
interface Mistake {
  readonly stack: string;
  readonly type: string;
  /** First part of the resource's name. It is made where there is none. */
  readonly name: string;
  readonly values: Values;
  readonly check: string;
}

const world = '0.0.0.0/0';
const rule = { stack: 'cluster-west', type: 'aws_vpc_security_group_ingress_rule' };
const cluster = { stack: 'cluster-west', type: 'aws_eks_cluster', name: 'Cluster_ControlPlane' };

const mistakes: Readonly<Record<string, Mistake>> = {
  'SSH open to the world': {
    ...rule,
    name: 'Border_From',
    values: { cidr_ipv4: world, from_port: 22, to_port: 22 },
    check: 'CKV_AWS_24',
  },
  'page open to the world': { ...rule, name: 'Page_From', values: { cidr_ipv4: world }, check: 'CKV_AWS_260' },
  'all ports open to the world': {
    ...rule,
    name: 'Page_From',
    values: { cidr_ipv4: world, ip_protocol: '-1', from_port: -1, to_port: -1 },
    check: 'CKV_AWS_277',
  },
  'unencrypted volume': {
    stack: 'cluster-west',
    type: 'aws_ebs_volume',
    name: 'Forgotten',
    values: { availability_zone: 'eu-north-1a', size: 10, encrypted: false },
    check: 'CKV_AWS_3',
  },
  'Kubernetes API open to the world': {
    ...cluster,
    values: { vpc_config: { endpoint_public_access: true, public_access_cidrs: [world] } },
    check: 'CKV_AWS_38',
  },
  'secrets in plain text': { ...cluster, values: { encryption_config: undefined }, check: 'CKV_AWS_58' },
  'node credentials for every pod': {
    stack: 'cluster-west',
    type: 'aws_launch_template',
    name: 'Cluster_Nodes',
    values: { metadata_options: { http_endpoint: 'enabled', http_tokens: 'optional' } },
    check: 'CKV_AWS_79',
  },
  'key that is never rotated': {
    stack: 'cluster-west',
    type: 'aws_kms_key',
    name: 'Cluster_ControlPlane_Key',
    values: { enable_key_rotation: false },
    check: 'CKV_AWS_7',
  },
  'log without a key': {
    stack: 'cluster-west',
    type: 'aws_cloudwatch_log_group',
    name: 'Cluster_ControlPlane',
    values: { kms_key_id: undefined },
    check: 'CKV_AWS_158',
  },
};

/** The lab's stack with a mistake in it. */
function mistaken(stacks: readonly StackText[], { stack, type, name, values }: Mistake): StackText[] {
  const text = stacks.find((one) => one.name === stack)?.text ?? '';
  const plan = JSON.parse(text) as { resource: Record<string, Record<string, Values>> };
  const known = Object.keys(plan.resource[type] ?? {}).find((key) => key.startsWith(name)) ?? name;
  plan.resource[type] = { ...plan.resource[type], [known]: { ...plan.resource[type]?.[known], ...values } };
  return [{ name: stack, text: JSON.stringify(plan, undefined, 2) }];
}

/** One run over everything, since starting checkov is what takes time. */
function look(python: string): Findings {
  const plans = Object.entries(awsLabs).map(([name, lab]) => [name, synthesise(lab()).stacks] as const);
  const good = Object.fromEntries(plans);
  const bad = Object.entries(mistakes).map(([name, mistake]) => [name, mistaken(good.aws ?? [], mistake)] as const);
  const kubeconfig = synthesise(labFile('kubeconfig')).stacks;
  return runCheckov(python, { ...good, kubeconfig, ...Object.fromEntries(bad) }, folder);
}

('missing' in installed ? describe.skip : describe)('checkov', () => {
  let found: Findings = { failures: [], passed: 0 };
  const planOf = ({ resource }: Failure) => resource.slice(0, resource.indexOf('/'));
  const ofPlans = () => found.failures.filter((failure) => mistakes[planOf(failure)] === undefined);

  beforeAll(() => {
    if ('python' in installed) found = look(installed.python);
  }, 120_000);

  test('has looked at the plans', () => {
    expect(found.passed).toBeGreaterThan(800);
  });

  test('finds nothing that is not accepted with a reason, and nothing is accepted that it does not find', () => {
    expect(unexplained(ofPlans(), accepted)).toEqual([]);
  });

  test.each(Object.entries(mistakes))('finds %s', (name, { check, type }) => {
    const own = found.failures.filter((failure) => planOf(failure) === name);
    const place = new RegExp(`^${check} ${name}/cluster-west/${type}\\.[\\w-]+: `);
    expect(unexplained(own, [])).toContainEqual(expect.stringMatching(place));
  });
});

describe('what is not explained', () => {
  const failure: Failure = {
    check: 'CKV_X_1',
    title: 'Ensure that all is well',
    resource: 'aws/cluster-west/aws_lb.Page_1',
    guideline: 'https://example.org/rule',
  };

  test.each([
    ['the very resource', 'aws/cluster-west/aws_lb.Page_1', true],
    ['any of a kind', 'aws/cluster-*/aws_lb.*', true],
    ['another plan', 'guarded/cluster-*/aws_lb.*', false],
    ['a star for a whole path', 'aws/*', false],
    ['a dot that is none', 'aws/cluster-west/awsXlb.Page_1', false],
  ])('%s', (_what, resource, covered) => {
    const lines = unexplained([failure], [{ check: 'CKV_X_1', resources: [resource], reason: 'so' }]);
    expect(lines).toHaveLength(covered ? 0 : 2);
  });

  test('names rule, resource and guideline, and what is out of date', () => {
    const old = { check: 'CKV_X_2', resources: ['aws/cluster-west/aws_lb.Page_1'], reason: 'so' };
    expect(unexplained([failure], [old])).toEqual([
      'CKV_X_1 aws/cluster-west/aws_lb.Page_1: Ensure that all is well (https://example.org/rule); mend it, or accept it with a reason in test/synth/checkov-accepted.ts',
      'CKV_X_2 aws/cluster-west/aws_lb.Page_1: accepted, but nothing fails there; remove it from test/synth/checkov-accepted.ts',
    ]);
  });
});
