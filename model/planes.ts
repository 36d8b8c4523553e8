/** Federation planes: one for each pair of an Istio mesh and a foreign mesh that it exchanges calls with. */
import { peers } from './access/table';
import { type Cidr, contains, formatCidr, parseAddress } from './cidr';
import type { ImportConfig, PlaneConfig } from './federation';
import { meshGatewayPort } from './gateways';
import { consulServiceIdentity, consulTrustDomain, planeClusterId, planeDatacenter } from './identity';
import { resolvedImports } from './imports';
import type { Lab, Mesh } from './lab';
import { federationNamespace, federationSecret } from './names';

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

/** Where a gateway of the peer may be: in its network, or at the one address outside that the lab file names. */
function gatewayNetwork({ network, gateway }: Mesh): Cidr {
  const address = gateway === undefined ? undefined : parseAddress(gateway.address);
  return address === undefined || contains(network, address) ? network : { base: address, prefix: 32 };
}

/** All that the plane's pod is told. */
export function planeConfig(lab: Lab, own: Mesh, peer: Mesh): PlaneConfig {
  return {
    lab: lab.name,
    mesh: own.name,
    peer: peer.name,
    datacenter: planeDatacenter,
    trustDomain: federationTrustDomain(lab, own.name, peer.name),
    peerTrustDomain: peer.trustDomain,
    peerNetwork: formatCidr(gatewayNetwork(peer)),
    peerPort: peer.gateway?.port ?? meshGatewayPort,
    imports: resolvedImports(lab, own)
      .filter((entry) => entry.peer.name === peer.name)
      .map(
        ({ name, service, sni, identity, consumers }): ImportConfig => ({
          name,
          service: service.name,
          namespace: federationNamespace,
          sni,
          identity,
          consumers: consumers.map((consumer) => ({
            service: consumer.name,
            namespace: consumer.namespace,
            secret: federationSecret(consumer.name, peer.name),
            identity: federationIdentity(lab, own.name, peer.name, consumer.name),
          })),
        }),
      ),
    configEntries: [],
  };
}
