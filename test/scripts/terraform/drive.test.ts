/** The driver over a fake Terraform: in which order, what a failure leaves, and going on from there. */
import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { FailureError, UsageError } from '../../../scripts/errors';
import { until } from '../../../scripts/machine/until';
import { destroyStacks } from '../../../scripts/terraform/drive';
import { driving, specs, vpc } from './driving';

const lab = driving();
const { apply, destroy, done, options } = lab;

/** Most calls of a verb that were under way at once. */
function width(verb: string): number {
  let now = 0;
  let most = 0;
  for (const call of done(verb)) {
    now += call.startsWith('+') ? 1 : call.startsWith('-') ? -1 : 0;
    most = Math.max(most, now);
  }
  return most;
}

const denied = {
  address: 'aws_eks_cluster.cw',
  summary:
    'creating EKS Cluster (weather-west): operation error EKS: CreateCluster, https response error StatusCode: 403',
  detail:
    'api error AccessDeniedException: User: arn:aws:iam::111122223333:user/ann is not authorized to perform: eks:CreateCluster on resource: arn:aws:eks:eu-north-1:111122223333:cluster/weather-west',
};

describe('apply', () => {
  test('goes in the order of dependencies, meshes side by side, inits one by one and first', async () => {
    const hold = join(lab.checkout.folder, 'go');
    lab.checkout.script({ 'network-west': { hold }, 'network-east': { hold } });
    const running = apply();
    // Both are begun before either may end.
    expect(await until(async () => done('apply').length === 2, { timeout: 20_000, interval: 10 })).toBe(true);
    expect(
      lab.checkout
        .calls()
        .filter((call) => call.endsWith(' apply'))
        .sort(),
    ).toEqual(['+network-east apply', '+network-west apply']);
    writeFileSync(hold, '');
    expect(Object.fromEntries(await running)).toEqual({
      'network-west': 1,
      'network-east': 1,
      'cluster-west': 2,
      'cluster-east': 1,
      border: 1,
    });
    const calls = lab.checkout.calls();
    for (const [first, second] of [
      ['-network-west apply', '+cluster-west apply'],
      ['-network-east apply', '+cluster-east apply'],
      ['-cluster-west apply', '+border apply'],
      ['-cluster-east apply', '+border apply'],
      ['-border init', '+network-west apply'],
    ] as const) {
      expect([first, calls.indexOf(first) >= 0, calls.indexOf(first) < calls.indexOf(second)]).toEqual([
        first,
        true,
        true,
      ]);
    }
    expect([width('init'), width('apply')]).toEqual([1, 2]);
    expect(lab.checkout.state('cluster-west')).toEqual(['cw', 'gw']);
  });

  test('one at a time when told so', async () => {
    await apply({ width: 1 });
    expect(width('apply')).toBe(1);
  });

  test('a failure in the middle: the other mesh is let finish, nothing above is begun, and a second apply goes on', async () => {
    lab.checkout.script({ 'cluster-west': { fail: { ...denied, address: 'aws_eks_node_group.gw' } } });
    await expect(apply()).rejects.toThrow(FailureError);
    expect(lab.checkout.state('cluster-west')).toEqual(['cw']);
    expect(done('apply')).not.toContain('+border apply');
    lab.checkout.script({});
    lab.checkout.forgetCalls();
    const changes = await apply();
    expect([changes.get('network-west'), changes.get('cluster-west'), changes.get('border')]).toEqual([0, 1, 1]);
    expect(lab.checkout.state('cluster-west')).toEqual(['cw', 'gw']);
  });

  test('a failed one can be destroyed: what there is goes, the rest is left out', async () => {
    lab.checkout.script({ 'cluster-west': { fail: { ...denied, address: 'aws_eks_node_group.gw' } } });
    await expect(apply({ width: 1 })).rejects.toThrow(FailureError);
    lab.checkout.script({});
    await destroy();
    expect(Object.keys(specs).flatMap((name) => lab.checkout.state(name))).toEqual([]);
    expect(done('destroy')).not.toContain('+border destroy');
  });

  test('what AWS said becomes a message with resource, cause and fix', async () => {
    lab.checkout.script({ 'cluster-west': { fail: denied } });
    await expect(apply()).rejects.toThrow(
      /^cluster-west\/aws_eks_cluster\.cw: permission eks:CreateCluster is missing\n {4}said: .*StatusCode: 403.*\n {4}fix: {5}allow eks:CreateCluster to arn:aws:iam::111122223333:user\/ann, then the same isthmus command again/,
    );
  });

  test('stacks that fail on their own are told together', async () => {
    const fail = (address: string) => ({ fail: { address, summary: 'VpcLimitExceeded: no more' } });
    lab.checkout.script({ 'network-west': fail('aws_vpc.nw'), 'network-east': fail('aws_vpc.ne') });
    await expect(apply()).rejects.toThrow(/network-(west|east)\/aws_vpc[\s\S]*network-(west|east)\/aws_vpc/);
  });

  test('nothing is created when a provider can not be fetched', async () => {
    lab.checkout.script({ border: { initFail: { summary: 'Failed to query available provider packages' } } });
    await expect(apply()).rejects.toThrow(/border: the providers could not be fetched/);
    expect(done('apply')).toEqual([]);
  });

  test('a program that ends without JSON is quoted', async () => {
    await expect(apply({ program: { command: '/bin/false', version: '1.11.4' } })).rejects.toThrow(
      /\/bin\/false init of network-west ended with status 1/,
    );
  });

  test('work of ours comes before its stack', async () => {
    await apply({ before: { 'cluster-east': async () => expect(lab.checkout.state('network-east')).toEqual(['ne']) } });
    await expect(
      apply({ before: { border: async () => Promise.reject(new FailureError('no secrets')) } }),
    ).rejects.toThrow('no secrets');
  });

  test('workspace, data folder and arguments of the person reach no Terraform', async () => {
    const file = join(lab.checkout.folder, 'env');
    const command = join(lab.checkout.folder, 'env-terraform');
    writeFileSync(command, `#!/bin/sh\nenv > ${file}\n`, { mode: 0o755 });
    await apply({
      program: { command, version: '1.11.4' },
      env: { ...lab.checkout.env, TF_WORKSPACE: 'x', TF_CLI_ARGS_apply: '-refresh=false', AWS_PROFILE: 'mine' },
    });
    const env = readFileSync(file, 'utf8').split('\n');
    expect(env).toEqual(
      expect.arrayContaining([
        'TF_WORKSPACE=',
        'TF_CLI_ARGS_apply=',
        'AWS_PROFILE=mine',
        'TF_IN_AUTOMATION=1',
        'CHECKPOINT_DISABLE=1',
        `TF_PLUGIN_CACHE_DIR=${join(lab.checkout.folder, 'plugins')}`,
      ]),
    );
  });
});

