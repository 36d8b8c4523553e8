/** Whether a mesh that others installed is what the lab file says. */
import { mesh } from '../../../model/lab';
import { withConsul } from '../../../scripts/clusters/consul';
import { existingFaults, trustDomainIn } from '../../../scripts/clusters/existing';
import { ConsulApi } from '../../../scripts/hosts/consul-api';
import { labOf } from '../../support/labs';
import { cluster, items, named } from './cluster';
import { existingFile, kubeconfigFile } from './labs';

jest.mock('../../../scripts/clusters/consul');

const existing = labOf(existingFile);

describe('an existing Istio', () => {
  const crds = ['serviceentries', 'workloadentries', 'destinationrules', 'virtualservices']
    .map((name) => `customresourcedefinition.apiextensions.k8s.io/${name}.networking.istio.io`)
    .join('\n');
  const istiod = (more: object = {}, ready = 1) => ({
    ...named('istiod', { namespace: 'mesh', ...more }),
    status: { readyReplicas: ready },
  });
  const good = {
    'get deployments': items(istiod()),
    'get configmap istio --namespace mesh': { data: { mesh: 'trustDomain: corp.example\n' } },
    'get crd': crds,
    'get namespaces': items(named('shop')),
  };
  const faultsOf = (answers: Readonly<Record<string, unknown>>) =>
    existingFaults(
      cluster({ ...answers, ...Object.fromEntries(Object.entries(good).filter(([key]) => !(key in answers))) }),
      existing,
      mesh(existing, 'west'),
    );

  test('as the lab file says has no fault', async () => {
    expect(await faultsOf({})).toEqual([]);
  });

  test.each([
    ['without istiod', { 'get deployments': items() }, 'there is no istiod'],
    ['that is not ready', { 'get deployments': items(istiod({}, 0)) }, 'istiod (mesh/istiod) has no ready pod'],
    [
      'of another trust domain',
      { 'get configmap istio --namespace mesh': { data: { mesh: 'x: 1' } } },
      "Istio's trust domain is cluster.local, the lab file says corp.example; write trustDomain: cluster.local",
    ],
    [
      'without definitions',
      { 'get crd': crds.replace('workloadentries', 'other') },
      'the cluster does not know workloadentries.networking.istio.io',
    ],
    [
      'without a namespace of a service',
      { 'get namespaces': items(named('default')) },
      'there is no namespace shop, in which the lab file has a service',
    ],
  ])('%s', async (_what, answers, message) => {
    const faults = await faultsOf(answers);
    expect(faults).toHaveLength(1);
    expect(faults.join()).toContain(message);
  });

  test('of a revision has its mesh config under its revision’s name', async () => {
    const answers = {
      'get deployments': items(istiod({ labels: { 'istio.io/rev': 'canary' } })),
      'get configmap istio-canary --namespace mesh': { data: { mesh: 'trustDomain: corp.example' } },
    };
    expect(await faultsOf(answers)).toEqual([]);
  });

  test.each([
    ['', 'cluster.local'],
    ['trustDomain: ""', 'cluster.local'],
    ['trustDomain: a.example\naccessLogFile: /dev/stdout', 'a.example'],
  ])('mesh config %j is of trust domain %s', (text, domain) => {
    expect(trustDomainIn(text)).toBe(domain);
  });
});

describe('an existing Consul', () => {
  const other = labOf({
    ...kubeconfigFile,
    meshes: {
      ...kubeconfigFile.meshes,
      east: {
        kind: 'consul',
        network: '10.20.0.0/16',
        context: 'kind-east',
        gateway: '10.20.0.2',
        existing: true,
        trustDomain: 'x.consul',
      },
    },
    services: {
      'west/backend': { port: 8080, program: 'weather/backend' },
      'east/info': { port: 8080 },
    },
    access: [{ from: 'west/backend', to: 'east/info' }],
  });
  const crds = ['exportedservices', 'serviceintentions'].map((name) => `crd/${name}.consul.hashicorp.com`).join('\n');
  const good = { 'get service': named('consul-server'), 'get crd': crds, 'get namespaces': items(named('info')) };
  const faultsOf = (answers: object, peerings: unknown = [], trustDomain = 'x.consul') => {
    const api = new ConsulApi('/nowhere');
    jest.spyOn(api, 'get').mockImplementation(async (path: string) => {
      if (path === '/v1/connect/ca/roots') return { TrustDomain: trustDomain };
      if (peerings instanceof Error) throw peerings;
      return peerings;
    });
    jest.mocked(withConsul).mockImplementation((_lab, _mesh, work) => work(api));
    return existingFaults(cluster({ ...good, ...answers }), other, mesh(other, 'east'));
  };
  const peering = (name: string, owner?: string) => ({
    Name: name,
    State: 'ACTIVE',
    Meta: owner === undefined ? null : { 'isthmus-lab': owner },
  });

  test('as the lab file says has no fault, paired or not', async () => {
    expect(await faultsOf({})).toEqual([]);
    expect(await faultsOf({}, [peering('west', 'weather'), peering('others')])).toEqual([]);
  });

  test('that is not there', async () => {
    expect((await faultsOf({ 'get service': '' })).join()).toContain('there is no Service consul/consul-server');
  });

  test('of another trust domain', async () => {
    expect((await faultsOf({}, [], 'y.consul')).join()).toContain(
      "Consul's trust domain is y.consul, the lab file says x.consul",
    );
  });

  test('without peering', async () => {
    expect((await faultsOf({}, new Error('peering is disabled'))).join()).toContain(
      '(peering is disabled); set global.peering',
    );
  });

  test.each([[undefined], ['other']])('with a peering of the same name that %s made', async (owner) => {
    expect((await faultsOf({}, [peering('west', owner)])).join()).toContain(
      'Consul has a peering west (ACTIVE) that this lab did not make; rename mesh west in the lab file, or delete that peering',
    );
  });
});
