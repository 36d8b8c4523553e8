/** What the NetworkPolicies of each platform's plan open and close, asked of a model of their meaning. */
import type { Lab } from '../../model/lab';
import { kubernetesNetwork } from '../../model/local';
import type { NetworkPolicy } from '../../model/network-policy/policy';
import { labFile, localLab } from '../support/labs';
import { allows, type Cluster, type End, type Pod } from '../support/network-policy';
import { kubeObjects, resources, synthesise } from '../support/synth';

jest.mock('../../constructs/program', () => jest.requireActual('../support/programs'));

interface Side extends Cluster {
  readonly lab: Lab;
}

/** Policies and namespaces that the plan makes for one mesh. */
function sideOf(lab: Lab, mesh: string, variables: readonly string[] = []): Side {
  const plan = synthesise(lab, { variables });
  const policies = kubeObjects(plan).filter(
    (object) => object.kind === 'NetworkPolicy' && object.stack.endsWith(`-${mesh}`),
  ) as unknown as NetworkPolicy[];
  const made = resources(plan).filter(
    ({ type, stack }) => type === 'kubernetes_namespace_v1' && stack.endsWith(`-${mesh}`),
  );
  const namespaces = Object.fromEntries(
    made.map(({ values }) => {
      const { name, labels = {} } = values.metadata as { name: string; labels?: Record<string, string> };
      return [name, labels];
    }),
  );
  return { lab, policies, namespaces };
}

const pod = (namespace: string, labels: Record<string, string>, address: string): Pod => ({
  namespace,
  labels,
  address,
});
const istio = {
  frontend: pod('frontend', { app: 'frontend' }, '10.10.1.11'),
  backend: pod('backend', { app: 'backend' }, '10.10.1.12'),
  stranger: pod('backend', { app: 'stranger' }, '10.10.1.13'),
  istiod: pod('istio-system', { app: 'istiod' }, '10.10.1.14'),
  other: pod('istio-system', { app: 'other' }, '10.10.1.15'),
  ingress: pod('istio-ingress', { istio: 'ingress' }, '10.10.1.16'),
  plane: pod('plane-east', { app: 'plane' }, '10.10.1.17'),
  entries: pod('federation', { app: 'any' }, '10.10.1.18'),
  door: pod('federation-gateway', { istio: 'federation-gateway' }, '10.10.1.24'),
  dns: pod('kube-system', { 'k8s-app': 'kube-dns' }, '10.10.1.19'),
  guard: pod('guard', { app: 'guard-webhook' }, '10.10.1.24'),
  keeper: pod('guard', { app: 'guard-keeper' }, '10.10.1.26'),
  metrics: pod('kube-system', { 'k8s-app': 'metrics-server' }, '10.10.1.20'),
};
const consul = {
  info: pod('info', { app: 'info' }, '10.20.1.11'),
  stranger: pod('info', { app: 'stranger' }, '10.20.1.12'),
  server: pod('consul', { app: 'consul', component: 'server' }, '10.20.1.13'),
  second: pod('consul', { app: 'consul', component: 'server' }, '10.20.1.14'),
  gateway: pod('consul', { app: 'consul', component: 'mesh-gateway' }, '10.20.1.15'),
  ingress: pod('consul', { app: 'consul', component: 'ingress-gateway' }, '10.20.1.16'),
  injector: pod('consul', { app: 'consul', component: 'connect-injector' }, '10.20.1.17'),
  job: pod('consul', { app: 'consul', component: 'server-acl-init' }, '10.20.1.18'),
  dns: pod('kube-system', { 'k8s-app': 'kube-dns' }, '10.20.1.19'),
};
const at = (address: string): End => ({ address });
type Question = readonly [what: string, from: End, to: End, port: number, protocol?: 'UDP'];

const local = localLab();
const network = (lab: Lab) => kubernetesNetwork(lab.meshes.find(({ kind }) => kind === 'istio') ?? raise());
const raise = (): never => {
  throw new Error('no Istio mesh');
};
const node = at(network(local).node);

