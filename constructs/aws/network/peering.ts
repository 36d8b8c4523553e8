import { Route } from '@cdktf/provider-aws/lib/route';
import { VpcPeeringConnection as Resource } from '@cdktf/provider-aws/lib/vpc-peering-connection';
import { Construct } from 'constructs';
import { formatCidr, overlaps } from '../../../model/cidr';
import type { Fault } from '../../../model/fault';
import { refuse } from '../refuse';
import type { IVpc } from './vpc';

export interface VpcPeeringProps {
  readonly name: string;
  /** Two networks of the same account and region. Both get a route to the other. */
  readonly requester: IVpc;
  readonly accepter: IVpc;
}

/**
 * A way between the private subnets of two networks. What passes is up to security groups; names of one network are
 * not resolved in the other.
 */
export class VpcPeering extends Construct {
  readonly resource: Resource;
  readonly peeringConnectionId: string;

  constructor(scope: Construct, id: string, props: VpcPeeringProps) {
    super(scope, id);
    const { name, requester, accepter } = props;
    refuse(this, overlap(requester, accepter));
    this.resource = new Resource(this, 'Resource', {
      vpcId: requester.vpcId,
      peerVpcId: accepter.vpcId,
      autoAccept: true,
      tags: { Name: name },
    });
    this.peeringConnectionId = this.resource.id;
    this.addRoutes('Requester', requester, accepter);
    this.addRoutes('Accepter', accepter, requester);
  }

  private addRoutes(side: string, from: IVpc, to: IVpc): void {
    from.privateRouteTableIds.forEach((routeTableId, index) => {
      new Route(this, `${side}-${from.zones?.[index] ?? index}`, {
        routeTableId,
        destinationCidrBlock: formatCidr(to.cidr),
        vpcPeeringConnectionId: this.resource.id,
      });
    });
  }
}

function overlap({ cidr: requester }: IVpc, { cidr: accepter }: IVpc): Fault[] {
  if (!overlaps(requester, accepter)) return [];
  return [
    {
      path: ['accepter', 'cidr'],
      problem: `overlaps the requester's ${formatCidr(requester)}`,
      value: formatCidr(accepter),
      allowed: 'networks that share no address',
      fix: 'choose another network for one of the two',
    },
  ];
}
