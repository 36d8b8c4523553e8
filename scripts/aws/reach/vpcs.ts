/** VPCs and what carries packets in and between them. */
import { type Cidr, parseCidr } from '../../../model/cidr';
import { FailureError } from '../../errors';
import { balancerSubnets } from './balancers';
import { blocks, nested, required } from './blocks';
import { everywhere } from './degree';
import type {
  Endpoint,
  EndpointService,
  Gateway,
  Nat,
  Peering,
  Route,
  RouteTable,
  Subnet,
  Target,
  Vpc,
} from './network';
import { defaultGroup, mainTable, type Resolver, type Row } from './resolve';

export function vpcsOf(plan: Resolver): Vpc[] {
  return plan.ofType('aws_vpc').map((row) => ({
    id: row.address,
    cidrs: [
      cidrOf(plan, row, 'cidr_block'),
      ...plan
        .ofType('aws_vpc_ipv4_cidr_block_association')
        .filter((more) => plan.id(more, 'vpc_id') === row.address)
        .map((more) => cidrOf(plan, more, 'cidr_block')),
    ],
    // AWS' defaults.
    dns: {
      support: plan.flag(row, 'enable_dns_support') ?? true,
      hostnames: plan.flag(row, 'enable_dns_hostnames') ?? false,
    },
  }));
}

export function subnetsOf(plan: Resolver, vpcs: readonly Vpc[], networks: Readonly<Record<string, Cidr>>): Subnet[] {
  const tables = new Map(
    plan
      .ofType('aws_route_table_association')
      .map((row) => [plan.id(row, 'subnet_id'), plan.id(row, 'route_table_id')]),
  );
  const main = mainTables(plan);
  const made = plan.ofType('aws_subnet').map((row): Subnet => {
    const vpc = required(plan.id(row, 'vpc_id'), row, 'vpc_id');
    return {
      id: row.address,
      vpc,
      cidr: cidrOf(plan, row, 'cidr_block'),
      zone: plan.text(row, 'availability_zone') ?? plan.text(row, 'availability_zone_id'),
      publicAddresses: plan.flag(row, 'map_public_ip_on_launch') ?? false,
      table: tables.get(row.address) ?? main.get(vpc) ?? mainTable(vpc),
      foreign: false,
    };
  });
  return [...made, ...foreignSubnets(plan, vpcs, made, networks)];
}

/** Subnets that the plan names and does not make. Their zones and routes are not known. */
function foreignSubnets(
  plan: Resolver,
  vpcs: readonly Vpc[],
  made: readonly Subnet[],
  networks: Readonly<Record<string, Cidr>>,
): Subnet[] {
  const users: readonly (readonly [Row, readonly string[]])[] = [
    ...plan.ofType('aws_lb').map((row) => [row, balancerSubnets(plan, row)] as const),
    ...['aws_vpc_endpoint', 'aws_eks_node_group'].flatMap((type) =>
      plan.ofType(type).map((row) => [row, plan.ids(row, 'subnet_ids')] as const),
    ),
    ...plan.ofType('aws_eks_cluster').map((row) => [row, plan.ids(nested(row, 'vpc_config'), 'subnet_ids')] as const),
    ...plan.ofType('data.aws_eks_cluster').map((row) => [row, [subnetsOfForeign(row.address)]] as const),
  ];
  const known = new Set(made.map(({ id }) => id));
  const found = new Map<string, Subnet>();
  for (const [row, ids] of users) {
    for (const id of ids.filter((one) => !known.has(one))) {
      const vpc = foreignVpc(plan, row, vpcs);
      const cidr = networks[row.mesh ?? ''] ?? everywhere;
      found.set(id, { id, vpc, cidr, zone: undefined, publicAddresses: false, table: '', foreign: true });
    }
  }
  return [...found.values()];
}

/** Stands for the subnets of a cluster that the plan only looks up. */
export function subnetsOfForeign(cluster: string): string {
  return `subnets of ${cluster}`;
}

/** The VPC of a mesh that lives in one which is there already: what the mesh's own security groups are of. */
function foreignVpc(plan: Resolver, { mesh }: Row, vpcs: readonly Vpc[]): string {
  const named = plan.rows
    .filter((row) => row.mesh === mesh && typeof row.values.vpc_id === 'string')
    .map((row) => plan.id(row, 'vpc_id'))
    .find((id) => id !== undefined && !vpcs.some((vpc) => vpc.id === id));
  return named ?? `the VPC of mesh ${mesh}`;
}

export function tablesOf(plan: Resolver, vpcs: readonly Vpc[]): RouteTable[] {
  const routes = plan.ofType('aws_route').map((row) => ({
    table: plan.id(row, 'route_table_id'),
    route: routesOf(plan, row, row.address),
  }));
  const table = (id: string, vpc: string, inline: readonly Route[]): RouteTable => ({
    id,
    vpc,
    routes: [
      ...(vpcs.find((one) => one.id === vpc)?.cidrs ?? []).map(
        (to): Route => ({ id: `${id}: local`, to, target: { kind: 'local' } }),
      ),
      ...inline,
      ...routes.filter((one) => one.table === id).flatMap(({ route }) => route),
    ],
  });
  const inlineOf = (row: Row) =>
    blocks(row, 'route').flatMap((block, index) => routesOf(plan, block, `${row.address} route ${index}`));
  const defaults = plan.ofType('aws_default_route_table');
  return [
    ...plan
      .ofType('aws_route_table')
      .map((row) => table(row.address, required(plan.id(row, 'vpc_id'), row, 'vpc_id'), inlineOf(row))),
    ...vpcs.map(({ id }) =>
      table(
        mainTable(id),
        id,
        defaults.filter((row) => plan.id(row, 'default_route_table_id') === mainTable(id)).flatMap(inlineOf),
      ),
    ),
  ];
}

