/** `down` on AWS over a fake Terraform: its order, what it waits for, and that it works after anything. */
import { existsSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type BetweenOptions, betweenDestroys, type Waits } from '../../../scripts/aws/between';
import { type DownOnAwsOptions, type DownSteps, downOnAws } from '../../../scripts/aws/down';
import type { LeftoversReport } from '../../../scripts/commands/leftovers';
import { FailureError, StoppedError, UsageError } from '../../../scripts/errors';
import { until } from '../../../scripts/machine/until';
import { silentProgress } from '../../../scripts/progress';
import { temporaryFolder } from '../../support/folder';
import { type Checkout, fakeTerraform, makeCheckout, type StackSpecs } from '../../support/stacks';
import { account, awsLab, awsPlan, downPlan, identity, raised, region } from './aws-plan';

// A Node.js for each Terraform, on a machine that others use too.
jest.setTimeout(120_000);

const below = temporaryFolder();
const lab = awsLab();
const names = Object.keys(downPlan());
let checkout: Checkout;
let said: string[];
/** Waits and looks, in order, among the calls of Terraform. */
let seen: string[];
beforeEach(() => {
  checkout = makeCheckout(below);
  said = [];
  seen = [];
});

const nothing: LeftoversReport = {
  lab: 'weather',
  region,
  account: '123456789012',
  items: [],
  unseen: [],
  notes: [],
  removed: [],
};
const volume = {
  type: 'aws_ebs_volume',
  id: 'vol-1',
  region,
  perHour: 0.01,
  name: '',
  why: 'tag',
  remove: 'aws ec2 delete-volume',
};

/** Notes that something was done. */
function noted<T>(what: string, value: T): T {
  seen.push(what);
  return value;
}

const waits: Waits = {
  balancers: async (_clients, { vpc, cluster }) =>
    void seen.push(`balancers of ${vpc ?? cluster} with ${held().length} stacks`),
  interfaces: async (_clients, { vpc, cluster }, more) =>
    void seen.push(`interfaces of ${vpc ?? cluster}${more?.reclaim ? ', reclaimed' : ''}`),
  volumes: async (_clients, cluster) => noted(`volumes of ${cluster}`, []),
};
const held = () => Object.keys(awsPlan()).filter((name) => checkout.state(name).length > 0);

function steps(more: Partial<DownSteps> = {}): DownSteps {
  return {
    checkout: checkout.folder,
    env: checkout.env,
    asker: () => async (question) => noted(question, true),
    terraform: async () => fakeTerraform,
    tools: async () => {},
    synthesise: async () => {
      checkout.synthesise(downPlan());
      return checkout.outdir;
    },
    clients: (at) => ({ region: at, close: () => {} }) as never,
    identity: async () => identity,
    between: (stacks, options: BetweenOptions) => betweenDestroys(stacks, options, waits),
    leftovers: async ({ region: at, clusters }) =>
      noted(`leftovers in ${at} of ${clusters?.join(', ')}`, { ...nothing, region: at }),
    ...more,
  };
}

const known = { lab, config: 'labs/aws.yaml' };
const options = (more: Partial<DownOnAwsOptions> = {}): DownOnAwsOptions => ({
  name: 'weather',
  known,
  progress: silentProgress,
  signal: new AbortController().signal,
  yes: false,
  say: (text) => said.push(text),
  ...more,
});
const { known: _, ...unreadable } = options();
const down = (more: Partial<DownOnAwsOptions> = {}, with_: Partial<DownSteps> = {}) =>
  downOnAws(options(more), steps(with_));
/** With a lab file that has faults. */
const blindly = (more: Partial<DownOnAwsOptions> = {}, with_: Partial<DownSteps> = {}) =>
  downOnAws(
    { ...unreadable, say: (text) => said.push(text), ...more },
    steps({ synthesise: async () => Promise.reject(new Error('not called')), ...with_ }),
  );

const raise = (plan: StackSpecs = downPlan()) => raised(checkout, plan);

