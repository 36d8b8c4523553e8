/**
 * What the plane's catalog must say of the exports: services that no agent of the plane registers, at the federation
 * gateway. Pure.
 */
import type { PlaneConfig } from '../../model/federation';

/**
 * A node that no agent has: the plane's own agent removes what it does not know from its own node. Named like the
 * gateway that all entries lead to.
 */
export const exportNode = 'federation-gateway';

/** What this program reads and writes of a service in the catalog. */
export interface CatalogService {
  readonly ID: string;
  readonly Service: string;
  readonly Kind?: string;
  readonly Address: string;
  readonly Port: number;
  readonly Proxy?: { readonly DestinationServiceName?: string; readonly DestinationServiceID?: string };
  readonly TaggedAddresses?: Readonly<Record<string, { readonly Address: string; readonly Port: number }>> | null;
}

/** `GET /v1/catalog/node-services/NODE`. */
export interface NodeServices {
  /** Null when there is no such node. */
  readonly Node: { readonly Address: string } | null;
  readonly Services?: readonly CatalogService[] | null;
}

/** An entry of `GET /v1/health/node/NODE`. */
export interface NodeCheck {
  readonly CheckID: string;
  readonly ServiceID: string;
  readonly Status: string;
}

/** What `PUT /v1/catalog/register` takes. */
export interface Registration {
  readonly Node: string;
  readonly Address: string;
  readonly Service: CatalogService;
  readonly Check: NodeCheck & { readonly Node: string; readonly Name: string; readonly Output: string };
}

/** What `PUT /v1/catalog/deregister` takes; without a service, the node with all that is on it. */
export interface Deregistration {
  readonly Node: string;
  readonly ServiceID?: string;
}

export interface CatalogChanges {
  readonly register: readonly Registration[];
  readonly deregister: readonly Deregistration[];
}

/** How the gateway and the exports stand; a text says what is wrong. */
export interface ExportHealth {
  readonly gateway: string | undefined;
  /** Export name → what is wrong with it. */
  readonly faults: ReadonlyMap<string, string>;
}

/** Entries for a peer that reaches services through a mesh gateway: the service, its proxy, and the gateway itself. */
export function wantedEntries(config: PlaneConfig, health: ExportHealth): readonly Registration[] {
  const { gateway: at } = config;
  if (at === undefined || config.exports.length === 0) return [];
  const place = { Address: at.address, Port: at.port };
  const entry = (service: Omit<CatalogService, 'Address' | 'Port'>, fault: string | undefined): Registration => ({
    Node: exportNode,
    Address: at.address,
    Service: { ...service, ...place },
    Check: {
      Node: exportNode,
      CheckID: `service:${service.ID}`,
      ServiceID: service.ID,
      Name: 'the federation gateway serves it',
      Status: fault === undefined ? 'passing' : 'critical',
      Output: fault ?? '',
    },
  });
  const services = config.exports.flatMap(({ name, service }) => {
    const fault = health.gateway ?? health.faults.get(name);
    const proxy = `${service}-sidecar-proxy`;
    const destination = { DestinationServiceName: service, DestinationServiceID: service };
    return [
      entry({ ID: service, Service: service }, fault),
      entry({ ID: proxy, Service: proxy, Kind: 'connect-proxy', Proxy: destination }, fault),
    ];
  });
  const gateway = { ID: 'mesh-gateway', Service: 'mesh-gateway', Kind: 'mesh-gateway' };
  return [...services, entry({ ...gateway, TaggedAddresses: { lan: place, wan: place } }, health.gateway)];
}

/** What leads from what the catalog says to what it must say. */
export function catalogChanges(
  wanted: readonly Registration[],
  node: NodeServices,
  checks: readonly NodeCheck[],
): CatalogChanges {
  if (wanted.length === 0) return { register: [], deregister: node.Node === null ? [] : [{ Node: exportNode }] };
  const present = node.Services ?? [];
  const right = (entry: Registration) =>
    node.Node?.Address === entry.Address &&
    present.some((service) => isSame(service, entry.Service)) &&
    checks.some(({ CheckID, Status }) => CheckID === entry.Check.CheckID && Status === entry.Check.Status);
  const surplus = present.filter(({ ID }) => !wanted.some(({ Service }) => Service.ID === ID));
  return {
    register: wanted.filter((entry) => !right(entry)),
    deregister: surplus.map(({ ID }) => ({ Node: exportNode, ServiceID: ID })),
  };
}

/** Compares what we write only: Consul adds much of its own. */
function isSame(found: CatalogService, wanted: CatalogService): boolean {
  const facts = ({ ID, Service, Kind = '', Address, Port, Proxy: proxy, TaggedAddresses }: CatalogService) => {
    const { lan, wan } = TaggedAddresses ?? {};
    const addresses = [lan, wan].map((at) => (at === undefined ? '' : `${at.Address}:${at.Port}`));
    const destination = [proxy?.DestinationServiceName ?? '', proxy?.DestinationServiceID ?? ''];
    return JSON.stringify([ID, Service, Kind, Address, Port, ...destination, ...addresses]);
  };
  return facts(found) === facts(wanted);
}
