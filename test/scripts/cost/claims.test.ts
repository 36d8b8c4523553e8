import { estimate } from '../../../scripts/cost/estimate';
import { temporaryFolder } from '../../support/folder';
import { changed, eksProviders, exampleStacks, planOf, type Stacks, values } from './fixture';

const folder = temporaryFolder();
const consul = 'mesh-east/helm_release.Consul';
const plane = 'federation-west/helm_release.Plane';

function priced(stacks: Stacks, address: string) {
  const { items, gaps } = estimate(planOf(folder, stacks));
  return [...items, ...gaps].filter((entry) => entry.address === address).map(({ what }) => what);
}
const withConsul = (...each: unknown[]) =>
  priced(changed(exampleStacks(), consul, { values: values(...each) }), consul);
const withObjects = (...objects: unknown[]) =>
  priced(changed(exampleStacks(), plane, { values: values({ objects }) }), plane);

test.each<[string, unknown[], string[]]>([
  ['as the plan has them', [{ server: { replicas: 3, storage: '20Gi' } }], ['Consul server volumes, 3 × 20 GiB gp3']],
  ['with the chart’s defaults', [{}], ['Consul server volume, 10 GiB gp3']],
  [
    'merged in order',
    [{ server: { storage: '5Gi', replicas: 3 } }, { server: { replicas: 1 } }],
    ['Consul server volume, 5 GiB gp3'],
  ],
  ['not at all', [{ server: { enabled: false } }], []],
  ['not at all, everything off', [{ global: { enabled: false } }], []],
  [
    'on while everything else is off',
    [{ global: { enabled: false }, server: { enabled: true } }],
    ['Consul server volume, 10 GiB gp3'],
  ],
  [
    'of a size that is no size',
    [{ server: { storage: 'much' } }],
    ['Consul server volume: its size is known only then'],
  ],
  [
    'of another class',
    [{ server: { storageClass: 'io2' } }],
    ['Consul server volume, 10 GiB io2: no price of ebs.io2 in eu-west-1'],
  ],
])('volumes of Consul servers: %s', (_name, given, what) => {
  expect(withConsul(...given)).toEqual(what);
});

const claim = (storage: string, spec = {}) => ({
  kind: 'PersistentVolumeClaim',
  metadata: { name: 'data' },
  spec: { resources: { requests: { storage } }, ...spec },
});

test.each<[string, unknown, string[]]>([
  ['a claim', claim('1Gi'), ['volume of claim data, 1 GiB gp3']],
  ['a claim in megabytes', claim('1500M'), ['volume of claim data, 2 GiB gp3']],
  ['a claim on a volume that is there', claim('1Gi', { storageClassName: '' }), []],
  [
    'a StatefulSet',
    { kind: 'StatefulSet', metadata: { name: 'db' }, spec: { replicas: 2, volumeClaimTemplates: [claim('4Gi')] } },
    ['volume of dbs, 2 × 4 GiB gp3'],
  ],
  [
    'a load balancer of the cluster’s making',
    { kind: 'Service', metadata: { name: 'web' }, spec: { type: 'LoadBalancer' } },
    ['load balancer that the cluster makes for service web'],
  ],
  ['what needs no volume', { kind: 'ConfigMap', data: { storage: '100Gi' } }, []],
])('objects of our chart: %s', (_name, object, what) => {
  expect(withObjects(object)).toEqual(what);
});

test('a storage class of the plan says what its volumes are', () => {
  const fast = { kind: 'StorageClass', metadata: { name: 'fast' }, parameters: { type: 'io2' } };
  expect(withObjects(fast, claim('8Gi', { storageClassName: 'fast' }))).toEqual([
    'volume of claim data, 8 GiB io2: no price of ebs.io2 in eu-west-1',
  ]);
});

test('releases and claims of a cluster that is not on AWS cost nothing there', () => {
  const stacks = exampleStacks();
  const kubeconfig = { helm: [{ kubernetes: { config_path: '/root/.kube/config' } }] };
  stacks['mesh-east'] = { resource: {}, ...stacks['mesh-east'], provider: kubeconfig };
  expect(priced(stacks, consul)).toEqual([]);
});

test('a claim that is a resource of its own', () => {
  const stacks = exampleStacks();
  const spec = { resources: { requests: { storage: '3Gi' } }, storage_class_name: 'gp3' };
  stacks.own = {
    provider: eksProviders('eu-west-1'),
    resource: { kubernetes_persistent_volume_claim_v1: { Own: { metadata: { name: 'own' }, spec } } },
  };
  expect(priced(stacks, 'own/kubernetes_persistent_volume_claim_v1.Own')).toEqual(['volume, 3 GiB gp3']);
});

test('values that nobody can read are a gap, not nothing', () => {
  expect(priced(changed(exampleStacks(), consul, { values: ['a: [unclosed'] }), consul)).toEqual([
    'volumes of a release: its values are known only then',
  ]);
  expect(priced(changed(exampleStacks(), consul, { values: '${local.values}' }), consul)).toEqual([
    'volumes of a release: its values are known only then',
  ]);
});
