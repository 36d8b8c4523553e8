/** Federation planes: one for each pair of an Istio mesh and a foreign mesh that it exchanges calls with. */
import { peers } from './access/table';
import { consulServiceIdentity, consulTrustDomain, planeClusterId, planeDatacenter } from './identity';
import type { Lab, Mesh } from './lab';
import { planeNamespace } from './names';

/** Trust domain of the federation identities by which services of `own` are known in `peer`. */
export function federationTrustDomain(lab: Lab, own: string, peer: string): string {
  return consulTrustDomain(planeClusterId(lab.name, own, peer));
}

/** SPIFFE ID by which a service of `own` is known in `peer`. */
export function federationIdentity(lab: Lab, own: string, peer: string, service: string): string {
  return consulServiceIdentity(federationTrustDomain(lab, own, peer), planeDatacenter, service);
}

/** Istio meshes with the foreign meshes they need a plane for. */
export function planes(lab: Lab): { own: Mesh; peer: Mesh }[] {
  return lab.meshes
    .filter(({ kind }) => kind === 'istio')
    .flatMap((own) => peers(lab, own).map((peer) => ({ own, peer })));
}

/** Namespaces of the planes that speak for a mesh. */
export function planeNamespaces(lab: Lab, { name }: Pick<Mesh, 'name'>): readonly string[] {
  return planes(lab)
    .filter(({ own }) => own.name === name)
    .map(({ peer }) => planeNamespace(peer.name));
}
