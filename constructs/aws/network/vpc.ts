import { DefaultSecurityGroup } from '@cdktf/provider-aws/lib/default-security-group';
import { Ec2SubnetCidrReservation } from '@cdktf/provider-aws/lib/ec2-subnet-cidr-reservation';
import { RouteTable } from '@cdktf/provider-aws/lib/route-table';
import { RouteTableAssociation } from '@cdktf/provider-aws/lib/route-table-association';
import { Subnet } from '@cdktf/provider-aws/lib/subnet';
import { Vpc as Resource } from '@cdktf/provider-aws/lib/vpc';
import { Construct } from 'constructs';
import type { ExistingVpc } from '../../../model/aws';
import { type Cidr, formatCidr } from '../../../model/cidr';
import { networkFaults, planNetwork, type ZonePlan } from '../../../model/network-plan';
import { refuse } from '../refuse';
import { Endpoints } from './endpoints';
import { FlowLog } from './flow-log';
import { Ways } from './ways';

/** What others need of a network, whoever made it. Lists are in zone order. */
export interface IVpc {
  readonly vpcId: string;
  /** The mesh's network. */
  readonly cidr: Cidr;
  /** Unknown for a VPC that is there already. */
  readonly zones?: readonly string[];
  readonly privateSubnetIds: readonly string[];
  readonly publicSubnetIds: readonly string[];
  /** Route tables of the private subnets. */
  readonly privateRouteTableIds: readonly string[];
  /** Addresses that nothing but a border load balancer takes. Nobody keeps any in a VPC that is there already. */
  readonly borderAddresses?: readonly string[];
  /** Addresses that nothing but the endpoint of a `PrivateLink` takes. */
  readonly endpointAddresses?: readonly string[];
  /** Public addresses by which the private subnets reach the internet; known after deployment. */
  readonly natAddresses?: readonly string[];
}

export interface VpcProps {
  /** First part of all names, such as `demo-west`. */
  readonly name: string;
  readonly region: string;
  readonly cidr: Cidr;
  /** Three to six availability zones of the region. The order decides which part of the network each gets. */
  readonly zones: readonly string[];
  /** One NAT gateway for all, or one in each zone. @default - one */
  readonly nat?: 'one' | 'per-zone';
  /** AWS services with an interface endpoint, by short name such as `ecr.api`. @default - none; S3 has a free one */
  readonly endpoints?: readonly string[];
  /** @default - no flow log */
  readonly flowLog?: { readonly logGroup: string; readonly days: number };
}

/** A network over several zones, with a private and a public subnet in each. */
export class Vpc extends Construct implements IVpc {
  readonly resource: Resource;
  readonly vpcId: string;
  readonly cidr: Cidr;
  readonly zones: readonly string[];
  readonly privateSubnetIds: readonly string[];
  readonly publicSubnetIds: readonly string[];
  readonly privateRouteTableIds: readonly string[];
  readonly borderAddresses: readonly string[];
  readonly endpointAddresses: readonly string[];
  readonly natAddresses: readonly string[];

  constructor(scope: Construct, id: string, props: VpcProps) {
    super(scope, id);
    const { name, cidr, zones, region, nat = 'one', endpoints = [] } = props;
    refuse(this, networkFaults(cidr, zones));
    const plan = planNetwork(cidr, zones);
    this.cidr = cidr;
    this.zones = zones;
    this.borderAddresses = plan.map(({ borderAddress }) => borderAddress);
    this.endpointAddresses = plan.map(({ endpointAddress }) => endpointAddress);
    this.resource = new Resource(this, 'Resource', {
      cidrBlock: formatCidr(cidr),
      enableDnsSupport: true,
      enableDnsHostnames: true,
      tags: { Name: name },
    });
    this.vpcId = this.resource.id;
    // Adopted only to take its rules away: nobody uses it.
    new DefaultSecurityGroup(this, 'DefaultSecurityGroup', { vpcId: this.vpcId, tags: { Name: `${name}-default` } });
    const publics = plan.map((zone) => this.addSubnet(name, 'Public', zone.zone, zone.publicSubnet));
    const privates = plan.map((zone) => this.addPrivate(name, zone));
    const reserved = privates.map(({ reservation }) => reservation);
    this.publicSubnetIds = publics.map((subnet) => subnet.id);
    this.privateSubnetIds = privates.map(({ subnet }) => subnet.id);
    this.privateRouteTableIds = privates.map(({ table }) => table.id);
    const ways = new Ways(this, 'Ways', { ...this.all(), zones, name, nat });
    this.natAddresses = ways.natAddresses;
    new Endpoints(this, 'Endpoints', { vpc: this, name, region, services: endpoints, dependsOn: reserved });
    if (props.flowLog !== undefined) {
      new FlowLog(this, 'FlowLog', { ...props.flowLog, vpcId: this.vpcId, name, region });
    }
  }

  /** A VPC that is there already. Nothing of it is changed but routes and endpoints that a border adds. */
  static fromExisting(existing: ExistingVpc, network: Cidr): IVpc {
    return {
      vpcId: existing.id,
      cidr: network,
      privateSubnetIds: existing.privateSubnets,
      publicSubnetIds: existing.publicSubnets,
      privateRouteTableIds: existing.routeTables,
    };
  }

  private all() {
    const { vpcId, publicSubnetIds, privateRouteTableIds } = this;
    return { vpcId, publicSubnetIds, privateRouteTableIds };
  }

  private addSubnet(name: string, kind: 'Public' | 'Private', zone: string, block: Cidr): Subnet {
    return new Subnet(this, `${kind}-${zone}`, {
      vpcId: this.vpcId,
      availabilityZone: zone,
      cidrBlock: formatCidr(block),
      // NAT gateways and load balancers bring their own public addresses.
      mapPublicIpOnLaunch: false,
      tags: { Name: `${name}-${kind.toLowerCase()}-${zone}` },
    });
  }

  private addPrivate(name: string, plan: ZonePlan) {
    const { zone } = plan;
    const subnet = this.addSubnet(name, 'Private', zone, plan.privateSubnet);
    const reservation = new Ec2SubnetCidrReservation(this, `Fixed-${zone}`, {
      subnetId: subnet.id,
      cidrBlock: formatCidr(plan.fixed),
      reservationType: 'explicit',
      description: `${name}: fixed addresses of the border`,
    });
    // One for each zone even with a single NAT gateway: another mode then changes a route and nothing else.
    const table = new RouteTable(this, `PrivateTable-${zone}`, {
      vpcId: this.vpcId,
      tags: { Name: `${name}-private-${zone}` },
    });
    new RouteTableAssociation(this, `PrivateTableOf-${zone}`, { subnetId: subnet.id, routeTableId: table.id });
    return { subnet, table, reservation };
  }
}
