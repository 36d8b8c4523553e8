/** What the plan tells a federation plane. */
import { planeEntries } from './access/consul';
import { type Cidr, contains, formatCidr, parseAddress } from './cidr';
import { resolvedExports } from './exports';
import type { ImportConfig, PlaneConfig } from './federation';
import { meshGatewayPort } from './gateways';
import { planeDatacenter } from './identity';
import { resolvedImports } from './imports';
import type { Lab, Mesh } from './lab';
import { federationGateway, federationNamespace, federationSecret } from './names';
import { federationIdentity, federationTrustDomain } from './planes';

/** Where a gateway of the peer may be: in its network, or at the one address outside that the lab file names. */
function gatewayNetwork({ network, gateway }: Mesh): Cidr {
  const address = gateway === undefined ? undefined : parseAddress(gateway.address);
  return address === undefined || contains(network, address) ? network : { base: address, prefix: 32 };
}

/** All that the plane's pod is told. */
export function planeConfig(lab: Lab, own: Mesh, peer: Mesh): PlaneConfig {
  const exported = resolvedExports(lab, own).filter((entry) => entry.peer.name === peer.name);
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
    exports: exported.map(({ name, service, secret, identity }) => ({
      name,
      service: service.name,
      namespace: federationGateway,
      secret,
      identity,
    })),
    ...(own.gateway === undefined || exported.length === 0 ? {} : { gateway: own.gateway }),
    configEntries: planeEntries(exported),
  };
}
