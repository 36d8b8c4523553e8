/** Where a subnet's route table sends packets, and back. */
import { type Cidr, formatCidr, overlaps, parseCidr } from '../../../model/cidr';
import { type Degree, distinct, over, within } from './degree';
import type { Id, Network, Peering, Route, Subnet } from './network';
import { type Step, unknownStep } from './way';

/** Never on the internet: https://www.iana.org/assignments/iana-ipv4-special-registry */
const special = [
  '0.0.0.0/8',
  '10.0.0.0/8',
  '100.64.0.0/10',
  '127.0.0.0/8',
  '169.254.0.0/16',
  '172.16.0.0/12',
  '192.168.0.0/16',
  '224.0.0.0/3',
].flatMap((text) => parseCidr(text) ?? []);

/** The blocks that are on the internet at least in part, seen from this network. */
export function onInternet(network: Network, blocks: readonly Cidr[]): Cidr[] {
  const inside = [...special, ...network.vpcs.flatMap(({ cidrs }) => cidrs)];
  return blocks.filter((block) => !inside.some((one) => within(one, block)));
}

/** The routes that packets to `block` take: the narrowest that holds it, and those to parts of it. */
function towards(network: Network, { table }: Subnet, block: Cidr): readonly Route[] {
  const routes = network.tables.find(({ id }) => id === table)?.routes ?? [];
  const whole = routes.filter(({ to }) => within(to, block)).toSorted((a, b) => b.to.prefix - a.to.prefix)[0];
  const parts = routes.filter(({ to }) => to.prefix > block.prefix && overlaps(to, block));
  return whole === undefined ? parts : [whole, ...parts];
}

/** Whether packets from a subnet to `block` take routes that are `right`. */
function routed(network: Network, subnet: Subnet, block: Cidr, right: (route: Route) => Degree): Degree {
  const onlyPublic = onInternet(network, [block]).length > 0;
  const routes = towards(network, subnet, block).filter(
    ({ to }) => !onlyPublic || onInternet(network, [to]).length > 0,
  );
  const degree = over(routes.map(right));
  return degree === 'all' && !routes.some(({ to }) => within(to, block)) ? 'some' : degree;
}

const assumed = ({ id }: Subnet) => unknownStep(`routes of ${id}, which is not of this plan`);

/** The connection that two VPCs are peered by. */
export function peeringOf(network: Network, a: Id, b: Id): Peering | undefined {
  return network.peerings.find(({ vpcs }) => vpcs.includes(a) && vpcs.includes(b) && a !== b);
}

/** The route from one subnet to another, in one VPC or over a peering. */
export function routeBetween(network: Network, from: Subnet, to: Subnet, what: 'route' | 'return route'): Step {
  if (from.foreign || to.foreign) return assumed(from.foreign ? from : to);
  const peering = peeringOf(network, from.vpc, to.vpc);
  const degree = routed(network, from, to.cidr, ({ target }) =>
    (from.vpc === to.vpc ? target.kind === 'local' : target.kind === 'peering' && target.peering === peering?.id)
      ? 'all'
      : 'none',
  );
  const by = from.vpc === to.vpc ? 'inside the VPC' : `by ${peering?.id ?? 'peering'}`;
  return {
    degree,
    hop: `${what} ${from.table} → ${formatCidr(to.cidr)} ${by}`,
    stop: `no ${what} in ${from.table} to ${formatCidr(to.cidr)} ${by}`,
  };
}

/** The route from a subnet to an address on the internet, for what has a public address of its own. */
export function routeToInternet(network: Network, subnet: Subnet, block: Cidr): Step {
  if (subnet.foreign) return assumed(subnet);
  const degree = routed(network, subnet, block, ({ target }) =>
    target.kind === 'internet' && attached(network, target.gateway, subnet.vpc) ? 'all' : 'none',
  );
  return {
    degree,
    hop: `route ${subnet.table} → ${formatCidr(block)} by the internet gateway`,
    stop: `no route in ${subnet.table} to ${formatCidr(block)} by an internet gateway`,
  };
}

export interface Exit extends Step {
  /** Elastic IPs that packets leave with. */
  readonly addresses: readonly Id[];
}

/** The way out to an address on the internet: by NAT, or by the internet gateway with a public address. */
export function exitToInternet(network: Network, subnet: Subnet, block: Cidr): Exit {
  if (subnet.foreign) return { ...assumed(subnet), addresses: [] };
  const addresses: Id[] = [];
  const by = new Set<string>();
  const degree = routed(network, subnet, block, ({ target }) => {
    if (target.kind === 'internet') {
      by.add(target.gateway);
      return subnet.publicAddresses && attached(network, target.gateway, subnet.vpc) ? 'all' : 'none';
    }
    const nat = target.kind === 'nat' ? network.nats.find(({ id }) => id === target.nat) : undefined;
    const home = network.subnets.find(({ id }) => id === nat?.subnet);
    if (nat === undefined || home === undefined) return 'none';
    by.add(nat.id);
    if (nat.address !== undefined) addresses.push(nat.address);
    return nat.public && home.vpc === subnet.vpc ? routeToInternet(network, home, block).degree : 'none';
  });
  const names = [...by].join(', ');
  return {
    degree,
    addresses: distinctIds(addresses),
    hop: `route ${subnet.table} → ${formatCidr(block)} by ${names}`,
    stop: `no way out of ${subnet.id} to ${formatCidr(block)}${names === '' ? '' : ` by ${names}`}: it needs a NAT gateway in a subnet with a route to an internet gateway`,
  };
}

function attached(network: Network, gateway: Id, vpc: Id): boolean {
  return network.gateways.some((one) => one.id === gateway && one.vpc === vpc);
}

function distinctIds(ids: readonly Id[]): Id[] {
  return [...new Set(ids)];
}

/** Public addresses of these blocks, without doubles. */
export function publicSources(network: Network, blocks: readonly Cidr[]): Cidr[] {
  return distinct(onInternet(network, blocks));
}
