/**
 * SPIFFE identities, trust domains and SNI names. All are known before anything runs, so that the plan can name them
 * and a person can review them. Format source: Consul 1.22 `agent/connect/uri_service.go`, `sni.go`; Istio SPIFFE docs.
 */
import { v5 as uuidv5 } from 'uuid';

/** UUIDv5 namespace of this product; changing it renames every trust domain. */
const namespace = 'c1b3f3a4-6f43-5b0e-9a3c-6d1f7e2f9f10';

/** The datacenter name of every federation plane. */
export const planeDatacenter = 'istio';

/** Istio's own trust domain. It never leaves Istio. */
export const istioTrustDomain = 'cluster.local';

/** Consul cluster id of a mesh: `connect.ca_config.cluster_id`, honoured at first bootstrap when it is a UUID. */
export function clusterId(lab: string, mesh: string): string {
  return uuidv5(`${lab}/${mesh}`, namespace);
}

/** Cluster id of the federation plane that speaks for `mesh` towards `peer`. One plane per foreign mesh. */
export function planeClusterId(lab: string, mesh: string, peer: string): string {
  return uuidv5(`${lab}/${mesh}/plane/${peer}`, namespace);
}

export function consulTrustDomain(id: string): string {
  return `${id}.consul`;
}

export function consulServiceIdentity(trustDomain: string, datacenter: string, service: string): string {
  return `spiffe://${trustDomain}/ns/default/dc/${datacenter}/svc/${service}`;
}

export function consulGatewayIdentity(trustDomain: string, datacenter: string): string {
  return `spiffe://${trustDomain}/gateway/mesh/dc/${datacenter}`;
}

/** Istio principal as AuthorizationPolicy writes it: without `spiffe://`. */
export function istioPrincipal(trustDomain: string, ns: string, account: string): string {
  return `${trustDomain}/ns/${ns}/sa/${account}`;
}

export function istioIdentity(trustDomain: string, ns: string, account: string): string {
  return `spiffe://${istioPrincipal(trustDomain, ns, account)}`;
}

/**
 * SNI by which a peer reaches an exported Consul service.
 * @param peer the name that the exporting side gave to the calling side
 */
export function peeredServiceSni(service: string, peer: string, trustDomain: string): string {
  return `${service}.default.default.${peer}.external.${trustDomain}`;
}
