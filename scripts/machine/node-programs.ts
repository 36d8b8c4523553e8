/** Command lines of a Kubernetes node's programs. Every port is on the node's address or its loopback. */
import { formatCidr } from '../../model/cidr';
import type { KubernetesNetwork } from '../../model/local';
import { bundleFile } from '../bundle';
import { locate } from './binaries';
import type { Daemon } from './daemon';
import type { NodePaths } from './node-files';

/** etcd, API server, controller manager and scheduler, in the order in which they start. */
export function controlPlane(paths: NodePaths, network: KubernetesNetwork): readonly Daemon[] {
  return [etcd(paths), apiserver(paths, network), controllerManager(paths, network), scheduler(paths)];
}

/** Kubelet, kube-proxy, CoreDNS and the enforcer of NetworkPolicies. */
export function nodeServices(paths: NodePaths, network: KubernetesNetwork, node: string): readonly Daemon[] {
  const { folder } = paths;
  return [
    // First: what it does not know passes nothing, so it is there before any pod.
    networkPolicy(paths, network),
    {
      name: 'kubelet',
      command: locate('kubelet'),
      args: flags({
        config: `${folder}/kubelet.yaml`,
        kubeconfig: `${folder}/node.kubeconfig`,
        'hostname-override': node,
        'node-ip': network.node,
        'root-dir': `${folder}/kubelet`,
        'cert-dir': `${folder}/kubelet/pki`,
      }),
    },
    {
      name: 'proxy',
      command: locate('kube-proxy'),
      args: flags({
        kubeconfig: `${folder}/proxy.kubeconfig`,
        'hostname-override': node,
        'cluster-cidr': formatCidr(network.pods),
        'bind-address': network.node,
        'healthz-bind-address': '127.0.0.1:10256',
        // The connection table's limits belong to the machine, not to the lab.
        'conntrack-max-per-core': '0',
        'conntrack-tcp-timeout-established': '0',
        'conntrack-tcp-timeout-close-wait': '0',
      }),
    },
    { name: 'coredns', command: locate('coredns'), args: ['-conf', `${folder}/Corefile`] },
  ];
}

function networkPolicy({ pki }: NodePaths, network: KubernetesNetwork): Daemon {
  return {
    name: 'network-policy',
    command: process.execPath,
    args: [bundleFile('network-policy'), `https://${network.node}:6443`, pki, formatCidr(network.pods)],
  };
}

function etcd(paths: NodePaths): Daemon {
  const client = 'https://127.0.0.1:2379';
  return {
    name: 'etcd',
    command: locate('etcd'),
    args: [
      ...flags({
        'data-dir': `${paths.folder}/etcd`,
        'listen-client-urls': client,
        'advertise-client-urls': client,
        'listen-peer-urls': 'http://127.0.0.1:2380',
        'cert-file': `${paths.pki}/etcd.crt`,
        'key-file': `${paths.pki}/etcd.key`,
        'trusted-ca-file': `${paths.pki}/etcd-ca.crt`,
        'log-level': 'warn',
      }),
      '--client-cert-auth',
      // It holds nothing worth keeping after a power cut, and fsync is most of its time.
      '--unsafe-no-fsync',
    ],
  };
}

function apiserver({ pki }: NodePaths, network: KubernetesNetwork): Daemon {
  return {
    name: 'apiserver',
    command: locate('kube-apiserver'),
    args: flags({
      'etcd-servers': 'https://127.0.0.1:2379',
      'etcd-cafile': `${pki}/etcd-ca.crt`,
      'etcd-certfile': `${pki}/etcd-client.crt`,
      'etcd-keyfile': `${pki}/etcd-client.key`,
      'bind-address': network.node,
      'advertise-address': network.node,
      'secure-port': '6443',
      'service-cluster-ip-range': formatCidr(network.services),
      'authorization-mode': 'Node,RBAC',
      'enable-admission-plugins': 'NodeRestriction',
      'anonymous-auth': 'false',
      'client-ca-file': `${pki}/ca.crt`,
      'tls-cert-file': `${pki}/apiserver.crt`,
      'tls-private-key-file': `${pki}/apiserver.key`,
      'service-account-issuer': 'https://kubernetes.default.svc',
      'service-account-signing-key-file': `${pki}/sa.key`,
      'service-account-key-file': `${pki}/sa.pub`,
      'kubelet-certificate-authority': `${pki}/ca.crt`,
      'kubelet-client-certificate': `${pki}/kubelet-client.crt`,
      'kubelet-client-key': `${pki}/kubelet-client.key`,
      'kubelet-preferred-address-types': 'InternalIP',
      // Istio's init containers need NET_ADMIN; Pod Security decides per namespace.
      'allow-privileged': 'true',
      profiling: 'false',
    }),
  };
}

function controllerManager({ folder, pki }: NodePaths, network: KubernetesNetwork): Daemon {
  return {
    name: 'controller-manager',
    command: locate('kube-controller-manager'),
    args: flags({
      kubeconfig: `${folder}/controller-manager.kubeconfig`,
      'bind-address': '127.0.0.1',
      'service-account-private-key-file': `${pki}/sa.key`,
      'root-ca-file': `${pki}/ca.crt`,
      'cluster-signing-cert-file': `${pki}/ca.crt`,
      'cluster-signing-key-file': `${pki}/ca.key`,
      'cluster-cidr': formatCidr(network.pods),
      // A claim that is seen before its volume is looked at again only then; 15 s unless told.
      'pvclaimbinder-sync-period': '1s',
      'use-service-account-credentials': 'true',
      'leader-elect': 'false',
      profiling: 'false',
    }),
  };
}

function scheduler({ folder }: NodePaths): Daemon {
  return {
    name: 'scheduler',
    command: locate('kube-scheduler'),
    args: flags({
      kubeconfig: `${folder}/scheduler.kubeconfig`,
      'bind-address': '127.0.0.1',
      'leader-elect': 'false',
      profiling: 'false',
    }),
  };
}

function flags(values: Readonly<Record<string, string>>): string[] {
  return Object.entries(values).map(([name, value]) => `--${name}=${value}`);
}
