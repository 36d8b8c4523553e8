/** Exports of an Istio mesh: services that foreign services may call, with all the names that the plan needs. */
import { type Grant, grantsInto, type Rule } from './access/table';
import { consulServiceIdentity, peeredServiceSni } from './identity';
import { type Lab, type Mesh, mesh, type Service } from './lab';
import { exportName, exportSecret } from './names';
import { federationIdentity, federationTrustDomain } from './planes';

/** A foreign service that may call an export. */
export interface ExportCaller {
  readonly service: Service;
  /** SPIFFE ID of its certificate, as its own mesh issues it. */
  readonly identity: string;
  readonly rules: readonly Rule[];
}

/** A service of an Istio mesh made callable in one peer. */
export interface ResolvedExport {
  readonly service: Service;
  readonly peer: Mesh;
  readonly name: string;
  /** Server name that the peer's proxies ask the federation gateway for. */
  readonly sni: string;
  /** Federation identity under which the gateway serves it. */
  readonly identity: string;
  /** Secret of the gateway that carries this identity. */
  readonly secret: string;
  readonly callers: readonly ExportCaller[];
}

/** Exports in the order of their names. */
export function resolvedExports(lab: Lab, own: Mesh): ResolvedExport[] {
  if (own.kind !== 'istio') return [];
  const crossing = grantsInto(lab, own);
  const pairs = new Map(crossing.map(({ from, to }) => [`${to.id} ${from.mesh}`, { callee: to, peer: from.mesh }]));
  return [...pairs.values()]
    .map(({ callee, peer }) => {
      const rows = crossing.filter(({ from, to }) => to.id === callee.id && from.mesh === peer);
      return resolve(lab, own, callee, mesh(lab, peer), rows);
    })
    .sort((a, b) => (a.name < b.name ? -1 : 1));
}

function resolve(lab: Lab, own: Mesh, callee: Service, peer: Mesh, rows: readonly Grant[]): ResolvedExport {
  return {
    service: callee,
    peer,
    name: exportName(callee.name, peer.name),
    // The name in it is the one that the plane, which exports, gave to the peer.
    sni: peeredServiceSni(callee.name, peer.name, federationTrustDomain(lab, own.name, peer.name)),
    identity: federationIdentity(lab, own.name, peer.name, callee.name),
    secret: exportSecret(callee.name, peer.name),
    callers: rows.map(({ from, rules }) => ({
      service: from,
      identity: consulServiceIdentity(peer.trustDomain, peer.datacenter ?? '', from.name),
      rules,
    })),
  };
}
