/** Consul ACL tokens of a host: one for its agent, one for what it runs, each with the least rights that work. */
import { v5 as uuidv5 } from 'uuid';
import type { HostPlace, ServiceDefinition } from '../../model/hosts';
import { type ConsulApi, ConsulError } from './consul-api';

/** UUIDv5 namespace of accessor ids; they are names, not secrets. */
const accessors = '3f2c8f5e-6a0f-5a55-9d0b-0d8f8a5f2b61';

interface Grants {
  readonly Policies?: readonly { readonly Name: string }[];
  readonly NodeIdentities?: readonly { readonly NodeName: string; readonly Datacenter: string }[];
  readonly ServiceIdentities?: readonly { readonly ServiceName: string }[];
}

interface Token extends Grants {
  readonly AccessorID: string;
  readonly SecretID: string;
  readonly Description: string;
}

interface Policy {
  readonly ID: string;
  readonly Name: string;
  readonly Rules: string;
}

/**
 * Rights of the two gateways. Consul's documentation gives a mesh gateway mesh:write, with which a stolen gateway token
 * could export any service. All it adds is the gateway's own certificate, for TLS that ends at the gateway; ours only
 * passes TLS on. Without it Consul logs a refused ConnectCA.Sign now and then.
 *
 * A service has a service identity, an agent a node identity: Consul's own templates.
 */
export const gatewayRules: Readonly<Record<'mesh-gateway' | 'ingress-gateway', string>> = {
  'mesh-gateway': [
    'service "mesh-gateway" { policy = "write" }',
    'service_prefix "" { policy = "read" }',
    'node_prefix "" { policy = "read" }',
    'peering = "read"',
  ].join('\n'),
  'ingress-gateway': [
    'service "ingress-gateway" { policy = "write" }',
    'service_prefix "" { policy = "read" }',
    'node_prefix "" { policy = "read" }',
  ].join('\n'),
};

/** Lets the token with this secret act as the host's agent. */
export async function grantAgent(api: ConsulApi, host: HostPlace, secretId: string): Promise<void> {
  await ensureToken(api, {
    AccessorID: accessor(host, 'agent'),
    SecretID: secretId,
    Description: `agent of host ${host.name}`,
    NodeIdentities: [{ NodeName: host.name, Datacenter: host.datacenter }],
  });
}

/** Lets the token with this secret act as the service or gateway that the host runs. */
export async function grantService(
  api: ConsulApi,
  host: HostPlace,
  service: ServiceDefinition,
  secretId: string,
): Promise<void> {
  if (service.Kind !== undefined) await ensurePolicy(api, service.Kind, gatewayRules[service.Kind]);
  await ensureToken(api, {
    AccessorID: accessor(host, 'service'),
    SecretID: secretId,
    Description: `${service.Name} on host ${host.name}`,
    ...(service.Kind === undefined
      ? { ServiceIdentities: [{ ServiceName: service.Name }] }
      : { Policies: [{ Name: service.Kind }] }),
  });
}

/** Takes the host's tokens away. Fine when there are none. */
export async function revokeHost(api: ConsulApi, host: Pick<HostPlace, 'lab' | 'mesh' | 'name'>): Promise<void> {
  for (const use of ['agent', 'service'] as const) {
    if ((await findToken(api, accessor(host, use))) !== undefined) {
      await api.delete(`/v1/acl/token/${accessor(host, use)}`);
    }
  }
}

function accessor(host: Pick<HostPlace, 'lab' | 'mesh' | 'name'>, use: 'agent' | 'service'): string {
  return uuidv5(`${host.lab}/${host.mesh}/${host.name}/${use}`, accessors);
}

async function ensureToken(api: ConsulApi, token: Token): Promise<void> {
  const known = await findToken(api, token.AccessorID);
  if (known?.SecretID === token.SecretID) {
    if (grantText(known) !== grantText(token)) await api.put(`/v1/acl/token/${token.AccessorID}`, token);
    return;
  }
  if (known !== undefined) await api.delete(`/v1/acl/token/${token.AccessorID}`);
  await api.put('/v1/acl/token', token);
}

async function findToken(api: ConsulApi, accessorId: string): Promise<Token | undefined> {
  try {
    return await api.find<Token>(`/v1/acl/token/${accessorId}`);
  } catch (error) {
    // Consul 1.22 says 403 "ACL not found" where others say 404.
    if (error instanceof ConsulError && error.status === 403 && error.body.includes('ACL not found')) return undefined;
    throw error;
  }
}

function grantText(grants: Grants): string {
  return JSON.stringify([
    (grants.Policies ?? []).map((policy) => policy.Name),
    (grants.NodeIdentities ?? []).map((node) => [node.NodeName, node.Datacenter]),
    (grants.ServiceIdentities ?? []).map((service) => service.ServiceName),
  ]);
}

async function ensurePolicy(api: ConsulApi, name: string, rules: string): Promise<void> {
  const known = await api.find<Policy>(`/v1/acl/policy/name/${name}`);
  if (known === undefined) await api.put('/v1/acl/policy', { Name: name, Rules: rules });
  else if (known.Rules !== rules) await api.put(`/v1/acl/policy/${known.ID}`, { Name: name, Rules: rules });
}
