/** Names that the product uses itself. A lab file that takes one would overwrite a part of the lab. */
import { guardNamespace } from './guard/webhook';
import { attackNamespace, benchNamespace, consulNamespace, federationGateway, federationNamespace } from './names';
import { labVariables } from './program-environment';

/** Longest mesh name: the longest Helm release is named after a service of 30 characters and a mesh. */
export const longestMeshName = 11;

/** Folders beside those of the meshes, and the namespace of the border router. */
const meshNames = ['bin', 'border', 'logs', 'plan', 'run', 'volumes'];

const namespaces = {
  istio: ['default', federationNamespace, federationGateway, benchNamespace, attackNamespace, guardNamespace],
  consul: ['default', consulNamespace, attackNamespace, guardNamespace],
};
const namespacePrefixes = { istio: ['istio-', 'kube-', 'plane-'], consul: ['kube-'] };

/** Services that a federation plane has in its catalog besides the exported ones. */
const planeServices = ['consul', 'mesh-gateway'];

const consulServices = ['border', 'consul', 'ingress-gateway', 'mesh-gateway', 'server'];

export function isReservedMesh(name: string): boolean {
  return meshNames.includes(name);
}

/** Whether a namespace of a mesh's cluster is the product's own, or Kubernetes'. */
export function isReservedNamespace(name: string, kind: 'istio' | 'consul'): boolean {
  return namespaces[kind].includes(name) || namespacePrefixes[kind].some((prefix) => name.startsWith(prefix));
}

/** Whether a service of a mesh would share its name with an account, a release or a host of the product. */
export function isReservedService(name: string, kind: 'istio' | 'consul'): boolean {
  switch (kind) {
    case 'istio':
      return name === 'default' || /^(import|istio)-/.test(name) || isReservedSecret(name);
    case 'consul':
      return consulServices.includes(name) || name.endsWith('-sidecar-proxy');
  }
}

/** Whether a service can not be exported under its name: the federation plane's catalog has one of its own by it. */
export function isReservedExport(name: string): boolean {
  return planeServices.includes(name) || name.endsWith('-sidecar-proxy');
}

/** Secrets that the trust exchange fills. */
export function isReservedSecret(name: string): boolean {
  return name.endsWith('-federation');
}

/** Containers that a mesh or the guard puts into a pod. */
export function isReservedContainer(name: string): boolean {
  return /^(istio|consul|isthmus)(-|$)/.test(name);
}

/** Whether the lab itself sets a variable: an own value would let the program listen beside its proxy. */
export function isReservedVariable(name: string): boolean {
  return labVariables.some((own) => own === name) || name.startsWith('ISTHMUS_');
}
