/** What every cluster has besides our pods: its name server and its API, as each platform places them. */
import { type Cidr, formatCidr, host } from '../cidr';
import type { Lab, Mesh } from '../lab';
import { kubernetesNetwork } from '../local';
import { serviceNetwork } from '../network-plan';
import { address, type Opening, type Peer, podsOf, tcp } from './policy';

/** To the cluster's name server. A cluster that a kubeconfig names may have it in pods, on each node, or outside. */
export function nameServer(mesh: Mesh): Opening {
  const ports = [{ protocol: 'UDP', port: 53 } as const, ...tcp(53)];
  switch (mesh.place.platform) {
    case 'local':
      return { peers: [address(kubernetesNetwork(mesh).node)], ports };
    case 'aws':
      return { peers: [podsOf('kube-system', { 'k8s-app': 'kube-dns' })], ports };
    case 'kubeconfig':
      return { ports };
  }
}

/**
 * To the Kubernetes API. An enforcer may see the address of the Service `kubernetes`, or the one behind it, so both are
 * named. Of a cluster that a kubeconfig names neither is known.
 */
export function kubernetesApi(lab: Lab, mesh: Mesh): Opening[] {
  switch (mesh.place.platform) {
    case 'local': {
      const { apiService, node } = kubernetesNetwork(mesh);
      return [
        { peers: [address(apiService)], ports: tcp(443) },
        { peers: [address(node)], ports: tcp(6443) },
      ];
    }
    case 'aws':
      return [{ peers: [...apiServices(lab, mesh.place.cluster).map(address), block(mesh.network)], ports: tcp(443) }];
    case 'kubeconfig':
      return [{ ports: tcp(443, 6443) }];
  }
}

/** First service address of an EKS cluster: of one that was there before, any that EKS gives by default. */
function apiServices(lab: Lab, existing: string | undefined): string[] {
  if (existing !== undefined) return ['10.100.0.1', '172.20.0.1'];
  return [host(serviceNetwork(lab.meshes.map(({ network }) => network)), 1)];
}

/** From the API server to the ports of webhooks. */
export function fromKubernetesApi(mesh: Mesh, ...ports: readonly number[]): Opening {
  switch (mesh.place.platform) {
    case 'local':
      return { peers: [address(kubernetesNetwork(mesh).node)], ports: tcp(...ports) };
    case 'aws':
      // The control plane has interfaces in the VPC, at addresses that nobody knows before.
      return { peers: [block(mesh.network)], ports: tcp(...ports) };
    case 'kubeconfig':
      return { ports: tcp(...ports) };
  }
}

/** To the one place where a peer takes calls and peering. */
export function toGateway({ gateway }: Mesh): Opening[] {
  return gateway === undefined ? [] : [{ peers: [address(gateway.address)], ports: tcp(gateway.port) }];
}

export function block(network: Cidr): Peer {
  return { ipBlock: { cidr: formatCidr(network) } };
}
