import { DataAwsAutoscalingGroups } from '@cdktf/provider-aws/lib/data-aws-autoscaling-groups';
import { DataAwsEksCluster as Resource } from '@cdktf/provider-aws/lib/data-aws-eks-cluster';
import { Fn } from 'cdktf';
import { Construct } from 'constructs';
import type { ICluster } from './icluster';

export interface ExistingClusterProps {
  readonly clusterName: string;
  /** @default - the security group that EKS made for the cluster, which managed nodes have unless told otherwise */
  readonly nodeSecurityGroupId?: string;
  /** @default - the first Auto Scaling group that EKS runs for the cluster */
  readonly autoscalingGroupName?: string;
}

/** A cluster that is there already. It is looked up, never changed. */
export class ExistingCluster extends Construct implements ICluster {
  readonly resource: Resource;
  readonly clusterName: string;
  readonly endpoint: string;
  readonly certificateAuthority: string;
  readonly nodeSecurityGroupId: string;
  readonly autoscalingGroupName: string;

  constructor(scope: Construct, id: string, props: ExistingClusterProps) {
    super(scope, id);
    this.resource = new Resource(this, 'Resource', { name: props.clusterName });
    this.clusterName = props.clusterName;
    this.endpoint = this.resource.endpoint;
    this.certificateAuthority = this.resource.certificateAuthority.get(0).data;
    this.nodeSecurityGroupId = props.nodeSecurityGroupId ?? this.resource.vpcConfig.get(0).clusterSecurityGroupId;
    this.autoscalingGroupName = props.autoscalingGroupName ?? this.firstGroup(props.clusterName);
  }

  private firstGroup(clusterName: string): string {
    const groups = new DataAwsAutoscalingGroups(this, 'Groups', {
      filter: [{ name: 'tag:eks:cluster-name', values: [clusterName] }],
      lifecycle: {
        postcondition: [
          {
            condition: `\${length(self.names) > 0}`,
            errorMessage: `Cluster ${clusterName} has no managed node group, so that a load balancer finds no node. Add one.`,
          },
        ],
      },
    });
    return Fn.element(groups.names, 0);
  }
}
