import { SecurityGroup } from '@cdktf/provider-aws/lib/security-group';
import { VpcEndpoint } from '@cdktf/provider-aws/lib/vpc-endpoint';
import { VpcEndpointService } from '@cdktf/provider-aws/lib/vpc-endpoint-service';
import { VpcSecurityGroupIngressRule } from '@cdktf/provider-aws/lib/vpc-security-group-ingress-rule';
import { Construct } from 'constructs';
import { formatCidr } from '../../../model/cidr';
import type { Fault } from '../../../model/fault';
import { Account } from '../account';
import { refuse } from '../refuse';
import type { IVpc } from './vpc';

export interface PrivateLinkProps {
  readonly name: string;
  /** ARN of the network load balancer that is called. */
  readonly balancerArn: string;
  /** TCP port of its listener. */
  readonly port: number;
  /** Network that calls. It never learns of the other one. */
  readonly caller: IVpc;
  /**
   * Address of the endpoint in each of the caller's private subnets, in zone order; it is only in as many as there are
   * addresses. The load balancer must be in the same zones.
   * @default - the caller's `endpointAddresses`; without them AWS chooses, in all private subnets
   */
  readonly addresses?: readonly string[];
}

/** One port of a load balancer, seen as an address inside another network of the same account. */
export class PrivateLink extends Construct {
  readonly service: VpcEndpointService;
  readonly resource: VpcEndpoint;

  constructor(scope: Construct, id: string, props: PrivateLinkProps) {
    super(scope, id);
    const { name, caller } = props;
    const addresses = props.addresses ?? caller.endpointAddresses;
    refuse(this, tooMany(addresses, caller));
    this.service = new VpcEndpointService(this, 'Service', {
      // The endpoint below accepts itself; anybody else waits for a person.
      acceptanceRequired: true,
      networkLoadBalancerArns: [props.balancerArn],
      allowedPrincipals: [Account.of(this).rootArn],
      tags: { Name: name },
    });
    const subnetIds = caller.privateSubnetIds.slice(0, addresses?.length);
    this.resource = new VpcEndpoint(this, 'Resource', {
      vpcId: caller.vpcId,
      serviceName: this.service.serviceName,
      vpcEndpointType: 'Interface',
      autoAccept: true,
      privateDnsEnabled: false,
      subnetIds,
      ...(addresses === undefined
        ? {}
        : { subnetConfiguration: subnetIds.map((subnetId, index) => ({ subnetId, ipv4: addresses[index] ?? '' })) }),
      securityGroupIds: [this.addGroup(props).id],
      tags: { Name: name },
    });
  }

  private addGroup({ name, caller, port }: PrivateLinkProps): SecurityGroup {
    const group = new SecurityGroup(this, 'SecurityGroup', {
      name: `${name}-endpoint`,
      description: 'The other mesh, for this network',
      vpcId: caller.vpcId,
      tags: { Name: `${name}-endpoint` },
    });
    new VpcSecurityGroupIngressRule(this, 'FromCaller', {
      securityGroupId: group.id,
      description: 'This network',
      cidrIpv4: formatCidr(caller.cidr),
      ipProtocol: 'tcp',
      fromPort: port,
      toPort: port,
    });
    return group;
  }
}

function tooMany(addresses: readonly string[] | undefined, { privateSubnetIds }: IVpc): Fault[] {
  if (addresses === undefined || (addresses.length > 0 && addresses.length <= privateSubnetIds.length)) return [];
  return [
    {
      path: ['addresses'],
      problem: 'do not fit the private subnets of the caller',
      value: addresses,
      allowed: `1 to ${privateSubnetIds.length} addresses`,
      fix: 'give one for each subnet, in zone order',
    },
  ];
}
