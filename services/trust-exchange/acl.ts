/** The scoped rights on a plane: what each token may do, and tokens that stay the same across restarts. */
import type { PlaneConfig } from '../../model/federation';
import { exportNode } from './catalog';
import { targetsOf } from './config';
import type { ConsulClient } from './consul';

export interface Role {
  /** Name of the policy. */
  readonly name: string;
  /** Fixed, so that a restart finds the token again. An accessor is no secret. */
  readonly accessor: string;
  readonly description: string;
  /** ACL rules in HCL. */
  readonly rules: string;
}

interface Policy {
  readonly ID: string;
  readonly Name: string;
}

interface Token {
  readonly AccessorID: string;
  readonly SecretID: string;
}

const agentAccessor = '15704753-0000-4000-8000-000000000001';

/** Rights to have leaves signed for exactly the consumers and exports of the plan. */
export function signingRole(config: PlaneConfig): Role {
  const services = [...new Set(targetsOf(config).map((target) => target.service))].sort();
  return {
    name: 'isthmus-signing',
    accessor: '15704753-0000-4000-8000-000000000002',
    description: 'trust-exchange: sign federation leaves of consumers and exports',
    rules: services.map(writeService).join(''),
  };
}

/** Rights to keep the catalog entries of the exports, on their one node. */
export function catalogRole(config: PlaneConfig): Role {
  const services = config.exports.flatMap(({ service }) => [service, `${service}-sidecar-proxy`]).sort();
  const all = services.length === 0 ? [] : [...services, 'mesh-gateway'];
  return {
    name: 'isthmus-catalog',
    accessor: '15704753-0000-4000-8000-000000000004',
    description: 'trust-exchange: keep the catalog entries of the exports',
    rules: [`node "${exportNode}" {\n  policy = "write"\n}\n`, ...all.map(writeService)].join(''),
  };
}

function writeService(service: string): string {
  return `service "${service}" {\n  policy = "write"\n  intentions = "deny"\n}\n`;
}

/**
 * Rights to read the peering and its imports. Consul shows imported services and nodes only to whoever may read all
 * of them or write some (acl/policy_authorizer.go), so a list of the imports would not do.
 */
export function readingRole(): Role {
  return {
    name: 'isthmus-reading',
    accessor: '15704753-0000-4000-8000-000000000003',
    description: 'trust-exchange: read the peering and its imports',
    rules: [
      'service_prefix "" {\n  policy = "read"\n  intentions = "deny"\n}\n',
      'node_prefix "" {\n  policy = "read"\n}\n',
      'peering = "read"\n',
    ].join(''),
  };
}

/** Brings policy and token of a role up to date and returns the token's secret. */
export async function ensureRole(consul: ConsulClient, role: Role): Promise<string> {
  const known = (await consul.get<readonly Policy[]>('/v1/acl/policies')).find(({ Name }) => Name === role.name);
  const policy = { Name: role.name, Description: role.description, Rules: role.rules };
  if (known === undefined) await consul.put('/v1/acl/policy', policy);
  else await consul.put(`/v1/acl/policy/${known.ID}`, { ...policy, ID: known.ID });
  const body = { Description: role.description, Policies: [{ Name: role.name }] };
  return (await ensureToken(consul, role.accessor, body)).SecretID;
}

/** Gives the agent's token, whose secret Consul's config names, the rights of its own node and no more. */
export async function ensureAgentToken(
  consul: ConsulClient,
  secret: string,
  node: { readonly name: string; readonly datacenter: string },
): Promise<void> {
  await ensureToken(consul, agentAccessor, {
    SecretID: secret,
    Description: 'the plane: keep its own node registered',
    NodeIdentities: [{ NodeName: node.name, Datacenter: node.datacenter }],
  });
}

async function ensureToken(consul: ConsulClient, accessor: string, body: object): Promise<Token> {
  // From the list: asking for one that does not exist is a 403 and an error in Consul's log.
  const known = (await consul.get<readonly Token[]>('/v1/acl/tokens')).find(
    ({ AccessorID }) => AccessorID === accessor,
  );
  const wanted = { ...body, AccessorID: accessor };
  if (known === undefined) return consul.put<Token>('/v1/acl/token', wanted);
  return consul.put<Token>(`/v1/acl/token/${accessor}`, { ...wanted, SecretID: known.SecretID });
}
