/** `up` on AWS over a fake Terraform: what comes before the first resource, and going on after a failure. */
import { PassThrough } from 'node:stream';
import { asker, askOn } from '../../../scripts/aws/ask';
import { formatUp, subjectOf, type UpOnAwsOptions, type UpSteps, upOnAws } from '../../../scripts/aws/up';
import { FailureError, StoppedError, UsageError } from '../../../scripts/errors';
import { until } from '../../../scripts/machine/until';
import { silentProgress } from '../../../scripts/progress';
import { temporaryFolder } from '../../support/folder';
import { type Checkout, fakeTerraform, makeCheckout } from '../../support/stacks';
import { awsLab, identity, page, upPlan } from './aws-plan';

// A Node.js for each Terraform, on a machine that others use too.
jest.setTimeout(120_000);

const below = temporaryFolder();
const lab = awsLab();
const plan = upPlan();
let checkout: Checkout;
let said: string[];
let did: string[];
beforeEach(() => {
  checkout = makeCheckout(below);
  said = [];
  did = [];
});

/** Steps that note that they were done. */
function steps(more: Partial<UpSteps> = {}): UpSteps {
  const did_ = <T>(what: string, value: T) => {
    did.push(what);
    return value;
  };
  return {
    checkout: checkout.folder,
    env: checkout.env,
    asker: () => async (question) => did_(question, true),
    terraform: async () => fakeTerraform,
    tools: async () => {},
    preflight: async () => did_('preflight', { identity, unchecked: [] }),
    synthesise: async () => {
      checkout.synthesise(plan);
      return did_('synth', checkout.outdir);
    },
    cost: async () => did_('cost', '$1 an hour'),
    exposure: async () => did_('exposure', 'page 80'),
    secrets: async (_lab, mesh) => did_(`secrets of ${mesh}`, undefined),
    get: async (address) => did_(`get ${address}`, 200),
    ...more,
  };
}

const options = (more: Partial<UpOnAwsOptions> = {}): UpOnAwsOptions => ({
  config: 'labs/aws.yaml',
  progress: silentProgress,
  signal: new AbortController().signal,
  yes: false,
  say: (text) => said.push(text),
  ...more,
});
const up = (more: Partial<UpSteps> = {}) => upOnAws(lab, options(), steps(more));
const everything = () => Object.keys(plan).filter((name) => checkout.state(name).length === 0);

test('preflight, plan, cost, exposure and the question come first, in this order; then all is made, and the page waited for', async () => {
  const result = await up();
  expect(did.slice(0, 5)).toEqual(['preflight', 'synth', 'cost', 'exposure', 'Create this?']);
  expect(did.slice(5).sort()).toEqual([`get ${page}`, 'secrets of east', 'secrets of west']);
  expect(everything()).toEqual([]);
  expect(said.join('\n')).toMatch(
    /What it costs:\n\$1 an hour\n[\s\S]*What is open to whom:\npage 80\n[\s\S]*account 111122223333, as arn:aws:iam/,
  );
  expect([result.page, result.inside, result.stale]).toEqual([page, false, []]);
  expect(formatUp(lab, result, './isthmus')).toBe(
    `The page: ${page}\nWhat now: ./isthmus call · ./isthmus status · ./isthmus down`,
  );
});

test.each<[string, Partial<UpSteps>, string[]]>([
  ['preflight finds a problem', { preflight: async () => Promise.reject(new UsageError('2 problems')) }, []],
  [
    'the plan can not be written',
    { synthesise: async () => Promise.reject(new FailureError('no plan')) },
    ['preflight'],
  ],
  ['the cost is not known', { cost: async () => Promise.reject(new FailureError('no price')) }, ['preflight', 'synth']],
  ['the person says no', { asker: () => async () => false }, ['preflight', 'synth', 'cost', 'exposure']],
])('nothing is created when %s', async (_what, more, before) => {
  await expect(up(more)).rejects.toThrow(FailureErrorOrUsage);
  expect(did).toEqual(before);
  expect(checkout.calls()).toEqual([]);
});
const FailureErrorOrUsage = /2 problems|no plan|no price|nothing was created or changed/;

test('without a terminal it asks for --yes before anything else', async () => {
  const noTerminal = {
    asker: (yes: boolean) => asker('isthmus up on AWS', yes, new PassThrough() as never, new PassThrough() as never),
  };
  await expect(up(noTerminal)).rejects.toThrow(UsageError);
  await expect(up(noTerminal)).rejects.toThrow('no terminal to ask on. With --yes it does not ask');
  expect(did).toEqual([]);
  await upOnAws(lab, options({ yes: true }), steps(noTerminal));
  expect(everything()).toEqual([]);
});

test.each([
  ['y\n', true],
  ['Yes\n', true],
  ['\n', false],
  ['n\n', false],
  ['yesterday\n', false],
  ['', false],
])('the answer %j is %s', async (answer, expected) => {
  const input = new PassThrough();
  const output = new PassThrough();
  input.end(answer);
  expect(await askOn('Create this?', new AbortController().signal, input, output)).toBe(expected);
  expect(String(output.read())).toContain('Create this? [y/N] ');
});

