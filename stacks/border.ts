import type { Construct } from 'constructs';
import { VpcPeering } from '../constructs/aws/network/peering';
import { PrivateLink } from '../constructs/aws/network/private-link';
import type { IVpc } from '../constructs/aws/network/vpc';
import { federationGatewayPort, meshGatewayPort } from '../model/gateways';
import type { Lab, Mesh } from '../model/lab';
import { AwsStack } from './aws-stack';
import type { ClusterStack } from './cluster';

/** One side of the border. */
export interface BorderSide {
  readonly mesh: Mesh;
  readonly vpc: IVpc;
  readonly cluster: ClusterStack;
}

/** What lies between the networks of two meshes. With public load balancers that is the internet, and nothing is here. */
export class BorderStack extends AwsStack {
  constructor(scope: Construct, lab: Lab, one: BorderSide, other: BorderSide) {
    super(scope, lab, 'border');
    switch (this.settings.border.mode) {
      case 'peering':
        new VpcPeering(this, 'Peering', { name: `${lab.name}-border`, requester: one.vpc, accepter: other.vpc });
        break;
      case 'privatelink':
        this.link(lab, one, other);
        this.link(lab, other, one);
        break;
      case 'public':
        break;
    }
  }

  private link(lab: Lab, caller: BorderSide, callee: BorderSide): void {
    const { gateway, kind, name } = callee.mesh;
    // In a VPC that is there already the person says which address is free.
    const chosen = caller.vpc.endpointAddresses ?? (gateway === undefined ? undefined : [gateway.address]);
    new PrivateLink(this, `Link-${caller.mesh.name}-${name}`, {
      name: `${lab.name}-${caller.mesh.name}-${name}`,
      balancerArn: callee.cluster.border.balancerArn,
      port: kind === 'consul' ? meshGatewayPort : federationGatewayPort,
      caller: caller.vpc,
      ...(chosen === undefined ? {} : { addresses: chosen }),
    });
  }
}
