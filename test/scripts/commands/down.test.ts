/** What `down` deletes one by one, what goes with the machine, and in which order; nothing of others. */
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { ClusterAccess } from '../../../model/cluster';
import { kubeconfigOf } from '../../../scripts/cluster';
import { down, isInCluster, isOnMachine, merged } from '../../../scripts/commands/down';
import { FailureError } from '../../../scripts/errors';
import { helm, kubectl } from '../../../scripts/kubectl';
import { razeMachine } from '../../../scripts/machine/machine';
import type { PlannedResource, ResourceType } from '../../../scripts/plan/read';
import { Record } from '../../../scripts/plan/record';
import { silentProgress } from '../../../scripts/progress';
import { recordFiles } from '../../../scripts/state';
import { planOf } from '../../../scripts/synth';
import { temporaryFolder } from '../../support/folder';
import { labOf, localLab } from '../../support/labs';
import { planned } from '../../support/plans';
import { kubeconfigFile } from '../clusters/labs';

jest.mock('../../../scripts/kubectl');
jest.mock('../../../scripts/machine/machine');
jest.mock('../../../scripts/machine/tools');
jest.mock('../../../scripts/synth');
jest.mock('../../../scripts/cluster', () => ({
  ...jest.requireActual<typeof import('../../../scripts/cluster')>('../../../scripts/cluster'),
  kubeconfigOf: jest.fn(),
}));

const folder = temporaryFolder();
const stateHome = process.env.XDG_STATE_HOME;
process.env.XDG_STATE_HOME = folder;
afterAll(() => {
  if (stateHome === undefined) delete process.env.XDG_STATE_HOME;
  else process.env.XDG_STATE_HOME = stateHome;
});

const lab = labOf({ ...kubeconfigFile, name: 'unit-down' });
const providers = (context: string) => ({ kubernetes: { config_path: '~/.kube/config', config_context: context } });
const resource = (
  id: string,
  type: ResourceType,
  values: object,
  below: readonly string[] = [],
  context = 'kind-west',
): PlannedResource => ({
  ...planned(id, below, { ...values }),
  type,
  providers: providers(context),
});
const namespace = (name: string, below: readonly string[] = []) =>
  resource(`mesh-west/ns-${name}`, 'kubernetes_namespace_v1', { metadata: { name } }, below);
const release = (id: string, below: readonly string[] = [], objects: readonly object[] = []) => {
  const [at, name] = id.split('/');
  const values = { name, namespace: at, chart: 'x', values: [JSON.stringify({ objects })] };
  return resource(`mesh-west/r-${name}`, 'helm_release', values, below);
};

const plan = [namespace('istio-system'), release('istio-system/istiod', ['mesh-west/ns-istio-system'])];

/** A cluster in memory: releases and namespaces of this lab, and those of others. */
interface World {
  namespaces: { name: string; owner?: string }[];
  releases: { id: string; owner?: string }[];
  crds?: string[];
  objects?: object[];
}
let world: World;
let events: string[];
let lost: string[];

