/** The access table for Consul: config entries, the same through the HTTP API and as CRDs. */
import type { ResolvedExport } from '../exports';
import { consulIngressPort } from '../gateways';
import type { Lab, Mesh, Service } from '../lab';
import { ingressGatewayService } from '../names';
import { grantsInto, grantsTo } from './table';

export interface ConfigEntry {
  readonly Kind: string;
  readonly Name: string;
  readonly [field: string]: unknown;
}

/**
 * Protocol `tcp` keeps TLS whole from the foreign caller to the service's own proxy; methods and paths are checked by
 * the public listener there. Protocol `http` would end TLS at Consul's mesh gateway.
 */
export function serviceDefaults(callee: Service): ConfigEntry {
  return { Kind: 'service-defaults', Name: callee.name, Protocol: 'tcp' };
}

/** Who may open a connection. Undefined when no row names the service: the default intention denies. */
export function serviceIntentions(lab: Lab, callee: Service): ConfigEntry | undefined {
  const rows = grantsTo(lab, callee).map(({ from }) => ({
    Name: from.name,
    Action: 'allow',
    ...(from.mesh === callee.mesh ? {} : { Peer: from.mesh }),
  }));
  const gateway = callee.expose === 'page' ? [{ Name: ingressGatewayService, Action: 'allow' }] : [];
  const Sources = [...rows, ...gateway];
  return Sources.length === 0 ? undefined : { Kind: 'service-intentions', Name: callee.name, Sources };
}

/** The ingress gateway's one listener: anybody in the mesh's network may read the page. */
export function ingressListener({ name }: Service): ConfigEntry {
  const Listeners = [{ Port: consulIngressPort, Protocol: 'tcp', Services: [{ Name: name }] }];
  return { Kind: 'ingress-gateway', Name: ingressGatewayService, Listeners };
}

/** What a Consul mesh exports, and to which peers. Undefined when nothing crosses. */
export function exportedServices(lab: Lab, mesh: Mesh): ConfigEntry | undefined {
  const crossing = grantsInto(lab, mesh);
  const callees = [...new Map(crossing.map(({ to }) => [to.id, to])).values()];
  const Services = callees.map((callee) => ({
    Name: callee.name,
    Consumers: [...new Set(crossing.filter(({ to }) => to.id === callee.id).map(({ from }) => from.mesh))].map(
      (Peer) => ({ Peer }),
    ),
  }));
  return Services.length === 0 ? undefined : { Kind: 'exported-services', Name: 'default', Services };
}

/**
 * What a federation plane says of the services that it speaks for. Protocol `tcp` as on the other side: the caller's
 * TLS ends at the federation gateway, which checks its certificate itself.
 */
export function planeEntries(exported: readonly ResolvedExport[]): ConfigEntry[] {
  if (exported.length === 0) return [];
  const Services = exported.map(({ service, peer }) => ({ Name: service.name, Consumers: [{ Peer: peer.name }] }));
  return [
    ...exported.map(({ service }) => serviceDefaults(service)),
    { Kind: 'exported-services', Name: 'default', Services },
  ];
}
