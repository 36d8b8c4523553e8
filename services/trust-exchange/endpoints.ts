/** From the gateways that Consul lists for an import to the WorkloadEntries that Istio shall have. Pure. */
import { contains, parseAddress, parseCidr } from '../../model/cidr';
import { type ImportConfig, importPortName } from '../../model/federation';
import { importLabel } from '../../model/names';

/** What this program reads of an entry of `GET /v1/health/connect/SERVICE?peer=PEER`. */
export interface HealthEntry {
  readonly Node: { readonly Address: string };
  readonly Service: {
    readonly Address: string;
    readonly Port: number;
    readonly TaggedAddresses?: Readonly<Record<string, { readonly Address: string; readonly Port: number }>> | null;
    readonly Connect?: {
      readonly PeerMeta?: { readonly SNI?: readonly string[]; readonly SpiffeID?: readonly string[] };
    } | null;
  };
  readonly Checks?: readonly { readonly Status: string }[] | null;
}

export interface Endpoint {
  /** IPv4 address of a gateway of the peer. */
  readonly address: string;
  readonly port: number;
}

export type EndpointAlarmKind = 'endpoint-sni' | 'endpoint-identity' | 'endpoint-address';

interface EndpointAlarm {
  readonly kind: EndpointAlarmKind;
  readonly message: string;
}

export interface Gateways {
  /** Healthy gateways that match the plan. */
  readonly endpoints: readonly Endpoint[];
  /** Whether some listed gateway did not match the plan. */
  readonly alarms: readonly EndpointAlarm[];
}

export interface GatewayExpectation {
  readonly item: Pick<ImportConfig, 'service' | 'sni' | 'identity'>;
  readonly peerTrustDomain: string;
  readonly peerNetwork: string;
}

export interface WorkloadEntry extends Endpoint {
  readonly name: string;
  /** False when something besides address, port and label was changed by hand. */
  readonly intact: boolean;
}

export interface EntryChanges {
  readonly apply: readonly { readonly name: string; readonly endpoint: Endpoint }[];
  readonly remove: readonly string[];
}

/** Sorts out the gateways of an import: healthy and as planned, or an alarm that says what differs. */
export function gatewaysOf(entries: readonly HealthEntry[], expected: GatewayExpectation): Gateways {
  const endpoints = new Map<string, Endpoint>();
  const alarms = new Map<EndpointAlarmKind, EndpointAlarm>();
  for (const entry of entries) {
    const endpoint = addressOf(entry);
    const fault = entryFault(entry, endpoint, expected);
    if (fault !== undefined) alarms.set(fault.kind, fault);
    else if (isHealthy(entry)) endpoints.set(`${endpoint.address}:${endpoint.port}`, endpoint);
  }
  return { endpoints: [...endpoints.values()], alarms: [...alarms.values()] };
}

/**
 * Which WorkloadEntries to write and which to delete. An endpoint that has an entry keeps it, so that a change of one
 * gateway touches one object; new endpoints take the lowest free numbers.
 */
export function entryChanges(
  name: string,
  endpoints: readonly Endpoint[],
  existing: readonly WorkloadEntry[],
): EntryChanges {
  const wanted = new Map(endpoints.map((endpoint) => [textOf(endpoint), endpoint]));
  const taken = new Set<string>();
  const apply: { name: string; endpoint: Endpoint }[] = [];
  const remove: string[] = [];
  for (const entry of [...existing].sort((a, b) => (a.name < b.name ? -1 : 1))) {
    const endpoint = wanted.get(textOf(entry));
    if (endpoint === undefined || !isOurName(name, entry.name)) {
      remove.push(entry.name);
      continue;
    }
    wanted.delete(textOf(entry));
    taken.add(entry.name);
    if (!entry.intact) apply.push({ name: entry.name, endpoint });
  }
  let number = 0;
  for (const endpoint of [...wanted.values()].sort((a, b) => (textOf(a) < textOf(b) ? -1 : 1))) {
    while (taken.has(`${name}-${number}`)) number += 1;
    taken.add(`${name}-${number}`);
    apply.push({ name: `${name}-${number}`, endpoint });
  }
  // A name that is written again is no surplus.
  return { apply, remove: remove.filter((surplus) => !taken.has(surplus)) };
}