beforeEach(() => {
  events = [];
  lost = [];
  world = { namespaces: [], releases: [] };
  const answer = (stdout: string) => ({ stdout, stderr: '', status: 0 });
  jest.mocked(kubeconfigOf).mockImplementation(async (cluster: ClusterAccess) => {
    const context = cluster.kind === 'kubeconfig' ? (cluster.context ?? '') : '';
    if (lost.includes(context)) throw new FailureError('connection refused');
    return { file: 'f' };
  });
  jest.mocked(kubectl).mockImplementation(async (cluster, args, options) => {
    const asked = args.join(' ');
    // The other cluster is empty.
    if (cluster.kind === 'kubeconfig' && cluster.context === 'kind-east') return answer('');
    if (asked.startsWith('get namespace ')) {
      const found = world.namespaces.find(({ name }) => name === args[2]);
      return answer(
        found === undefined ? '' : JSON.stringify({ metadata: { labels: { 'isthmus.dev/lab': found.owner } } }),
      );
    }
    if (asked.startsWith('get namespaces --selector')) {
      return answer(world.namespaces.flatMap((n) => (n.owner === lab.name ? [`namespace/${n.name}\n`] : [])).join(''));
    }
    if (asked.startsWith('get crd')) return answer((world.crds ?? []).map((name) => `crd/${name}\n`).join(''));
    if (asked.startsWith('get --ignore-not-found')) {
      events.push(`proof ${(JSON.parse(options?.input ?? '{}') as { items: unknown[] }).items.length}`);
      return answer(JSON.stringify({ items: world.objects ?? [] }));
    }
    if (args[0] === 'delete') {
      events.push(
        `delete ${args[1]} ${args
          .slice(2)
          .filter((word) => !word.startsWith('--'))
          .join(' ')}`,
      );
      if (args[1] === 'namespace') world.namespaces = world.namespaces.filter(({ name }) => !args.includes(name));
      if (args[1] === 'crd') world.crds = [];
    }
    return answer('');
  });
  jest.mocked(helm).mockImplementation(async (cluster, args) => {
    const shown = args.includes('--selector')
      ? world.releases.filter(({ owner }) => owner === lab.name)
      : world.releases;
    const east = cluster.kind === 'kubeconfig' && cluster.context === 'kind-east';
    if (args[0] === 'list') {
      const [name] = args.flatMap((word, at) => (args[at - 1] === '--filter' ? [word.slice(1, -1)] : []));
      const found = shown
        .map(({ id }) => ({ namespace: id.split('/')[0], name: id.split('/')[1], status: 'deployed' }))
        .filter((entry) => !east && (name === undefined || entry.name === name));
      return answer(JSON.stringify(found));
    }
    events.push(`uninstall ${args[3]}/${args[1]}`);
    world.releases = world.releases.filter(({ id }) => id !== `${args[3]}/${args[1]}`);
    return answer('');
  });
  jest.mocked(razeMachine).mockImplementation(async () => void events.push('raze'));
  jest.mocked(planOf).mockImplementation(async () => plan);
});

const options = { name: lab.name, known: { lab, config: 'x' }, forget: false, progress: silentProgress };
const run = (more: object = {}) => down({ ...options, signal: new AbortController().signal, ...more });
const [, userRecord] = recordFiles(lab.name);
const recorded = (...resources: PlannedResource[]) => {
  const record = new Record(userRecord);
  for (const each of resources) record.set(each, 'hash');
};

test('what was recorded is deleted from the top down, and the record goes last', async () => {
  const objects = [{ apiVersion: 'v1', kind: 'PersistentVolume', metadata: { name: 'pv' } }];
  recorded(...plan, release('plane-east/plane', ['mesh-west/r-istiod'], objects));
  world.namespaces = [{ name: 'istio-system', owner: lab.name }, { name: 'default' }];
  world.releases = [
    { id: 'istio-system/istiod', owner: lab.name },
    { id: 'plane-east/plane', owner: lab.name },
    { id: 'default/theirs' },
  ];
  expect(await run()).toEqual({
    clusters: ['context kind-west of ~/.kube/config', 'context kind-east of ~/.kube/config'],
    forgotten: [],
  });
  expect(events).toEqual([
    'uninstall plane-east/plane',
    'uninstall istio-system/istiod',
    'delete namespace istio-system',
    'proof 1',
  ]);
  expect([world.namespaces, world.releases]).toEqual([[{ name: 'default' }], [{ id: 'default/theirs' }]]);
  expect(existsSync(userRecord)).toBe(false);
});

test('without a record the plan tells, and only what is marked as ours is deleted', async () => {
  world.namespaces = [{ name: 'istio-system' }];
  world.releases = [{ id: 'istio-system/istiod', owner: lab.name }];
  await run();
  expect(events).toEqual(['uninstall istio-system/istiod']);
  expect(world.namespaces).toEqual([{ name: 'istio-system' }]);
});

test('what neither record nor plan knows any more is found by its mark', async () => {
  world.namespaces = [
    { name: 'old', owner: lab.name },
    { name: 'their', owner: 'other' },
  ];
  world.releases = [
    { id: 'istio-system/odd', owner: lab.name },
    { id: 'old/web', owner: lab.name },
  ];
  await run();
  expect(events).toEqual(['uninstall old/web', 'uninstall istio-system/odd', 'delete namespace old']);
});

test('definitions that the lab’s charts brought go, and what istiod left everywhere before them', async () => {
  world.crds = ['gateways.networking.istio.io'];
  await run();
  expect(events).toEqual([
    'delete configmap istio.io/config=true metadata.name=istio-ca-root-cert',
    'delete configmap istio.io/config=true metadata.name=istio-ca-crl',
    'delete crd gateways.networking.istio.io',
  ]);
});

