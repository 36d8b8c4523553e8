import { SecurityGroup } from '@cdktf/provider-aws/lib/security-group';
import { VpcEndpoint } from '@cdktf/provider-aws/lib/vpc-endpoint';
import { VpcSecurityGroupIngressRule } from '@cdktf/provider-aws/lib/vpc-security-group-ingress-rule';
import type { ITerraformDependable } from 'cdktf';
import { Construct } from 'constructs';
import { formatCidr } from '../../../model/cidr';
import type { IVpc } from './vpc';

export interface EndpointsProps {
  readonly name: string;
  readonly region: string;
  readonly vpc: IVpc;
  /** Services with an interface endpoint, by short name. */
  readonly services: readonly string[];
  /** What must be there before an address is taken. @default - nothing */
  readonly dependsOn?: readonly ITerraformDependable[];
}

/** AWS services inside the network: S3 always, which is free and holds the layers of images; others by choice. */
export class Endpoints extends Construct {
  constructor(scope: Construct, id: string, props: EndpointsProps) {
    super(scope, id);
    const { name, region, vpc, services } = props;
    new VpcEndpoint(this, 'S3', {
      vpcId: vpc.vpcId,
      serviceName: `com.amazonaws.${region}.s3`,
      vpcEndpointType: 'Gateway',
      routeTableIds: [...vpc.privateRouteTableIds],
      tags: { Name: `${name}-s3` },
    });
    if (services.length === 0) return;
    const group = this.addGroup(name, vpc);
    for (const service of services) {
      new VpcEndpoint(this, service, {
        vpcId: vpc.vpcId,
        serviceName: `com.amazonaws.${region}.${service}`,
        vpcEndpointType: 'Interface',
        subnetIds: [...vpc.privateSubnetIds],
        securityGroupIds: [group.id],
        privateDnsEnabled: true,
        tags: { Name: `${name}-${service}` },
        dependsOn: [...(props.dependsOn ?? [])],
      });
    }
  }

  private addGroup(name: string, vpc: IVpc): SecurityGroup {
    const group = new SecurityGroup(this, 'SecurityGroup', {
      name: `${name}-endpoints`,
      description: 'AWS services for this network',
      vpcId: vpc.vpcId,
      tags: { Name: `${name}-endpoints` },
    });
    new VpcSecurityGroupIngressRule(this, 'FromNetwork', {
      securityGroupId: group.id,
      description: 'HTTPS from this network',
      cidrIpv4: formatCidr(vpc.cidr),
      ipProtocol: 'tcp',
      fromPort: 443,
      toPort: 443,
    });
    return group;
  }
}
