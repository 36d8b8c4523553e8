/** The config files of a Kubernetes node, as text. No I/O. */
import { stringify } from 'yaml';
import { formatCidr } from '../../model/cidr';
import type { KubernetesNetwork } from '../../model/local';
import type { Request } from './pki';

/** Where a node keeps its things; all of it is below the lab's state folder. */
export interface NodePaths {
  readonly folder: string;
  readonly pki: string;
  readonly criSocket: string;
}

export function nodePaths(folder: string): NodePaths {
  return { folder, pki: `${folder}/pki`, criSocket: `${folder}/cri/containerd.sock` };
}

/** Certificates of a node's programs, by issuing authority. etcd's own authority keeps everyone but the API server out. */
export function nodeCertificates(
  name: string,
  network: KubernetesNetwork,
): Readonly<Record<string, readonly Request[]>> {
  return {
    ca: [
      {
        name: 'apiserver',
        commonName: 'kube-apiserver',
        dns: ['localhost', 'kubernetes', 'kubernetes.default', 'kubernetes.default.svc'],
        addresses: ['127.0.0.1', network.node, network.apiService],
      },
      { name: 'admin', commonName: 'isthmus-admin', organization: 'system:masters' },
      { name: 'kubelet-client', commonName: kubeletClientUser },
      { name: 'node', commonName: `system:node:${name}`, organization: 'system:nodes' },
      { name: 'kubelet', commonName: `system:node:${name}`, dns: [name], addresses: [network.node] },
      { name: 'controller-manager', commonName: 'system:kube-controller-manager' },
      { name: 'scheduler', commonName: 'system:kube-scheduler' },
      { name: 'proxy', commonName: 'system:kube-proxy' },
      { name: 'coredns', commonName: corednsUser },
      { name: 'network-policy', commonName: networkPolicyUser },
    ],
    'etcd-ca': [
      { name: 'etcd', commonName: 'etcd', dns: ['localhost'], addresses: ['127.0.0.1'] },
      { name: 'etcd-client', commonName: 'kube-apiserver' },
    ],
  };
}

const kubeletClientUser = 'kube-apiserver-kubelet-client';
const corednsUser = 'system:coredns';
const networkPolicyUser = 'isthmus:network-policy';

/** A kubeconfig with everything inline. `ca`, `certificate` and `key` are PEM text. */
export function kubeconfig(
  name: string,
  server: string,
  pem: { readonly ca: string; readonly certificate: string; readonly key: string },
): string {
  const base64 = (text: string) => Buffer.from(text).toString('base64');
  return stringify(
    {
      apiVersion: 'v1',
      kind: 'Config',
      clusters: [{ name, cluster: { server, 'certificate-authority-data': base64(pem.ca) } }],
      users: [
        { name, user: { 'client-certificate-data': base64(pem.certificate), 'client-key-data': base64(pem.key) } },
      ],
      contexts: [{ name, context: { cluster: name, user: name } }],
      'current-context': name,
    },
    { lineWidth: 0 },
  );
}

/** What only our own users need; Kubernetes itself brings the rules of the scheduler, kube-proxy and so on. */
export function nodeRbac(): string {
  const group = 'rbac.authorization.k8s.io';
  const apiVersion = `${group}/v1`;
  const binding = (name: string, role: string, user: string) => ({
    apiVersion,
    kind: 'ClusterRoleBinding',
    metadata: { name },
    roleRef: { apiGroup: group, kind: 'ClusterRole', name: role },
    subjects: [{ apiGroup: group, kind: 'User', name: user }],
  });
  const read = ['list', 'watch'];
  const items = [
    binding('isthmus:kubelet-client', 'system:kubelet-api-admin', kubeletClientUser),
    {
      apiVersion,
      kind: 'ClusterRole',
      metadata: { name: 'isthmus:coredns' },
      rules: [
        { apiGroups: [''], resources: ['services', 'pods', 'namespaces'], verbs: read },
        { apiGroups: ['discovery.k8s.io'], resources: ['endpointslices'], verbs: read },
      ],
    },
    binding('isthmus:coredns', 'isthmus:coredns', corednsUser),
    {
      apiVersion,
      kind: 'ClusterRole',
      metadata: { name: networkPolicyUser },
      rules: [
        { apiGroups: [''], resources: ['pods', 'namespaces'], verbs: read },
        { apiGroups: ['networking.k8s.io'], resources: ['networkpolicies'], verbs: read },
      ],
    },
    binding(networkPolicyUser, networkPolicyUser, networkPolicyUser),
  ];
  return JSON.stringify({ apiVersion: 'v1', kind: 'List', items });
}