test('everything goes in the safe order, with the waits between, and the leftovers last', async () => {
  const plan = awsPlan();
  raise(plan);
  const synthesise = async () => {
    checkout.synthesise(plan);
    return checkout.outdir;
  };
  expect(await down({}, { synthesise })).toBe(true);
  expect(held()).toEqual([]);
  const destroyed = checkout
    .calls()
    .filter((call) => call.startsWith('-') && call.endsWith(' destroy'))
    .map((call) => call.slice(1, -8));
  const at = (name: string) => destroyed.indexOf(name);
  expect(destroyed.toSorted()).toEqual(Object.keys(plan).toSorted());
  for (const mesh of ['west', 'east']) {
    const order = ['pairing', `federation-${mesh}`, `mesh-${mesh}`, `cluster-${mesh}`, `network-${mesh}`].map(at);
    expect(order).toEqual(order.toSorted((a, b) => a - b));
    expect(at(`weather-${mesh}`)).toBeLessThan(at(`federation-${mesh}`));
    expect(at('border')).toBeLessThan(at(`cluster-${mesh}`));
    const own = seen.filter((line) => line.includes(mesh) && !line.startsWith('leftovers'));
    expect(own).toEqual([
      expect.stringMatching(`^balancers of weather-${mesh} `),
      `volumes of weather-${mesh}`,
      expect.stringMatching(`^balancers of vpc-${mesh} `),
      `interfaces of weather-${mesh}, reclaimed`,
    ]);
  }
  expect(seen[0]).toBe('Destroy all of this, with its data?');
  expect(seen.at(-1)).toBe('leftovers in eu-north-1 of weather-east, weather-west');
  expect(said.join('\n')).toContain('Nothing of lab weather in eu-north-1, account 123456789012, is left.');
  expect(existsSync(checkout.stateFile('network-west'))).toBe(true);
});

test('what is left fails it, with the table', async () => {
  expect(await down({}, { leftovers: async () => ({ ...nothing, items: [volume] }) })).toBe(false);
  expect(said.join('\n')).toContain('aws ec2 delete-volume');
  expect(
    await down({}, { leftovers: async () => ({ ...nothing, unseen: [{ service: 'EKS', reason: 'denied' }] }) }),
  ).toBe(false);
});

test('a second down destroys nothing, does not ask, and looks again', async () => {
  raise();
  await down();
  checkout.forgetCalls();
  seen = [];
  expect(await down()).toBe(true);
  expect(said.at(-2)).toBe('No state here holds anything of lab weather. Asking account 111122223333.');
  expect([checkout.calls(), seen]).toEqual([[], ['leftovers in eu-north-1 of weather-east, weather-west']]);
});

test('a no, and no terminal, destroy nothing', async () => {
  raise();
  await expect(down({}, { asker: () => async () => false })).rejects.toThrow('nothing was destroyed');
  const refuse = () => {
    throw new UsageError('no terminal');
  };
  await expect(down({}, { asker: refuse })).rejects.toThrow('no terminal');
  expect([checkout.calls(), held()]).toEqual([[], names]);
});

test.each(['pairing', 'cluster-west', 'network-east'])('after a failure in %s, down again finishes', async (name) => {
  raise();
  const [[type, named] = []] = Object.entries(downPlan()[name]?.resource ?? {});
  const resource = Object.keys(named ?? {})[0];
  checkout.script({
    [name]: {
      fail: {
        address: `${type}.${resource}`,
        summary: 'DependencyViolation: subnet-0a1b2c3d4e5f60718 has dependencies',
      },
    },
  });
  await expect(down()).rejects.toThrow(FailureError);
  expect(held()).toContain(name);
  expect(seen.filter((line) => line.startsWith('leftovers'))).toEqual([]);
  checkout.script({});
  expect(await down()).toBe(true);
  expect(held()).toEqual([]);
});

test('after an up that stopped in the middle', async () => {
  raise();
  for (const name of ['mesh-west', 'pairing']) rmSync(checkout.stateFile(name));
  checkout.writeState('border');
  checkout.writeState('cluster-east', { aws_lb: { half: {} } });
  expect(await down()).toBe(true);
  expect(held()).toEqual([]);
  expect(checkout.calls()).not.toContain('+border destroy');
});

test('stopped in the middle, it says so and looks for nothing; then goes on', async () => {
  raise();
  const stop = new AbortController();
  checkout.script(
    Object.fromEntries(['mesh-west', 'mesh-east'].map((name) => [name, { hold: join(checkout.folder, 'never') }])),
  );
  const running = expect(down({ signal: stop.signal })).rejects.toThrow(StoppedError);
  expect(
    await until(async () => checkout.calls().some((call) => /^\+mesh-/.test(call) && call.endsWith('destroy')), {
      timeout: 30_000,
      interval: 20,
    }),
  ).toBe(true);
  stop.abort(new StoppedError('SIGINT'));
  await running;
  expect(seen.filter((line) => line.startsWith('leftovers'))).toEqual([]);
  expect(held()).toContain('network-west');
  checkout.script({});
  expect(await down()).toBe(true);
});

