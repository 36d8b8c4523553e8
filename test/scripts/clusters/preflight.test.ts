/** What is said of clusters that can not take a lab: messages with their fix, and only looks. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { mesh } from '../../../model/lab';
import { foreignClaims } from '../../../scripts/clusters/claims';
import { foreignFaults } from '../../../scripts/clusters/foreign';
import { contextsOf, kubeconfigFaults, rightsFaults, versionFaults } from '../../../scripts/clusters/preflight';
import { volumeFaults } from '../../../scripts/clusters/volumes';
import type { PlannedResource } from '../../../scripts/plan/read';
import { temporaryFolder } from '../../support/folder';
import { labOf } from '../../support/labs';
import { planned } from '../../support/plans';
import { cluster, items, named } from './cluster';
import { existingFile, kubeconfigFile } from './labs';

const folder = temporaryFolder();
const lab = labOf(kubeconfigFile);
const west = mesh(lab, 'west');
const existing = labOf(existingFile);

describe('the kubeconfig', () => {
  const at = (kubeconfig: string, context = 'kind-west') => ({
    ...west,
    place: { platform: 'kubeconfig', kubeconfig, context } as const,
  });
  const file = join(folder, 'config');
  writeFileSync(file, 'contexts: [{name: kind-west}, {name: kind-east}]\n');
  writeFileSync(join(folder, 'broken'), 'contexts: [');

  test('and its context are there', () => {
    expect(kubeconfigFaults(at(file))).toEqual([]);
  });

  test.each([
    [join(folder, 'none'), 'kind-west', `there is no kubeconfig ${join(folder, 'none')}; mend meshes.west.kubeconfig`],
    [file, 'kind-wset', `has no context "kind-wset"; allowed: kind-west, kind-east; mend context`],
    [join(folder, 'broken'), 'kind-west', 'is no kubeconfig; give the file that kubectl uses'],
  ])('%s, context %s', (path, context, message) => {
    expect(kubeconfigFaults(at(path, context)).join()).toContain(message);
  });

  test.each([
    ['contexts: null', []],
    ['', []],
    ['{}', []],
  ])('%j has no contexts', (text, names) => {
    expect(contextsOf(text) ?? []).toEqual(names);
  });
});

describe('Kubernetes', () => {
  test.each([
    ['30', []],
    ['30+', []],
    ['35', []],
    ['29', ['its Kubernetes is v1.29.1; needed: 1.30 or newer; upgrade the cluster']],
    ['9', ['its Kubernetes is v1.9.1; needed: 1.30 or newer; upgrade the cluster']],
  ])('1.%s', async (minor, faults) => {
    const gitVersion = `v1.${Number.parseInt(minor, 10)}.1`;
    expect(await versionFaults(cluster({ 'get --raw /version': { major: '1', minor, gitVersion } }))).toEqual(faults);
  });

  test('that does not answer is told with its reason', async () => {
    const faults = await versionFaults(cluster({ get: new Error('kubectl failed:\nconnection refused') }));
    expect(faults.join()).toBe(
      'its Kubernetes API does not answer within 10 s: connection refused; check that the cluster runs and this machine reaches it',
    );
  });
});

describe('rights', () => {
  test('to everything are enough for everything', async () => {
    expect(await rightsFaults(cluster({ 'auth can-i * *': 'yes\n' }), west)).toEqual([]);
  });

  test('to less are too few to install a mesh', async () => {
    const faults = await rightsFaults(cluster({ 'auth can-i * *': 'no\n', auth: 'yes\n' }), west);
    expect(faults.join()).toContain('use a context with cluster-admin');
  });

  test('to the federation’s own kinds are enough for an existing mesh, and those that lack are named', async () => {
    const own = mesh(existing, 'west');
    const answers = { 'auth can-i * *': 'no\n', 'auth can-i create roles': 'no\n', auth: 'yes\n' };
    expect(await rightsFaults(cluster(answers), own)).toEqual([
      'this person may not create roles.rbac.authorization.k8s.io; ask for a ClusterRole with these, or use a context that has them',
    ]);
    expect(await rightsFaults(cluster({ 'auth can-i * *': 'no\n', auth: 'yes\n' }), own)).toEqual([]);
  });
});

describe('a cluster for a mesh of ours', () => {
  const annotations = (release: string, namespace: string) => ({
    annotations: { 'meta.helm.sh/release-name': release, 'meta.helm.sh/release-namespace': namespace },
  });
  const own = { 'get namespaces': items(named('istio-system')) };

  test('that is empty, or has ours, is fine', async () => {
    expect(await foreignFaults(cluster({}), 'weather', west)).toEqual([]);
    const ours = {
      ...own,
      'get deployments': items(named('istiod', { namespace: 'istio-system' })),
      'get crd': items(
        named('gateways.networking.istio.io', annotations('istio-base', 'istio-system')),
        named('things.example.com'),
      ),
    };
    expect(await foreignFaults(cluster(ours), 'weather', west)).toEqual([]);
  });

  test('that has somebody’s Istio is refused', async () => {
    const theirs = named('istiod', { namespace: 'mesh', ...annotations('istiod-prod', 'mesh') });
    expect(await foreignFaults(cluster({ ...own, 'get deployments': items(theirs) }), 'weather', west)).toEqual([
      'Istio is installed already (mesh/istiod, by Helm release mesh/istiod-prod); set existing: true to federate it as it is, or use another cluster',
    ]);
  });

  test('that has what is left of one is refused', async () => {
    const left = items(
      named('gateways.networking.istio.io'),
      named('sidecars.networking.istio.io', annotations('b', 'c')),
    );
    expect(await foreignFaults(cluster({ 'get crd': left }), 'weather', west)).toEqual([
      'custom resource definitions of Istio that this lab did not install are left in the cluster (gateways.networking.istio.io, sidecars.networking.istio.io); remove them if nobody uses them: kubectl delete crd gateways.networking.istio.io sidecars.networking.istio.io',
    ]);
  });

  test('that has somebody’s Consul is refused', async () => {
    const theirs = { 'get statefulsets': items(named('consul-server', { namespace: 'default' })) };
    expect((await foreignFaults(cluster(theirs), 'weather', mesh(lab, 'east'))).join()).toContain(
      'Consul is installed already (default/consul-server)',
    );
  });
});

describe('what a plan makes', () => {
  const providers = { kubernetes: { config_path: '/c', config_context: 'kind-west' } };
  const namespace = (name: string): PlannedResource => ({
    ...planned('mesh-west/ns', [], { metadata: { name } }),
    type: 'kubernetes_namespace_v1',
    providers,
  });
  const release = (id: string): PlannedResource => {
    const [at, name] = id.split('/');
    return { ...planned('mesh-west/r', [], { namespace: at, name }), type: 'helm_release', providers };
  };
  const present = {
    namespaces: new Map([
      ['ours', 'weather'],
      ['theirs', undefined],
      ['other', 'other-lab'],
    ]),
    releases: new Map([
      ['ours/a', true],
      ['theirs/b', false],
    ]),
  };

  test('and is not there, or ours, is fine', () => {
    const plan = [namespace('new'), namespace('ours'), release('new/a'), release('ours/a'), planned('s/a')];
    expect(foreignClaims(plan, 'weather', present)).toEqual([]);
  });

  test('and is somebody else’s is refused, all at once', () => {
    const plan = [namespace('theirs'), namespace('other'), release('theirs/b')];
    const faults = foreignClaims(plan, 'weather', present);
    expect(faults).toHaveLength(3);
    expect(faults[0]).toContain('namespace theirs, which this lab did not make, is in context kind-west of /c');
    expect(faults[1]).toContain('namespace other, which lab other-lab made');
    expect(faults[2]).toContain('Helm release theirs/b, which this lab did not install');
  });
});

describe('volumes', () => {
  const claim = (more = '') =>
    `objects: [{apiVersion: v1, kind: PersistentVolumeClaim, metadata: {name: data, namespace: plane-east}, spec: {${more}}}]`;
  const plan = (text: string): PlannedResource[] => [
    { ...planned('s/a', [], { name: 'plane', namespace: 'plane-east', values: [text] }), type: 'helm_release' },
  ];
  const standard = named('standard', { annotations: { 'storageclass.kubernetes.io/is-default-class': 'true' } });
  const volume = (phase: string, storageClassName = '') => ({
    ...named('v'),
    spec: { storageClassName },
    status: { phase },
  });

  test.each([
    ['a default class', { 'get storageclasses': items(standard) }],
    ['a free volume', { 'get persistentvolumes': items(volume('Available')) }],
    ['the claim already', { 'get persistentvolumeclaims': items(named('data', { namespace: 'plane-east' })) }],
  ])('are had where there is %s', async (_what, answers) => {
    expect(await volumeFaults(cluster(answers), plan(claim()))).toEqual([]);
  });

  test('are not had from another class or a taken volume', async () => {
    const answers = {
      'get storageclasses': items(named('slow')),
      'get persistentvolumes': items(volume('Bound'), volume('Available', 'slow')),
    };
    expect((await volumeFaults(cluster(answers), plan(claim()))).join()).toContain(
      'the cluster has no default StorageClass (it has: slow), and the claims plane-east/data need one',
    );
  });

  test('with a class of their own, or none, are not asked about', async () => {
    expect(await volumeFaults(cluster({}), plan(claim('storageClassName: ""')))).toEqual([]);
    expect(await volumeFaults(cluster({}), plan('a: 1'))).toEqual([]);
  });
});