/** The object to send by server-side apply. */
export function workloadEntry(item: ImportConfig, name: string, endpoint: Endpoint): Record<string, unknown> {
  return {
    apiVersion: 'networking.istio.io/v1',
    kind: 'WorkloadEntry',
    metadata: { name, namespace: item.namespace, labels: { [importLabel]: item.name } },
    spec: {
      address: endpoint.address,
      ports: { [importPortName]: endpoint.port },
      labels: { [importLabel]: item.name },
    },
  };
}

/** Reads a WorkloadEntry from the Kubernetes API. Anything unexpected makes it not intact, and so be written again. */
export function readWorkloadEntry(item: ImportConfig, object: unknown): WorkloadEntry {
  const { metadata, spec } = object as {
    metadata: { name: string };
    spec?: { address?: string; ports?: Record<string, number>; labels?: Record<string, string> };
  };
  const ports = spec?.ports ?? {};
  const fields = Object.keys(spec ?? {}).length;
  return {
    name: metadata.name,
    address: spec?.address ?? '',
    port: ports[importPortName] ?? 0,
    intact: fields === 3 && Object.keys(ports).length === 1 && spec?.labels?.[importLabel] === item.name,
  };
}

function entryFault(
  entry: HealthEntry,
  endpoint: Endpoint,
  { item, peerTrustDomain, peerNetwork }: GatewayExpectation,
): EndpointAlarm | undefined {
  const meta = entry.Service.Connect?.PeerMeta;
  const sni = meta?.SNI ?? [];
  if (sni.length === 0 || sni.some((name) => name !== item.sni)) {
    return {
      kind: 'endpoint-sni',
      message: `the peer serves ${item.service} under SNI "${sni.join(', ')}", the plan says "${item.sni}"`,
    };
  }
  const identities = meta?.SpiffeID ?? [];
  const foreign = identities.find((id) => !id.startsWith(`spiffe://${peerTrustDomain}/`));
  if (foreign !== undefined || !identities.includes(item.identity)) {
    return {
      kind: 'endpoint-identity',
      message: `the peer serves ${item.service} as "${identities.join(', ')}", the plan says "${item.identity}"`,
    };
  }
  const network = parseCidr(peerNetwork);
  const address = parseAddress(endpoint.address);
  if (network === undefined || address === undefined || !contains(network, address) || !isPort(endpoint.port)) {
    return {
      kind: 'endpoint-address',
      message: `the peer serves ${item.service} at ${textOf(endpoint)}, which is no address in its network ${peerNetwork}`,
    };
  }
  return undefined;
}

function addressOf(entry: HealthEntry): Endpoint {
  const wan = entry.Service.TaggedAddresses?.wan;
  if (wan !== undefined) return { address: wan.Address, port: wan.Port };
  const address = entry.Service.Address === '' ? entry.Node.Address : entry.Service.Address;
  return { address, port: entry.Service.Port };
}

/** As Consul does for its own proxies: a warning still serves. */
function isHealthy(entry: HealthEntry): boolean {
  return (entry.Checks ?? []).every((check) => check.Status === 'passing' || check.Status === 'warning');
}

function isOurName(prefix: string, name: string): boolean {
  return name.startsWith(`${prefix}-`) && /^(0|[1-9][0-9]*)$/.test(name.slice(prefix.length + 1));
}

function isPort(port: number): boolean {
  return Number.isInteger(port) && port > 0 && port < 65_536;
}

function textOf(endpoint: Endpoint): string {
  return `${endpoint.address}:${endpoint.port}`;
}