test('with a lab file that has faults, by what was applied', async () => {
  raise();
  rmSync(checkout.outdir, { recursive: true });
  expect(await blindly()).toBe(true);
  expect(held()).toEqual([]);
  expect(seen.at(-1)).toBe('leftovers in eu-north-1 of weather-east, weather-west');
});

test('with a lab file whose plan can not be written any more', async () => {
  raise();
  expect(await down({}, { synthesise: async () => Promise.reject(new FailureError('no bundle')) })).toBe(true);
  expect(held()).toEqual([]);
  expect(said[0]).toBe('The plan can not be written (no bundle); going by what was applied.');
  await expect(down({}, { synthesise: async () => Promise.reject(new FailureError('no bundle')) })).rejects.toThrow(
    'no bundle',
  );
});

test('with a lab file that names another region since: it is destroyed where it is, and both are looked at', async () => {
  raise();
  const moved = {
    ...known,
    lab: awsLab({ region: 'us-east-1' }),
  };
  const asked: string[] = [];
  const clientsOf = (at: string) => {
    asked.push(at);
    return { region: at, close: () => {} } as never;
  };
  expect(await down({ known: moved }, { clients: clientsOf })).toBe(true);
  expect([asked, held()]).toEqual([['eu-north-1'], []]);
  expect(seen.filter((line) => line.startsWith('leftovers')).map((line) => line.split(' ')[2])).toEqual([
    'eu-north-1',
    'us-east-1',
  ]);
});

test('with credentials of another account nothing is touched: Terraform would find nothing there and forget all', async () => {
  raise();
  await expect(down({}, { identity: async () => ({ ...identity, account: '999988887777' }) })).rejects.toThrow(
    `is of account ${account}, not 999988887777. Nothing was changed.`,
  );
  expect([checkout.calls(), held()]).toEqual([[], names]);
});

test('after plain cdktf: the plan that lies there is the lab’s, and without one its states are not passed over', async () => {
  raise();
  rmSync(join(checkout.folder, '.terraform.applied'), { recursive: true });
  const outdir = readdirSync(checkout.outdir);
  expect(outdir).toContain('manifest.json');
  rmSync(join(checkout.outdir, 'manifest.json'));
  await expect(blindly({ region })).rejects.toThrow(
    /terraform\.border\.tfstate, .* hold resources of lab weather, and there is no plan/,
  );
  checkout.synthesise(downPlan());
  expect(await blindly()).toBe(true);
  expect(held()).toEqual([]);
});

test('in a fresh clone: the plan is written first; without file and region the region is asked for', async () => {
  expect(await down()).toBe(true);
  expect(seen).toEqual(['leftovers in eu-north-1 of weather-east, weather-west']);
  const fresh = makeCheckout(below);
  checkout = fresh;
  await expect(blindly()).rejects.toThrow('isthmus down weather --region REGION');
  seen = [];
  expect(await blindly({ region: 'eu-west-1' })).toBe(true);
  expect(seen).toEqual(['leftovers in eu-west-1 of undefined']);
});

test('a plan of another lab that lies there is not gone by', async () => {
  checkout.synthesise(downPlan());
  expect(await blindly({ name: 'demo', region })).toBe(true);
  expect(seen).toEqual(['leftovers in eu-north-1 of undefined']);
});

test('a cluster that was there before is waited for by nobody', async () => {
  const plan = downPlan();
  const west = plan['cluster-west'];
  raise({ ...plan, 'cluster-west': { ...west, resource: { aws_lb: { lb: {} } } } });
  await down();
  expect(seen.filter((line) => /weather-west/.test(line) && /^(balancers|volumes)/.test(line))).toEqual([]);
});

test('a state that is damaged stops it before anything goes', async () => {
  raise();
  writeFileSync(checkout.stateFile('mesh-west'), '{');
  await expect(down()).rejects.toThrow(/terraform\.mesh-west\.tfstate is no Terraform state/);
  expect(checkout.calls()).toEqual([]);
});