test('Ctrl-C at the question is a stop', async () => {
  const stop = new AbortController();
  const asking = askOn('Create this?', stop.signal, new PassThrough(), new PassThrough());
  stop.abort(new StoppedError('SIGINT'));
  await expect(asking).rejects.toThrow(StoppedError);
  await expect(
    up({ asker: () => (question) => askOn(question, stop.signal, new PassThrough(), new PassThrough()) }),
  ).rejects.toThrow(StoppedError);
  expect(checkout.calls()).toEqual([]);
});

test('a failed up goes on where it was; what there is is known to preflight', async () => {
  const fail = { address: 'helm_release.mesh-east', summary: 'ExpiredTokenException: expired' };
  checkout.script({ 'mesh-east': { fail } });
  await expect(up()).rejects.toThrow(/mesh-east\/helm_release\.mesh-east: the AWS credentials expired while/);
  expect(everything()).toEqual(expect.arrayContaining(['mesh-east', 'weather-east']));
  checkout.script({});
  checkout.forgetCalls();
  did = [];
  const { changes } = await up({
    preflight: async ({ raised }) => {
      did.push(...raised);
      return { identity, unchecked: [] };
    },
  });
  expect(did.slice(0, 4)).toEqual(['network-west', 'cluster-west', 'network-east', 'cluster-east']);
  expect(did).toContain('Change it to this?');
  expect([changes.get('cluster-east'), changes.get('mesh-east')]).toEqual([0, 1]);
  expect(everything()).toEqual([]);
});

test('what could not be checked is told before the question', async () => {
  await up({
    preflight: async () => ({ identity, unchecked: [{ what: 'quota of VPCs', why: 'denied' }] }),
    asker: () => async () => said.join('\n').includes('not checked: quota of VPCs (denied)'),
  });
});

test('other credentials or another region than those that raised it change nothing', async () => {
  await up();
  checkout.forgetCalls();
  await expect(
    up({ preflight: async () => ({ identity: { ...identity, account: '999988887777' }, unchecked: [] }) }),
  ).rejects.toThrow('is of account 111122223333, not 999988887777');
  const moved = awsLab({ region: 'us-east-1' });
  await expect(upOnAws(moved, options(), steps())).rejects.toThrow('is of region eu-north-1, not us-east-1');
  expect(checkout.calls().filter((call) => call.endsWith(' apply'))).toEqual([]);
});

test('a page that only its network sees is not waited for, and the way to it told', async () => {
  const inside = awsLab({ pageFrom: [] });
  const result = await upOnAws(inside, options(), steps());
  expect(did.filter((what) => what.startsWith('get'))).toEqual([]);
  expect(formatUp(inside, result, './isthmus')).toMatch(
    /inside the network of mesh west only: aws\.pageFrom .* is empty\. From here: \.\/isthmus kubeconfig west > .*port-forward/,
  );
});

test('the page is asked until it answers', async () => {
  let asked = 0;
  await up({
    get: async () => {
      asked += 1;
      if (asked === 1) throw new Error('ENOTFOUND');
      return asked === 2 ? 503 : 200;
    },
  });
  expect(asked).toBe(3);
});

test('stacks that left the lab file and are still paid for are told', async () => {
  await up();
  const { border: _, ...rest } = plan;
  const result = await up({
    synthesise: async () => {
      checkout.synthesise(rest);
      return checkout.outdir;
    },
  });
  expect(result.stale).toEqual(['border']);
  expect(formatUp(lab, result, './isthmus')).toContain(
    'still there, and paid for: border. `./isthmus down` destroys them',
  );
});

test('a state in S3 may hold everything', () => {
  expect(subjectOf(lab, checkout.folder).raised).toEqual([]);
  const remote = { kind: 's3', bucket: 'b', region: 'eu-north-1', prefix: '' } as const;
  const s3 = awsLab({ state: remote });
  expect(subjectOf(s3, checkout.folder).raised).toEqual([
    'network-west',
    'cluster-west',
    'network-east',
    'cluster-east',
  ]);
});

test('Ctrl-C while it is made: what was made is known, and a second up goes on', async () => {
  const stop = new AbortController();
  checkout.script({
    'cluster-west': { hold: `${checkout.folder}/never` },
    'cluster-east': { hold: `${checkout.folder}/never` },
  });
  const running = expect(upOnAws(lab, options({ signal: stop.signal }), steps())).rejects.toThrow(StoppedError);
  expect(
    await until(async () => checkout.calls().includes('+cluster-west apply'), { timeout: 30_000, interval: 20 }),
  ).toBe(true);
  stop.abort(new StoppedError('SIGINT'));
  await running;
  expect(checkout.state('network-west')).toEqual(['west']);
  expect(did).not.toContain(`get ${page}`);
  checkout.script({});
  await up();
  expect(everything()).toEqual([]);
});
