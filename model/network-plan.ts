/**
 * How the network of a mesh on AWS is divided. The layout depends on nothing but the network and a zone's position, so
 * that a zone added at the end moves no other subnet.
 *
 * A network has eight equal parts: the first six are the private subnets (nodes and pods) of up to six zones, the
 * seventh stays free, the eighth is cut into sixteen for the public subnets (NAT gateways and public load balancers).
 */
import { type Cidr, formatCidr, host, overlaps, parseCidr, size, subnet } from './cidr';
import type { Fault } from './fault';

/** Largest and smallest network that can be divided, as prefix lengths. AWS has no VPC larger than /16. */
const largest = 16;
/** A public subnet is then a /27, the smallest that a load balancer accepts. */
const smallest = 20;
/** EKS wants two zones and this lab three, so that one may fail; no region has more than six. */
const fewestZones = 3;
const mostZones = 6;

/** What one availability zone gets. */
export interface ZonePlan {
  readonly zone: string;
  readonly privateSubnet: Cidr;
  readonly publicSubnet: Cidr;
  /** Part of the private subnet from which AWS must take nothing by itself: the fixed addresses lie in it. */
  readonly fixed: Cidr;
  /** Address of the border load balancer. */
  readonly borderAddress: string;
  /** Address of the endpoint through which this mesh calls the other one by PrivateLink. */
  readonly endpointAddress: string;
}

/** Divides a network that has no `networkFaults`. Throws `RangeError` for more zones than there are parts. */
export function planNetwork(network: Cidr, zones: readonly string[]): readonly ZonePlan[] {
  return zones.map((zone, index) => ({
    zone,
    privateSubnet: privateSubnet(network, index),
    publicSubnet: subnet(subnet(network, network.prefix + 3, 7), network.prefix + 7, index),
    fixed: fixedBlock(network, index),
    borderAddress: borderAddress(network, index),
    endpointAddress: endpointAddress(network, index),
  }));
}

/** Where the border load balancer of a mesh is reached in a zone: known when the plan is made. */
export function borderAddress(network: Cidr, zoneIndex: number): string {
  return host(fixedBlock(network, zoneIndex), 0);
}

/** Where a calling mesh finds the other mesh's gateway in its own network, with PrivateLink. */
export function endpointAddress(network: Cidr, zoneIndex: number): string {
  return host(fixedBlock(network, zoneIndex), 1);
}

/** Every reason why a network can not be divided over the zones; none when it can. */
export function networkFaults(network: Cidr, zones: readonly string[]): readonly Fault[] {
  const faults: Fault[] = [];
  if (network.prefix < largest || network.prefix > smallest) {
    faults.push({
      path: ['cidr'],
      problem: network.prefix < largest ? 'is larger than a VPC can be' : `has no room for its subnets`,
      value: formatCidr(network),
      allowed: `/${largest} to /${smallest}`,
      fix: `choose a ${network.prefix < largest ? 'smaller' : 'larger'} network`,
    });
  }
  if (zones.length < fewestZones || zones.length > mostZones) {
    const few = zones.length < fewestZones;
    faults.push({
      path: ['zones'],
      problem: few ? 'are too few' : 'are too many',
      value: zones,
      allowed: `${fewestZones} to ${mostZones} availability zones`,
      fix: few ? 'name more zones of the region' : 'remove some',
    });
  }
  for (const zone of new Set(zones.filter((name, index) => zones.indexOf(name) !== index))) {
    const allowed = 'different zones';
    faults.push({ path: ['zones'], problem: 'are not all different', value: zone, allowed, fix: 'remove one' });
  }
  return faults;
}

/** EKS's own choice first; then what a private network has besides. */
const serviceCandidates = ['172.20.0.0/16', '10.100.0.0/16', '192.168.0.0/16', '172.24.0.0/16', '10.200.0.0/16'];

/**
 * Network for the services of the clusters, which overlaps no mesh: EKS itself would look at one VPC only.
 * Throws `RangeError` when none is left.
 */
export function serviceNetwork(networks: readonly Cidr[]): Cidr {
  for (const text of serviceCandidates) {
    const candidate = parseCidr(text);
    if (candidate !== undefined && !networks.some((network) => overlaps(network, candidate))) return candidate;
  }
  throw new RangeError(`the networks ${networks.map(formatCidr).join(', ')} leave no room for Kubernetes services`);
}

function privateSubnet(network: Cidr, zoneIndex: number): Cidr {
  if (zoneIndex >= mostZones) throw new RangeError(`${formatCidr(network)} has no private subnet ${zoneIndex}`);
  return subnet(network, network.prefix + 3, zoneIndex);
}

/** The last but one /28: the last holds the address that AWS keeps for itself. */
function fixedBlock(network: Cidr, zoneIndex: number): Cidr {
  const whole = privateSubnet(network, zoneIndex);
  return { base: whole.base + size(whole) - 32, prefix: 28 };
}
