import { AutoscalingAttachment } from '@cdktf/provider-aws/lib/autoscaling-attachment';
import { Lb as Resource } from '@cdktf/provider-aws/lib/lb';
import { LbListener } from '@cdktf/provider-aws/lib/lb-listener';
import { LbTargetGroup } from '@cdktf/provider-aws/lib/lb-target-group';
import { SecurityGroup } from '@cdktf/provider-aws/lib/security-group';
import { VpcSecurityGroupEgressRule } from '@cdktf/provider-aws/lib/vpc-security-group-egress-rule';
import { VpcSecurityGroupIngressRule } from '@cdktf/provider-aws/lib/vpc-security-group-ingress-rule';
import { Construct } from 'constructs';
import { longestBalancerName } from '../../../model/aws';
import { type Cidr, formatCidr } from '../../../model/cidr';
import type { Fault } from '../../../model/fault';
import type { IVpc } from '../network/vpc';
import { refuse } from '../refuse';
import type { ICluster } from './icluster';

export interface NodePortBalancerProps {
  /** Name of the load balancer, its target group and its security group: at most 32 characters. */
  readonly name: string;
  readonly vpc: IVpc;
  readonly cluster: ICluster;
  /** TCP port that callers see. */
  readonly port: number;
  /** Port of every node behind it. */
  readonly nodePort: number;
  /** `internal` lies in the private subnets, `internet-facing` in the public ones. */
  readonly scheme: 'internal' | 'internet-facing';
  /**
   * Internal: its private address in each subnet, in zone order. It is only in as many zones as there are addresses.
   * @default - AWS chooses, in all private subnets
   */
  readonly addresses?: readonly string[];
  /**
   * Internet-facing: allocation ids of its Elastic IPs, in zone order. It is only in as many zones as there are ids.
   * @default - AWS chooses, in all public subnets
   */
  readonly elasticIps?: readonly string[];
  /** Who may connect. @default - nobody */
  readonly from?: readonly Cidr[];
  /** Single addresses that may connect and are known only after deployment. @default - none */
  readonly fromAddresses?: readonly string[];
}

/** A network load balancer in front of a port of all nodes: what a Service of type LoadBalancer would hide. */
export class NodePortBalancer extends Construct {
  readonly resource: Resource;
  readonly balancerArn: string;
  readonly balancerDnsName: string;
  readonly securityGroupId: string;
  readonly listener: LbListener;

  constructor(scope: Construct, id: string, props: NodePortBalancerProps) {
    super(scope, id);
    refuse(this, balancerFaults(props));
    const group = new SecurityGroup(this, 'SecurityGroup', {
      name: props.name,
      description: `Load balancer ${props.name}`,
      vpcId: props.vpc.vpcId,
      tags: { Name: props.name },
    });
    this.securityGroupId = group.id;
    this.addRules(props);
    this.resource = new Resource(this, 'Resource', {
      name: props.name,
      loadBalancerType: 'network',
      internal: props.scheme === 'internal',
      subnetMapping: places(props),
      securityGroups: [group.id],
      // Callers through a PrivateLink are held to the same rules.
      enforceSecurityGroupInboundRulesOnPrivateLinkTraffic: 'on',
      enableCrossZoneLoadBalancing: true,
      // A lab is there to be destroyed.
      enableDeletionProtection: false,
      tags: { Name: props.name },
    });
    this.balancerArn = this.resource.arn;
    this.balancerDnsName = this.resource.dnsName;
    this.listener = this.addListener(props);
  }

  private addListener({ name, vpc, cluster, port, nodePort }: NodePortBalancerProps): LbListener {
    const targets = new LbTargetGroup(this, 'Targets', {
      name,
      vpcId: vpc.vpcId,
      targetType: 'instance',
      protocol: 'TCP',
      port: nodePort,
      // Nodes see the load balancer: a node that calls its own mesh's gateway would otherwise get no answer.
      preserveClientIp: 'false',
      deregistrationDelay: '15',
      connectionTermination: true,
      healthCheck: { protocol: 'TCP', port: 'traffic-port', interval: 10, healthyThreshold: 2, unhealthyThreshold: 2 },
      tags: { Name: name },
    });
    new AutoscalingAttachment(this, 'Attachment', {
      autoscalingGroupName: cluster.autoscalingGroupName,
      lbTargetGroupArn: targets.arn,
    });
    return new LbListener(this, 'Listener', {
      loadBalancerArn: this.resource.arn,
      protocol: 'TCP',
      port,
      defaultAction: [{ type: 'forward', targetGroupArn: targets.arn }],
      tags: { Name: name },
    });
  }