const meshNeeds: Question[] = [
  ['a proxy asks istiod', istio.backend, istio.istiod, 15012],
  ['a new pod of a tenant asks istiod', istio.stranger, istio.istiod, 15012],
  ['the ingress gateway asks istiod', istio.ingress, istio.istiod, 15012],
  ['a row', istio.frontend, istio.backend, 8080],
  ['the page', istio.ingress, istio.frontend, 8080],
  ['a person opens the page', at('192.0.2.1'), istio.ingress, 8080],
  ['the federation gateway asks istiod', istio.door, istio.istiod, 15012],
  ['a call from the other mesh', at('10.20.0.20'), istio.door, 15443],
  ['the federation gateway passes a call on', istio.door, istio.backend, 8080],
];
const neverOpen: Question[] = [
  ...[15010, 15014, 15017, 8080, 443, 15000].map((port): Question => ['istiod', istio.backend, istio.istiod, port]),
  ['against the direction of a row', istio.backend, istio.frontend, 8080],
  ['a pod without a row', istio.stranger, istio.backend, 8080],
  ['a pod without a row', istio.stranger, istio.frontend, 8080],
  ...[15000, 15004, 15006, 15020, 15021, 15090].map((port): Question => ['proxy', istio.frontend, istio.backend, port]),
  ...[15020, 15021, 15090, 80].map((port): Question => ['ingress', istio.backend, istio.ingress, port]),
  ['the plane', istio.backend, istio.plane, 8300],
  ['the guard', istio.backend, istio.guard, 8443],
  ["the guard's keeper", istio.backend, istio.keeper, 8081],
  ["the guard's keeper, by the guard", istio.guard, istio.keeper, 8081],
  ['a stray pod beside the guard', pod('guard', { app: 'any' }, '10.10.1.25'), at('192.0.2.1'), 443],
  ['the plane, by the ingress gateway', istio.ingress, istio.plane, 8300],
  ['a metadata service', istio.backend, at('169.254.169.254'), 80],
  ['a stray pod of the control plane', istio.other, istio.backend, 8080],
  ['a stray pod asks the stray', istio.other, istio.istiod, 15012],
  ['a pod among the entries', istio.entries, at('192.0.2.1'), 443],
  ['a stray pod of the control plane', istio.other, at('192.0.2.1'), 443],
  ['a stray pod beside the plane', pod('plane-east', { app: 'any' }, '10.10.1.21'), at('192.0.2.1'), 443],
  ['a stray pod beside the gateway', pod('istio-ingress', { app: 'any' }, '10.10.1.22'), at('192.0.2.1'), 443],
  [
    'a stray pod beside the federation gateway',
    pod('federation-gateway', { app: 'any' }, '10.10.1.25'),
    at('192.0.2.1'),
    443,
  ],
  ['the federation gateway', istio.door, istio.frontend, 8080],
  ...[15021, 15090, 8080].map((port): Question => ['federation gateway', istio.backend, istio.door, port]),
  ['a stray pod of a tenant', pod('frontend', { app: 'any' }, '10.10.1.23'), at('192.0.2.1'), 443],
  ['a stray pod of a tenant', istio.stranger, at('192.0.2.1'), 443],
  ['somebody outside', at('192.0.2.1'), istio.backend, 8080],
  ['somebody outside', at('192.0.2.1'), istio.istiod, 15012],
];

const localNeeds: Question[] = [
  ...meshNeeds,
  ['names', istio.backend, node, 53, 'UDP'],
  ['names', istio.frontend, node, 53, 'UDP'],
  ['names', istio.plane, node, 53],
  ['names', istio.ingress, node, 53, 'UDP'],
  ['istiod to the API', istio.istiod, node, 6443],
  ['istiod to the API', istio.istiod, at(network(local).apiService), 443],
  ['names', istio.istiod, node, 53, 'UDP'],
  ['the exchange to the API', istio.plane, node, 6443],
  ["the guard's keeper to the API", istio.keeper, node, 6443],
  ['the API server to the guard', node, istio.guard, 8443],
  ['the API server to the webhook', node, istio.istiod, 15017],
  ['peering', istio.plane, at('10.20.0.11'), 8443],
  ['a row across the border', istio.backend, at('10.20.0.11'), 8443],
];
const localClosed: Question[] = [
  ...neverOpen,
  ['the guard to the API', istio.guard, node, 6443],
  ...[6443, 10250, 10255, 2379, 2380, 10257, 10259, 10249, 10256, 30080, 31443, 9153].map(
    (port): Question => ['node', istio.backend, node, port],
  ),
  ['the API', istio.backend, at(network(local).apiService), 443],
  ['no row across the border', istio.frontend, at('10.20.0.11'), 8443],
  ...[8300, 8301, 8500, 8501, 8502, 8503, 20000].map(
    (port): Question => ['Consul', istio.backend, at('10.20.0.10'), port],
  ),
  ['info, past its gateway', istio.backend, at('10.20.0.20'), 20000],
  ['the border', istio.backend, at(network(local).border), 22],
];