test('what is left all the same fails, with its name', async () => {
  const at = {
    name: 'pv',
    annotations: { 'meta.helm.sh/release-name': 'plane', 'meta.helm.sh/release-namespace': 'p' },
  };
  recorded(release('p/plane', [], [{ apiVersion: 'v1', kind: 'PersistentVolume', metadata: { name: 'pv' } }]));
  world.objects = [
    { kind: 'PersistentVolume', metadata: at },
    { kind: 'ConfigMap', metadata: { name: 'theirs' } },
  ];
  const failing = run();
  await expect(failing).rejects.toThrow(
    'lab unit-down is not gone from context kind-west of ~/.kube/config; these are left and `isthmus down` can be run again:\n  PersistentVolume pv',
  );
  await expect(failing).rejects.not.toThrow('theirs');
  world.objects = [];
  await run();
});

describe('a cluster that can not be reached', () => {
  test('keeps everything from being removed', async () => {
    recorded(...plan);
    lost = ['kind-east'];
    world.releases = [{ id: 'istio-system/istiod', owner: lab.name }];
    await expect(run()).rejects.toThrow(/so nothing was removed:\n {2}- context kind-east .*: connection refused/);
    expect(events).toEqual([]);
    expect(existsSync(userRecord)).toBe(true);
  });

  test('can be given up, with what is there', async () => {
    lost = ['kind-west'];
    expect((await run({ forget: true })).forgotten).toEqual(['context kind-west of ~/.kube/config']);
    expect(events).toEqual([]);
    expect(existsSync(userRecord)).toBe(false);
  });
});

test('a plan that can not be written stops a lost record only', async () => {
  jest.mocked(planOf).mockRejectedValue(new Error('no Node.js'));
  await expect(run()).rejects.toThrow('no Node.js');
  recorded(...plan);
  world.releases = [{ id: 'istio-system/istiod', owner: lab.name }];
  await run();
  expect(events).toEqual(['uninstall istio-system/istiod']);
});

describe('which part', () => {
  const pairWith = (cluster: object | undefined): PlannedResource => {
    const side = { mesh: 'west', ...(cluster === undefined ? {} : { cluster }) };
    const pair = JSON.stringify({ lab: 'weather', dialer: side, acceptor: { mesh: 'east' } });
    return planned('pairing/p', [], {
      provisioner: [{ 'local-exec': { command: 'x', environment: { ISTHMUS_PAIR: pair } } }],
    });
  };
  const node = '/var/lib/isthmus/weather/west/admin.kubeconfig';

  test.each<[string, PlannedResource, boolean]>([
    ['a namespace in a cluster', namespace('a'), true],
    ['one on the own node', { ...namespace('a'), providers: { kubernetes: { config_path: node } } }, false],
    [
      'a Consul host',
      planned('s/a', [], { provisioner: [{ 'local-exec': { environment: { ISTHMUS_HOST: '{}' } } }] }),
      false,
    ],
    ['a config entry', resource('s/a', 'consul_config_entry', {}), false],
    ['a pairing with a cluster', pairWith({ kind: 'kubeconfig', file: '/c', context: 'd' }), true],
    ['a pairing on this machine', pairWith({ kind: 'kubeconfig', file: node }), false],
    ['a command without a word', planned('s/a'), false],
  ])('%s', (_what, each, inCluster) => {
    expect(isInCluster(each, 'weather')).toBe(inCluster);
  });

  test('the record is nearer to what is there than the plan', () => {
    const [old, fresh, added] = [planned('s/a', [], { x: 1 }), planned('s/a', [], { x: 2 }), planned('s/b')];
    expect(merged([old], [fresh, added])).toEqual([old, added]);
  });

  test('is on this machine follows from the lab, its state, or nothing known at all', () => {
    const name = 'unit-nowhere';
    expect(isOnMachine({ name, known: { lab: localLab(), config: 'x' } })).toBe(true);
    expect(isOnMachine({ name, known: { lab, config: 'x' } })).toBe(false);
    expect(isOnMachine({ name })).toBe(true);
    mkdirSync(join(folder, 'isthmus', name), { recursive: true });
    writeFileSync(join(folder, 'isthmus', name, 'applied.json'), '[]');
    expect(isOnMachine({ name })).toBe(false);
  });
});