  /** Callers to the listener, the load balancer to the node port, nothing else. */
  private addRules({ name, cluster, port, nodePort, from = [], fromAddresses = [] }: NodePortBalancerProps): void {
    const callers = [
      // EC2 refuses the same rule twice.
      ...[...new Set(from.map(formatCidr))].map((range) => ({ id: `From-${range.replaceAll(/[./]/g, '-')}`, range })),
      ...fromAddresses.map((address, index) => ({ id: `FromAddress-${index}`, range: `${address}/32` })),
    ];
    for (const { id, range } of callers) {
      new VpcSecurityGroupIngressRule(this, id, {
        securityGroupId: this.securityGroupId,
        description: 'May call',
        cidrIpv4: range,
        ipProtocol: 'tcp',
        fromPort: port,
        toPort: port,
      });
    }
    const toNodes = { ipProtocol: 'tcp', fromPort: nodePort, toPort: nodePort };
    new VpcSecurityGroupEgressRule(this, 'ToNodes', {
      securityGroupId: this.securityGroupId,
      description: 'Nodes',
      referencedSecurityGroupId: cluster.nodeSecurityGroupId,
      ...toNodes,
    });
    new VpcSecurityGroupIngressRule(this, 'Nodes', {
      securityGroupId: cluster.nodeSecurityGroupId,
      description: `Load balancer ${name}`,
      referencedSecurityGroupId: this.securityGroupId,
      ...toNodes,
    });
  }
}

/** Subnets of the load balancer, with its addresses where they are given. */
function places({ scheme, vpc, addresses, elasticIps }: NodePortBalancerProps) {
  if (scheme === 'internal') {
    return vpc.privateSubnetIds
      .slice(0, addresses?.length)
      .map((subnetId, index) => ({ subnetId, ...optional('privateIpv4Address', addresses?.[index]) }));
  }
  return vpc.publicSubnetIds
    .slice(0, elasticIps?.length)
    .map((subnetId, index) => ({ subnetId, ...optional('allocationId', elasticIps?.[index]) }));
}

function optional<K extends string>(key: K, value: string | undefined) {
  return value === undefined ? {} : { [key]: value };
}

function balancerFaults(props: NodePortBalancerProps): Fault[] {
  const { name, scheme, vpc, addresses, elasticIps } = props;
  const faults: Fault[] = [];
  if (name.length > longestBalancerName || !/^[a-zA-Z0-9]([a-zA-Z0-9-]*[a-zA-Z0-9])?$/.test(name)) {
    const allowed = `at most ${longestBalancerName} letters, digits and inner hyphens`;
    const problem = 'is no name of a load balancer';
    faults.push({ path: ['name'], problem, value: name, allowed, fix: 'choose a shorter or simpler name' });
  }
  const kept = /^(internal-|sg-)/.exec(name)?.[0];
  if (kept !== undefined) {
    const problem = `begins with ${kept}, which AWS keeps for itself`;
    faults.push({ path: ['name'], problem, value: name, fix: 'choose a name that begins otherwise' });
  }
  const misplaced = scheme === 'internal' ? { elasticIps } : { addresses };
  for (const [key, value] of Object.entries(misplaced)) {
    if (value === undefined) continue;
    const problem = `are of no use to an ${scheme} load balancer`;
    faults.push({ path: [key], problem, value, fix: 'leave them out, or choose the other scheme' });
  }
  const [key, given, subnets] =
    scheme === 'internal'
      ? (['addresses', addresses, vpc.privateSubnetIds] as const)
      : (['elasticIps', elasticIps, vpc.publicSubnetIds] as const);
  if (given !== undefined && (given.length === 0 || given.length > subnets.length)) {
    const allowed = `1 to ${subnets.length}, one for each subnet`;
    faults.push({ path: [key], problem: 'do not fit the subnets', value: given, allowed, fix: 'give one for each' });
  }
  for (const [port, value] of Object.entries({ port: props.port, nodePort: props.nodePort })) {
    const [low, high] = port === 'port' ? [1, 65535] : [30000, 32767];
    if (value >= low && value <= high) continue;
    const allowed = `${low} to ${high}`;
    faults.push({ path: [port], problem: 'is out of range', value, allowed, fix: 'choose another port' });
  }
  return faults;
}