const aws = labFile('aws');
const awsNeeds: Question[] = [
  ...meshNeeds,
  ['names', istio.backend, istio.dns, 53, 'UDP'],
  ['names', istio.frontend, istio.dns, 53, 'UDP'],
  ['istiod to the API', istio.istiod, at('172.20.0.1'), 443],
  ['istiod to the interfaces of the API', istio.istiod, at('10.10.5.5'), 443],
  ['the API server to the webhook', at('10.10.5.5'), istio.istiod, 15017],
  ['the exchange to the API', istio.plane, at('172.20.0.1'), 443],
  ["the guard's keeper to the API", istio.keeper, at('172.20.0.1'), 443],
  ['the API server to the guard', at('10.10.5.5'), istio.guard, 8443],
  ['peering', istio.plane, gateway(aws), 8443],
  ['a row across the border', istio.backend, gateway(aws), 8443],
];
const awsClosed: Question[] = [
  // The API server's own addresses are any of the network's, so webhooks are open to the network, over TLS.
  ...neverOpen.filter(([, , to, port]) => !(to === istio.istiod && port === 15017) && to !== istio.guard),
  ['the API', istio.backend, at('172.20.0.1'), 443],
  ['the API', istio.backend, at('10.10.5.5'), 443],
  ['the kubelet', istio.backend, at('10.10.5.5'), 10250],
  ['a node port', istio.backend, at('10.10.5.5'), 30080],
  ['metrics of the name server', istio.backend, istio.dns, 9153],
  ['another pod of the system', istio.backend, istio.metrics, 53],
  ['no row across the border', istio.frontend, gateway(aws), 8443],
];

const consulNeeds: Question[] = [
  ['a proxy asks a server', consul.info, consul.server, 8502],
  ['a pod logs in', consul.stranger, consul.server, 8501],
  ['names', consul.info, consul.dns, 53, 'UDP'],
  ['names', consul.gateway, consul.dns, 53, 'UDP'],
  ['servers', consul.server, consul.second, 8300],
  ['gossip', consul.server, consul.second, 8301, 'UDP'],
  ['the gateway asks a server', consul.gateway, consul.server, 8502],
  ['a job makes tokens', consul.job, consul.server, 8501],
  ['a job asks the API', consul.job, at('172.20.0.1'), 443],
  ['the API server to the injector', at('10.20.5.5'), consul.injector, 8080],
  ['calls from the other mesh', at('10.10.1.12'), consul.gateway, 8443],
  ['peering from the server', consul.server, consul.gateway, 8443],
  ['the ingress gateway, inside the network', at('10.20.5.5'), consul.ingress, 8080],
  ['the gateway passes calls on', consul.gateway, consul.info, 20000],
];
const consulClosed: Question[] = [
  ...[8300, 8301, 8302, 8500, 8503, 8600].map((port): Question => ['server', consul.info, consul.server, port]),
  ['gossip', consul.info, consul.server, 8301, 'UDP'],
  ['the injector', consul.info, consul.injector, 9445],
  ['a program past its proxy', consul.stranger, consul.info, 20000],
  ['the program itself', consul.gateway, consul.info, 8080],
  ['the kubelet', consul.info, at('10.20.5.5'), 10250],
  ['the API', consul.info, at('172.20.0.1'), 443],
  ['a metadata service', consul.info, at('169.254.169.254'), 80],
  ['the gateway by a program without a row', consul.info, consul.gateway, 8443],
  ['the ingress gateway', consul.info, consul.ingress, 8080],
  ['somebody outside', at('192.0.2.1'), consul.server, 8501],
];