function mainTables(plan: Resolver): Map<string | undefined, string | undefined> {
  return new Map(
    plan
      .ofType('aws_main_route_table_association')
      .map((row) => [plan.id(row, 'vpc_id'), plan.id(row, 'route_table_id')]),
  );
}

/** A route to IPv4 addresses; routes of IPv6 and of prefix lists are none. */
function routesOf(plan: Resolver, row: Row, id: string): Route[] {
  const key = 'cidr_block' in row.values ? 'cidr_block' : 'destination_cidr_block';
  if (row.values[key] === undefined) return [];
  const gateway = plan.id(row, 'gateway_id');
  const nat = plan.id(row, 'nat_gateway_id');
  const peering = plan.id(row, 'vpc_peering_connection_id');
  const target: Target =
    gateway !== undefined
      ? { kind: 'internet', gateway }
      : nat !== undefined
        ? { kind: 'nat', nat }
        : peering !== undefined
          ? { kind: 'peering', peering }
          : {
              kind: 'other',
              what: Object.keys(row.values)
                .filter((name) => /_(id|arn)$/.test(name) && name !== 'route_table_id')
                .join(', '),
            };
  return [{ id, to: cidrOf(plan, row, key), target: gateway === 'local' ? { kind: 'local' } : target }];
}

export function gatewaysOf(plan: Resolver): Gateway[] {
  const attached = new Map(
    plan
      .ofType('aws_internet_gateway_attachment')
      .map((row) => [plan.id(row, 'internet_gateway_id'), plan.id(row, 'vpc_id')]),
  );
  return plan.ofType('aws_internet_gateway').flatMap((row) => {
    const vpc = plan.id(row, 'vpc_id') ?? attached.get(row.address);
    return vpc === undefined ? [] : [{ id: row.address, vpc }];
  });
}

export function natsOf(plan: Resolver): Nat[] {
  return plan.ofType('aws_nat_gateway').map((row) => ({
    id: row.address,
    subnet: required(plan.id(row, 'subnet_id'), row, 'subnet_id'),
    public: (plan.text(row, 'connectivity_type') ?? 'public') === 'public',
    address: plan.id(row, 'allocation_id'),
  }));
}

export function peeringsOf(plan: Resolver): Peering[] {
  const accepters = plan
    .ofType('aws_vpc_peering_connection_accepter')
    .filter((row) => plan.flag(row, 'auto_accept') === true)
    .map((row) => plan.id(row, 'vpc_peering_connection_id'));
  return plan.ofType('aws_vpc_peering_connection').map((row) => ({
    id: row.address,
    vpcs: [required(plan.id(row, 'vpc_id'), row, 'vpc_id'), required(plan.id(row, 'peer_vpc_id'), row, 'peer_vpc_id')],
    accepted: plan.flag(row, 'auto_accept') === true || accepters.includes(row.address),
  }));
}

export function endpointsOf(plan: Resolver): Endpoint[] {
  const tables = plan.ofType('aws_vpc_endpoint_route_table_association');
  return plan.ofType('aws_vpc_endpoint').map((row) => {
    const vpc = required(plan.id(row, 'vpc_id'), row, 'vpc_id');
    const name = required(plan.id(row, 'service_name'), row, 'service_name');
    const groups = plan.ids(row, 'security_group_ids');
    const kind = (plan.text(row, 'vpc_endpoint_type') ?? 'Gateway').toLowerCase();
    return {
      id: row.address,
      kind: kind === 'gateway' ? 'gateway' : 'interface',
      vpc,
      service: name.replace(/^(?:com|cn\.com)\.amazonaws\.[a-z0-9-]+\./, ''),
      subnets: plan.ids(row, 'subnet_ids'),
      groups: groups.length === 0 ? [defaultGroup(vpc)] : groups,
      tables: [
        ...plan.ids(row, 'route_table_ids'),
        ...tables
          .filter((one) => plan.id(one, 'vpc_endpoint_id') === row.address)
          .map((one) => required(plan.id(one, 'route_table_id'), one, 'route_table_id')),
      ],
      privateName: plan.flag(row, 'private_dns_enabled') ?? false,
      accepts: plan.flag(row, 'auto_accept') ?? false,
    };
  });
}

export function endpointServicesOf(plan: Resolver): EndpointService[] {
  return plan.ofType('aws_vpc_endpoint_service').map((row) => ({
    id: row.address,
    balancers: plan.ids(row, 'network_load_balancer_arns'),
    asks: plan.flag(row, 'acceptance_required') ?? true,
  }));
}

function cidrOf(plan: Resolver, row: Row, key: string): Cidr {
  const text = plan.text(row, key);
  const cidr = text === undefined ? undefined : parseCidr(text);
  if (cidr === undefined) {
    throw new FailureError(
      `${row.address}: ${key} is ${text ?? 'not known before it is made'}. The reachability model needs an IPv4 network such as 10.10.0.0/16.`,
    );
  }
  return cidr;
}
