import type { ITerraformDependable } from 'cdktf';
import { Construct } from 'constructs';
import type { NodeSettings } from '../../../model/aws';
import { refuse } from '../refuse';
import { Addon } from './addon';
import { Administrators } from './administrators';
import { clusterFaults } from './cluster-faults';
import { ControlPlane, type ControlPlaneProps } from './control-plane';
import type { ICluster } from './icluster';
import { NodeGroup } from './node-group';

export interface ClusterProps extends ControlPlaneProps {
  readonly nodes: NodeSettings;
  /** ARNs of IAM roles or users that administer the cluster besides the one who deploys. @default - none */
  readonly admins?: readonly string[];
  /** The lab's tags, for what EKS and its add-ons make by themselves: nodes, interfaces, volumes. */
  readonly tags: Readonly<Record<string, string>>;
}

/** An EKS cluster with its nodes and add-ons, made and destroyed in an order that leaves nothing behind. */
export class Cluster extends Construct implements ICluster {
  readonly clusterName: string;
  readonly endpoint: string;
  readonly certificateAuthority: string;
  readonly nodeSecurityGroupId: string;
  readonly autoscalingGroupName: string;
  /** The last things of the cluster. What runs on it depends on them, so that it is gone before they are. */
  readonly ready: readonly ITerraformDependable[];

  constructor(scope: Construct, id: string, props: ClusterProps) {
    super(scope, id);
    refuse(this, clusterFaults(props));
    const controlPlane = new ControlPlane(this, 'ControlPlane', props);
    const { clusterName, resource } = controlPlane;
    const administrators = new Administrators(this, 'Administrators', {
      clusterName,
      ...(props.admins === undefined ? {} : { principals: props.admins }),
    });
    const network = this.addNetworkAddons(clusterName, props);
    const nodes = new NodeGroup(this, 'Nodes', {
      clusterName,
      name: props.clusterName,
      subnetIds: props.vpc.privateSubnetIds,
      nodes: props.nodes,
      tags: props.tags,
      dependsOn: [administrators.resource, network.resource],
    });
    this.ready = this.addNodeAddons(clusterName, nodes, props).map((addon) => addon.resource);
    this.clusterName = clusterName;
    this.endpoint = resource.endpoint;
    this.certificateAuthority = resource.certificateAuthority.get(0).data;
    this.nodeSecurityGroupId = resource.vpcConfig.clusterSecurityGroupId;
    this.autoscalingGroupName = nodes.autoscalingGroupName;
  }

  /**
   * What a node needs to become ready, one after the other: the network plug-in takes its rights from the identity
   * agent and reaches the Kubernetes API through kube-proxy. Each is a daemon that is complete without a node.
   */
  private addNetworkAddons(clusterName: string, { clusterName: name, tags }: ClusterProps): Addon {
    const agent = new Addon(this, 'PodIdentity', { clusterName, addonName: 'eks-pod-identity-agent' });
    const proxy = new Addon(this, 'KubeProxy', { clusterName, addonName: 'kube-proxy' });
    return new Addon(this, 'VpcCni', {
      clusterName,
      addonName: 'vpc-cni',
      configuration: {
        enableNetworkPolicy: 'true',
        // Interfaces that it leaves behind are then found by the lab's tags.
        env: { ADDITIONAL_ENI_TAGS: JSON.stringify(tags) },
      },
      identity: { serviceAccount: 'aws-node', managedPolicy: 'AmazonEKS_CNI_Policy', roleName: `${name}-vpc-cni` },
      dependsOn: [agent.resource, proxy.resource],
    });
  }

  /** What needs a node to run on. */
  private addNodeAddons(clusterName: string, nodes: NodeGroup, { clusterName: name, tags }: ClusterProps): Addon[] {
    const dependsOn = [nodes.resource];
    return [
      new Addon(this, 'CoreDns', { clusterName, addonName: 'coredns', dependsOn }),
      new Addon(this, 'EbsCsi', {
        clusterName,
        addonName: 'aws-ebs-csi-driver',
        configuration: { controller: { extraVolumeTags: tags } },
        identity: {
          serviceAccount: 'ebs-csi-controller-sa',
          managedPolicy: 'service-role/AmazonEBSCSIDriverPolicy',
          roleName: `${name}-ebs-csi`,
        },
        dependsOn,
      }),
    ];
  }
}