function gateway(lab: Lab): End {
  return at(lab.meshes.find(({ kind }) => kind === 'consul')?.gateway?.address ?? '');
}

const sides = [
  { of: 'local, Istio', side: sideOf(local, 'west'), needs: localNeeds, closed: localClosed },
  { of: 'aws, Istio', side: sideOf(aws, 'west'), needs: awsNeeds, closed: awsClosed },
  { of: 'aws, Consul', side: sideOf(aws, 'east'), needs: consulNeeds, closed: consulClosed },
];

const answer = (side: Cluster, [, from, to, port, protocol]: Question) => allows(side, from, to, port, protocol);
const text = ([what, from, to, port]: Question) => `${what}: ${from.address} to ${to.address}, port ${port}`;

describe.each(sides)('$of', ({ side, needs, closed }) => {
  test('what works needs, is open', () => {
    expect(needs.filter((question) => !answer(side, question)).map(text)).toEqual([]);
  });

  test('what nobody needs, is closed', () => {
    expect(closed.filter((question) => answer(side, question)).map(text)).toEqual([]);
  });

  test('without any one of the policies an answer differs', () => {
    const questions = [...needs, ...closed];
    const before = questions.map((question) => answer(side, question));
    const idle = side.policies.filter((removed) => {
      const without = { ...side, policies: side.policies.filter((policy) => policy !== removed) };
      return questions.every((question, index) => answer(without, question) === before[index]);
    });
    expect(idle.map(({ metadata }) => `${metadata.namespace}/${metadata.name}`)).toEqual([]);
  });

  test('every namespace of the plan is closed by default', () => {
    const closedOnes = side.policies.filter(({ metadata }) => metadata.name === 'default');
    expect(closedOnes.map(({ metadata }) => metadata.namespace).sort()).toEqual(Object.keys(side.namespaces).sort());
  });
});

test('on a cluster of a kubeconfig the same rows are open, and an existing mesh gets no policy of ours', () => {
  const lab = labFile('kubeconfig');
  const side = sideOf(lab, 'west');
  const names: Question = ['names, wherever they are', istio.backend, at('10.30.0.2'), 53, 'UDP'];
  const api: Question = ['the API, wherever it is', istio.istiod, at('10.30.0.2'), 6443];
  expect([...meshNeeds, names, api].filter((question) => !answer(side, question)).map(text)).toEqual([]);
  expect(answer(side, ['the API', istio.backend, at('10.30.0.2'), 6443])).toBe(false);
  expect(allows(side, istio.frontend, istio.plane, 8300)).toBe(false);
});

const keys = ['OPENWEATHER_API_KEY'];
const elsewhere: Question[] = [
  ["another cluster's Services", istio.backend, at('10.100.0.1'), 443],
  ['a network that a VPC may be routed to', istio.backend, at('10.0.0.1'), 443],
  ['a network that a VPC may be routed to', istio.backend, at('172.16.0.1'), 443],
  ['a network that a VPC may be routed to', istio.backend, at('192.168.1.1'), 443],
  ['a second block of a VPC', istio.backend, at('100.64.0.1'), 443],
  ['the credentials of pods', istio.backend, at('169.254.170.23'), 443],
  ['the other mesh', istio.backend, at('10.20.5.5'), 443],
  ["guard's Service", istio.backend, at('172.20.77.7'), 443],
  ['a host outside, at another port', istio.backend, at('192.0.2.1'), 80],
  ['a host outside, of a pod without the key', istio.frontend, at('192.0.2.1'), 443],
];

test.each([
  ['aws', aws, [...awsClosed, ...elsewhere]],
  ['kubeconfig', labFile('kubeconfig'), elsewhere],
])('%s: a service with a host outside reaches the internet, and no private network', (_, lab, shut) => {
  const side = sideOf(lab, 'west', keys);
  expect(allows(side, istio.backend, at('192.0.2.1'), 443)).toBe(true);
  expect(shut.filter((question) => answer(side, question)).map(text)).toEqual([]);
});