/** The kubelet's configuration. `cgroup` is the cgroup below which all pods live. */
export function kubeletConfig(paths: NodePaths, network: KubernetesNetwork, cgroup: string): string {
  return stringify({
    apiVersion: 'kubelet.config.k8s.io/v1beta1',
    kind: 'KubeletConfiguration',
    address: network.node,
    healthzBindAddress: '127.0.0.1',
    readOnlyPort: 0,
    tlsCertFile: `${paths.pki}/kubelet.crt`,
    tlsPrivateKeyFile: `${paths.pki}/kubelet.key`,
    authentication: {
      anonymous: { enabled: false },
      webhook: { enabled: true },
      x509: { clientCAFile: `${paths.pki}/ca.crt` },
    },
    authorization: { mode: 'Webhook' },
    cgroupDriver: 'cgroupfs',
    cgroupRoot: cgroup,
    // Kubernetes 1.35 refuses cgroup v1 without it.
    failCgroupV1: false,
    containerRuntimeEndpoint: `unix://${paths.criSocket}`,
    clusterDNS: [network.node],
    clusterDomain: 'cluster.local',
    resolvConf: `${paths.folder}/resolv.conf`,
    volumePluginDir: `${paths.folder}/kubelet/volume-plugins`,
    failSwapOn: false,
    // The disk is the machine's own: how full it is says nothing about the lab.
    evictionHard: {},
    imageGCHighThresholdPercent: 100,
    imageGCLowThresholdPercent: 99,
  });
}

/** containerd's configuration (1.6 and 1.7). */
export function containerdConfig(paths: NodePaths, programs: { readonly runc: string; readonly cni: string }): string {
  const text = (value: string) => JSON.stringify(value);
  const cri = 'plugins."io.containerd.grpc.v1.cri"';
  return `version = 2
root = ${text(`${paths.folder}/cri/root`)}
state = ${text(`${paths.folder}/cri/state`)}
disabled_plugins = ["io.containerd.internal.v1.opt", "io.containerd.internal.v1.tracing", "io.containerd.tracing.processor.v1.otlp"]
[grpc]
  address = ${text(paths.criSocket)}
[${cri}]
  sandbox_image = "isthmus.invalid/pause:lab"
  # Root in a container or a small VM may lack CAP_SYS_RESOURCE; without this no pod would start there.
  restrict_oom_score_adj = true
  netns_mounts_under_state_dir = true
  disable_tcp_service = true
[${cri}.cni]
  bin_dir = ${text(programs.cni)}
  conf_dir = ${text(`${paths.folder}/cni`)}
[${cri}.containerd]
  snapshotter = "overlayfs"
  default_runtime_name = "runc"
[${cri}.containerd.runtimes.runc]
  runtime_type = "io.containerd.runc.v2"
[${cri}.containerd.runtimes.runc.options]
  BinaryName = ${text(programs.runc)}
  Root = ${text(`${paths.folder}/cri/runc`)}
`;
}

/**
 * Pods are routed, not bridged (plugin ptp): every packet between two pods passes the node's own forwarding, where a
 * policy can see it, and needs no br_netfilter on the machine.
 */
export function cniConfig(paths: NodePaths, network: KubernetesNetwork): string {
  return JSON.stringify({
    cniVersion: '1.0.0',
    name: 'isthmus',
    plugins: [
      {
        type: 'ptp',
        ipMasq: false,
        ipam: {
          type: 'host-local',
          ranges: [[{ subnet: formatCidr(network.pods) }]],
          routes: [{ dst: '0.0.0.0/0' }],
          dataDir: `${paths.folder}/ipam`,
        },
      },
    ],
  });
}

/** DNS of the pods. The lab has no way out, so a name that is not the cluster's does not exist. */
export function corefile(paths: NodePaths, network: KubernetesNetwork): string {
  return `.:53 {
  bind ${network.node}
  errors
  kubernetes cluster.local in-addr.arpa {
    kubeconfig ${paths.folder}/coredns.kubeconfig coredns
  }
  template ANY ANY {
    rcode NXDOMAIN
  }
  cache 5
  loadbalance
}
`;
}