describe('a lab file that changed', () => {
  const planned = (addr: string, action: string, reason?: string) => ({ addr, action, reason });

  test.each([
    ['another network', planned('aws_vpc.nw', 'replace', 'cannot_update')],
    ['a zone less', planned('aws_subnet.nw', 'delete', 'delete_because_no_resource_config')],
  ])('%s destroys nothing of what stands in it: it is refused, and said how to have it', async (_what, change) => {
    await apply();
    lab.checkout.forgetCalls();
    lab.checkout.script({ 'network-west': { planned: [planned('aws_route.r', 'replace'), change] } });
    await expect(apply({ width: 1 })).rejects.toThrow(UsageError);
    await expect(apply({ width: 1 })).rejects.toThrow(
      new RegExp(`^network-west: what the lab file says now would destroy ${change.addr} and all that is in it`),
    );
    expect(done('apply')).not.toContain('+network-west apply');
  });

  test('a cluster that was never whole is made anew, and all else is changed', async () => {
    await apply();
    lab.checkout.script({
      'cluster-west': {
        planned: [planned('aws_eks_cluster.cw', 'replace', 'tainted'), planned('aws_eks_node_group.gw', 'replace')],
      },
    });
    await expect(apply()).resolves.toBeDefined();
  });

  test('where nothing is yet, nothing can be lost, and no plan is asked for', async () => {
    await apply();
    expect(done('plan')).toEqual([]);
  });
});

describe('destroy', () => {
  test('goes the other way round, leaves out what is empty and keeps the state files', async () => {
    await apply();
    lab.checkout.forgetCalls();
    await destroy();
    const calls = lab.checkout.calls();
    for (const [first, second] of [
      ['-border destroy', '+cluster-west destroy'],
      ['-cluster-west destroy', '+network-west destroy'],
      ['-cluster-east destroy', '+network-east destroy'],
    ] as const) {
      expect([first, calls.indexOf(first) >= 0, calls.indexOf(first) < calls.indexOf(second)]).toEqual([
        first,
        true,
        true,
      ]);
    }
    // The plugin cache is not safe to fill twice at once.
    expect(width('init')).toBe(1);
    expect(existsSync(lab.checkout.stateFile('network-west'))).toBe(true);
    lab.checkout.forgetCalls();
    expect((await destroy()).size).toBe(0);
    expect(lab.checkout.calls()).toEqual([]);
  });

  test('work of ours comes before a stack that holds something, and not before an empty one', async () => {
    const seen: string[] = [];
    const before = {
      'cluster-west': async () =>
        void seen.push(...lab.checkout.state('cluster-west'), ...lab.checkout.state('border')),
    };
    await destroy({ before });
    expect(seen).toEqual([]);
    await apply();
    await destroy({ before });
    expect(seen).toEqual(['cw', 'gw']);
  });

  test('goes by what was applied: a stack that left the plan, and a synth that is gone', async () => {
    await apply();
    lab.checkout.synthesise({ 'network-west': { resource: vpc('nw') } });
    await destroy();
    expect(Object.keys(specs).flatMap((name) => lab.checkout.state(name))).toEqual([]);
    lab.checkout.synthesise(specs);
    await apply();
    rmSync(lab.checkout.outdir, { recursive: true });
    await destroyStacks([], options());
    expect(Object.keys(specs).flatMap((name) => lab.checkout.state(name))).toEqual([]);
    expect(lab.checkout.calls().filter((call) => call.startsWith('!'))).toEqual([]);
  });

  test('what is in the way is told', async () => {
    await apply();
    const fail = {
      address: 'aws_vpc.nw',
      summary:
        'deleting EC2 VPC (vpc-0a1b2c3d4e5f60718): operation error EC2: DeleteVpc, api error DependencyViolation: The vpc has dependencies and cannot be deleted.',
    };
    lab.checkout.script({ 'network-west': { fail } });
    const inTheWay = async (id: string) => [`network interface eni-1 in ${id}`];
    await expect(destroy({ inTheWay })).rejects.toThrow(
      /network-west\/aws_vpc\.nw: vpc-0a1b2c3d4e5f60718 can not be deleted[\s\S]*in the way: network interface eni-1 in vpc-0a1b2c3d4e5f60718/,
    );
    expect(lab.checkout.state('network-west')).toEqual(['nw']);
    lab.checkout.script({});
    await destroy();
    expect(lab.checkout.state('network-west')).toEqual([]);
  });
});
