/** Names that more than one part of the product must agree on. */

/**
 * Tag of every AWS resource of a lab, and label of the namespaces and Helm releases that it makes in a cluster; its value
 * is the lab's name. By it a lab knows its own when its record is lost.
 */
export const labTag = 'isthmus.dev/lab';

/** Namespace that holds ServiceEntries and WorkloadEntries and nothing else. */
export const federationNamespace = 'federation';

/** Label by which a ServiceEntry selects the WorkloadEntries of an import. */
export const importLabel = 'isthmus.dev/import';

/** Namespace of the federation plane towards a peer mesh. */
export function planeNamespace(peer: string): string {
  return `plane-${peer}`;
}

/** Host name by which pods of a mesh call a foreign service. */
export function importHost(service: string, peer: string): string {
  return `${service}.${peer}.example`;
}

/** Import name: ServiceEntry, WorkloadEntry prefix and label value. */
export function importName(service: string, peer: string): string {
  return `${service}-${peer}`;
}

/** Secret with the consumer's federation leaf, key and the peer's roots, in the consumer's namespace. */
export function federationSecret(consumer: string, peer: string): string {
  return `${consumer}-${peer}-federation`;
}

/** Namespace, release, service account and `istio` label of the gateway by which other meshes call exported services. */
export const federationGateway = 'federation-gateway';

/** Policy of the federation gateway that refuses by default. */
export const denyAllName = 'deny-all';

/** Export name: Gateway, VirtualService, policies and their release. */
export function exportName(service: string, peer: string): string {
  return `${service}-${peer}`;
}

/** Secret of the federation gateway with the export's federation leaf, key and the peer's roots. */
export function exportSecret(service: string, peer: string): string {
  return `${service}-${peer}-export`;
}

/** Environment variable by which a program finds a service that it may call: `INFO_URL` for `info`. */
export function upstreamVariable(service: string): string {
  return `${service.toUpperCase().replaceAll('-', '_')}_URL`;
}

/** File in the checkout that keeps a stack's Terraform state, where the lab file names no bucket. */
export function stateFileName(stack: string): string {
  return `terraform.${stack}.tfstate`;
}

/** Folder of the folders of all raised labs. */
export const statesFolder = '/var/lib/isthmus';

/** Folder that holds everything a raised lab keeps on its machine. */
export function stateFolder(lab: string): string {
  return `${statesFolder}/${lab}`;
}

/** Folder of packets that are captured while something runs; empty or absent otherwise. */
export function capturesFolder(lab: string): string {
  return `${stateFolder(lab)}/captures`;
}

/** Namespace, release and service account of Istio's ingress gateway. */
export const ingressNamespace = 'istio-ingress';

/** Namespace of Consul's chart on Kubernetes. */
export const consulNamespace = 'consul';

/** Consul service name of the ingress gateway. */
export const ingressGatewayService = 'ingress-gateway';

/** Header by which a caller asks for a connection of its own: used by `isthmus call` and `isthmus bench`. */
export const ownConnectionHeader = 'x-isthmus-own-connection';

/** Volume that holds a federation plane's Raft data, and its folder on the lab machine. */
export function planeVolume(lab: string, peer: string): { name: string; path: string } {
  return { name: `plane-${peer}`, path: `${stateFolder(lab)}/volumes/plane-${peer}` };
}

/** Administrator's kubeconfig of a mesh on the lab machine. */
export function kubeconfigFile(lab: string, mesh: string): string {
  return `${stateFolder(lab)}/${mesh}/admin.kubeconfig`;
}

/** Namespace that `isthmus bench` makes for its in-mesh callee and removes again. */
export const benchNamespace = 'isthmus-bench';

/** Namespace that `isthmus attack` makes for its attackers and removes again. */
export const attackNamespace = 'isthmus-attack';

/** The same for use inside the mesh's own network. */
export function insideKubeconfigFile(lab: string, mesh: string): string {
  return `${stateFolder(lab)}/${mesh}/node-admin.kubeconfig`;
}
