import { Eip } from '@cdktf/provider-aws/lib/eip';
import { InternetGateway } from '@cdktf/provider-aws/lib/internet-gateway';
import { NatGateway } from '@cdktf/provider-aws/lib/nat-gateway';
import { Route } from '@cdktf/provider-aws/lib/route';
import { RouteTable } from '@cdktf/provider-aws/lib/route-table';
import { RouteTableAssociation } from '@cdktf/provider-aws/lib/route-table-association';
import { Construct } from 'constructs';

const anywhere = '0.0.0.0/0';

export interface WaysProps {
  readonly name: string;
  readonly vpcId: string;
  readonly zones: readonly string[];
  /** In zone order. */
  readonly publicSubnetIds: readonly string[];
  /** In zone order. */
  readonly privateRouteTableIds: readonly string[];
  readonly nat: 'one' | 'per-zone';
}

/** The ways between a network and the internet: both ways from the public subnets, only out from the private ones. */
export class Ways extends Construct {
  /** Public addresses of the NAT gateways. */
  readonly natAddresses: readonly string[];

  constructor(scope: Construct, id: string, props: WaysProps) {
    super(scope, id);
    const { name, vpcId, zones } = props;
    const gateway = new InternetGateway(this, 'InternetGateway', { vpcId, tags: { Name: name } });
    const table = new RouteTable(this, 'PublicTable', { vpcId, tags: { Name: `${name}-public` } });
    new Route(this, 'PublicRoute', {
      routeTableId: table.id,
      destinationCidrBlock: anywhere,
      gatewayId: gateway.id,
    });
    props.publicSubnetIds.forEach((subnetId, index) => {
      new RouteTableAssociation(this, `PublicTableOf-${zones[index]}`, { subnetId, routeTableId: table.id });
    });
    const served = props.nat === 'one' ? zones.slice(0, 1) : zones;
    const gateways = served.map((zone, index) => this.addNat(props, zone, index, gateway));
    props.privateRouteTableIds.forEach((routeTableId, index) => {
      const { nat } = gateways[index % gateways.length] ?? {};
      if (nat === undefined) return;
      new Route(this, `PrivateRoute-${zones[index]}`, {
        routeTableId,
        destinationCidrBlock: anywhere,
        natGatewayId: nat.id,
      });
    });
    this.natAddresses = gateways.map(({ address }) => address.publicIp);
  }

  private addNat({ name, publicSubnetIds }: WaysProps, zone: string, index: number, gateway: InternetGateway) {
    const tags = { Name: `${name}-nat-${zone}` };
    // An address that is in use keeps the internet gateway from going.
    const address = new Eip(this, `NatAddress-${zone}`, { domain: 'vpc', tags, dependsOn: [gateway] });
    const nat = new NatGateway(this, `Nat-${zone}`, {
      allocationId: address.id,
      subnetId: publicSubnetIds[index] ?? '',
      tags,
      dependsOn: [gateway],
    });
    return { address, nat };
  }
}
