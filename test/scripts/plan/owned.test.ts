/** Namespaces and releases in clusters that others use, too: what is theirs is neither taken over nor deleted. */
import { helm, kubectl } from '../../../scripts/kubectl';
import { clusterOfResource } from '../../../scripts/plan/cluster';
import { chartArguments } from '../../../scripts/plan/helm';
import type { PlannedResource, ResourceType } from '../../../scripts/plan/read';
import { hashOf } from '../../../scripts/plan/record';
import { handlers } from '../../../scripts/plan/types';
import { planned } from '../../support/plans';

jest.mock('../../../scripts/kubectl');

const context = { lab: 'weather', say: () => {} };
const shared = { config_path: '~/.kube/config', config_context: 'kind-west' };
const own = { config_path: '/var/lib/isthmus/weather/west/admin.kubeconfig' };

const resource = (type: ResourceType, values: object, settings: object = shared): PlannedResource => ({
  ...planned('mesh-west/r', [], { ...values }),
  type,
  providers: { kubernetes: { ...settings } },
});
const namespace = (settings?: object) =>
  resource('kubernetes_namespace_v1', { metadata: { name: 'shop', labels: { a: 'b' } } }, settings);
const release = (settings?: object) =>
  resource('helm_release', { name: 'web', namespace: 'shop', chart: 'web', values: [] }, settings);

/** What kubectl and Helm were told to do, without what they were only asked. */
let done: string[];

function given(world: { namespace?: Readonly<Record<string, string>> | undefined; release?: 'ours' | 'theirs' }): void {
  done = [];
  jest.mocked(kubectl).mockImplementation(async (_cluster, args, options) => {
    if (args[0] !== 'get') done.push(`${args.join(' ')} ${options?.input ?? ''}`.trim());
    const found = world.namespace === undefined ? '' : JSON.stringify({ metadata: { labels: world.namespace } });
    return { stdout: args[0] === 'get' ? found : '', stderr: '', status: 0 };
  });
  jest.mocked(helm).mockImplementation(async (_cluster, args) => {
    if (args[0] !== 'list') done.push(args.join(' '));
    const visible = world.release === 'ours' || (world.release === 'theirs' && !args.includes('--selector'));
    const found = [{ name: 'web', namespace: 'shop', status: 'deployed', revision: '1' }];
    return { stdout: JSON.stringify(visible ? found : []), stderr: '', status: 0 };
  });
}

const mine = { 'isthmus.dev/lab': 'weather' };

describe('a namespace', () => {
  const { claim, apply, present, delete: remove } = handlers.kubernetes_namespace_v1;

  test('is made with the mark of its lab beside its own labels', async () => {
    given({});
    await apply(namespace(), context);
    expect(done).toEqual([
      'apply -f - {"apiVersion":"v1","kind":"Namespace","metadata":{"name":"shop","labels":{"a":"b","isthmus.dev/lab":"weather"}}}',
    ]);
  });

  test.each([
    ['is not there', undefined],
    ['is ours, whatever became of the record', mine],
  ])('that %s may be had', async (_what, labels) => {
    given({ namespace: labels });
    await expect(claim?.(namespace(), context)).resolves.toBeUndefined();
  });

  test.each([
    ['nobody', {}, 'which this lab did not make'],
    ['another lab', { 'isthmus.dev/lab': 'other' }, 'which lab other made'],
  ])('of %s is refused, not there, and not deleted', async (_whose, labels, message) => {
    given({ namespace: labels });
    await expect(claim?.(namespace(), context)).rejects.toThrow(
      `namespace shop, ${message}, is in context kind-west of ~/.kube/config`,
    );
    expect(await present(namespace(), context)).toBe(false);
    await remove(namespace(), context);
    expect(done).toEqual([]);
  });

  test('that is ours is deleted', async () => {
    given({ namespace: mine });
    expect(await present(namespace(), context)).toBe(true);
    await remove(namespace(), context);
    expect(done).toEqual(['delete namespace shop --ignore-not-found --timeout=180s']);
  });

  test("on the lab's own node is the lab's, as one that was made before namespaces had marks", async () => {
    given({ namespace: {} });
    await expect(claim?.(namespace(own), context)).resolves.toBeUndefined();
    expect(await present(namespace(own), context)).toBe(true);
    await remove(namespace(own), context);
    expect(done).toHaveLength(1);
  });
});

describe('a release', () => {
  const { claim, apply, delete: remove } = handlers.helm_release;

  test('is installed with the mark of its lab', async () => {
    given({});
    await apply(release(), context);
    expect(done).toHaveLength(1);
    expect(done[0]).toMatch(/^upgrade --install web web .*--labels=isthmus.dev\/lab=weather --namespace shop/);
  });

  test('that is ours may be had, and is uninstalled', async () => {
    given({ release: 'ours' });
    await expect(claim?.(release(), context)).resolves.toBeUndefined();
    await remove(release(), context);
    expect(done.join()).toMatch(/^uninstall web --namespace shop --ignore-not-found/);
  });

  test('of others is refused, and never uninstalled', async () => {
    given({ release: 'theirs' });
    await expect(claim?.(release(), context)).rejects.toThrow(
      'Helm release shop/web, which this lab did not install, is in context kind-west of ~/.kube/config',
    );
    await remove(release(), context);
    expect(done).toEqual([]);
  });
});

test.each([
  [{ chart: '../../charts/istio/base' }, ['../../charts/istio/base']],
  [
    { chart: 'consul', repository: 'https://helm.releases.hashicorp.com', version: '1.9.11' },
    ['consul', '--repo', 'https://helm.releases.hashicorp.com', '--version', '1.9.11'],
  ],
  [
    { chart: 'base', repository: 'oci://r.example/charts/', version: '1.0.0' },
    ['oci://r.example/charts/base', '--version', '1.0.0'],
  ],
  [{ chart: 'base', repository: 'https://a.example' }, ['base', '--repo', 'https://a.example']],
])('chart %j', (values, args) => {
  expect(chartArguments(values)).toEqual(args);
});

test('a chart of a repository is what its values say: there is no folder to look into', () => {
  const at = (version: string) =>
    hashOf(resource('helm_release', { chart: 'consul', repository: 'https://a.example', version }));
  expect(at('1.0.0')).not.toBe(at('1.0.1'));
  expect(() => hashOf(resource('helm_release', { chart: 'consul' }))).toThrow('ENOENT');
});

describe('the cluster of a resource', () => {
  const of = (providers: PlannedResource['providers']) => clusterOfResource({ ...planned('s/a'), providers });

  test.each([
    [{ kubernetes: shared }, { kind: 'kubeconfig', file: '~/.kube/config', context: 'kind-west' }],
    [{ helm: { kubernetes: shared } }, { kind: 'kubeconfig', file: '~/.kube/config', context: 'kind-west' }],
    [{ helm: { kubernetes: [shared] } }, { kind: 'kubeconfig', file: '~/.kube/config', context: 'kind-west' }],
    [{ kubernetes: own }, { kind: 'kubeconfig', file: own.config_path }],
  ])('%j', (providers, cluster) => {
    expect(of(providers)).toEqual(cluster);
  });

  test('that no provider names is a fault of ours', () => {
    expect(() => of({ helm: {} })).toThrow('s/terraform_data.a: its providers name no config_path');
  });
});
