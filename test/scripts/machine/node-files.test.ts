import { parse } from 'yaml';
import { mesh } from '../../../model/lab';
import { kubernetesNetwork } from '../../../model/local';
import {
  cniConfig,
  containerdConfig,
  corefile,
  kubeconfig,
  kubeletConfig,
  nodeCertificates,
  nodePaths,
  nodeRbac,
} from '../../../scripts/machine/node-files';
import { testLab } from './lab';

const paths = nodePaths('/var/lib/isthmus/unit/west');
const network = kubernetesNetwork(mesh(testLab(), 'west'));

it('lets nobody anonymous reach the kubelet, and binds it to the node', () => {
  const config = parse(kubeletConfig(paths, network, '/isthmus-unit/west'));
  expect(config).toMatchObject({
    address: '10.10.0.2',
    readOnlyPort: 0,
    authentication: { anonymous: { enabled: false } },
    authorization: { mode: 'Webhook' },
    cgroupRoot: '/isthmus-unit/west',
  });
});

it('keeps all of containerd below the state folder', () => {
  const config = containerdConfig(paths, { runc: '/c/runc', cni: '/c/cni' });
  for (const [, path] of config.matchAll(/^\s*(?:root|state|address|Root|conf_dir) = "(.*)"$/gm)) {
    expect(path).toMatch(/^\/var\/lib\/isthmus\/unit\/west\//);
  }
  expect(config).toContain('netns_mounts_under_state_dir = true');
  expect(config).toContain('restrict_oom_score_adj = true');
});

it('gives pods addresses of the mesh only', () => {
  expect(JSON.parse(cniConfig(paths, network)).plugins[0].ipam.ranges).toEqual([[{ subnet: '10.10.1.0/24' }]]);
});

it('answers foreign names with "no such name" instead of asking the network', () => {
  const text = corefile(paths, network);
  expect(text).toContain('rcode NXDOMAIN');
  expect(text).not.toContain('forward');
});

it('makes a certificate of the API server that holds from the machine, the node and a pod', () => {
  const { ca = [] } = nodeCertificates('west', network);
  const server = ca.find((request) => request.name === 'apiserver');
  expect(server?.addresses).toEqual(['127.0.0.1', '10.10.0.2', '10.10.192.1']);
});

it('makes only one administrator', () => {
  const all = Object.values(nodeCertificates('west', network)).flat();
  expect(all.filter((request) => request.organization === 'system:masters').map(({ name }) => name)).toEqual(['admin']);
});

it('gives CoreDNS nothing but to read names', () => {
  const { items } = JSON.parse(nodeRbac());
  const role = items.find((item: { kind: string }) => item.kind === 'ClusterRole');
  expect(role.rules.flatMap((rule: { verbs: string[] }) => rule.verbs)).toEqual(['list', 'watch', 'list', 'watch']);
});

it('writes a kubeconfig with everything inline', () => {
  const config = parse(kubeconfig('admin', 'https://127.0.0.1:16443', { ca: 'A', certificate: 'B', key: 'C' }));
  expect(config.clusters[0].cluster).toEqual({
    server: 'https://127.0.0.1:16443',
    'certificate-authority-data': 'QQ==',
  });
  expect(config.users[0].user).toEqual({ 'client-certificate-data': 'Qg==', 'client-key-data': 'Qw==' });
});
