import { EksNodeGroup as Resource } from '@cdktf/provider-aws/lib/eks-node-group';
import { LaunchTemplate } from '@cdktf/provider-aws/lib/launch-template';
import type { ITerraformDependable } from 'cdktf';
import { Construct } from 'constructs';
import type { NodeSettings } from '../../../model/aws';
import { ServiceRole } from '../role';

export interface NodeGroupProps {
  readonly clusterName: string;
  /** First part of all names; the cluster's name as text. */
  readonly name: string;
  readonly subnetIds: readonly string[];
  readonly nodes: NodeSettings;
  /** Tags of instances, volumes and network interfaces, which a provider's default tags do not reach. */
  readonly tags: Readonly<Record<string, string>>;
  /** @default - nothing */
  readonly dependsOn?: readonly ITerraformDependable[];
}

/** The nodes of a cluster, in one Auto Scaling group that EKS runs. */
export class NodeGroup extends Construct {
  readonly resource: Resource;
  readonly autoscalingGroupName: string;

  constructor(scope: Construct, id: string, props: NodeGroupProps) {
    super(scope, id);
    const { name, nodes } = props;
    const template = this.addTemplate(props);
    const role = this.addRole(name);
    this.resource = new Resource(this, 'Resource', {
      clusterName: props.clusterName,
      nodeGroupName: `${name}-nodes`,
      nodeRoleArn: role.roleArn,
      subnetIds: [...props.subnetIds],
      amiType: 'AL2023_x86_64_STANDARD',
      capacityType: nodes.spot ? 'SPOT' : 'ON_DEMAND',
      instanceTypes: [nodes.type],
      launchTemplate: { id: template.id, version: template.getStringAttribute('latest_version') },
      // The desired size is not ignored: no autoscaler runs here, so that a changed config must have its effect.
      scalingConfig: { minSize: nodes.min, desiredSize: nodes.desired, maxSize: nodes.max },
      updateConfig: { maxUnavailable: 1 },
      dependsOn: [...role.permissions, ...(props.dependsOn ?? [])],
    });
    this.autoscalingGroupName = this.resource.resources.get(0).autoscalingGroups.get(0).name;
  }

  private addTemplate({ name, nodes, tags }: NodeGroupProps): LaunchTemplate {
    return new LaunchTemplate(this, 'Template', {
      name: `${name}-nodes`,
      updateDefaultVersion: true,
      blockDeviceMappings: [
        {
          deviceName: '/dev/xvda',
          ebs: { volumeType: 'gp3', volumeSize: nodes.disk, encrypted: 'true', deleteOnTermination: 'true' },
        },
      ],
      // One hop: pods do not get the node's credentials.
      metadataOptions: {
        httpEndpoint: 'enabled',
        httpTokens: 'required',
        httpPutResponseHopLimit: 1,
        instanceMetadataTags: 'disabled',
      },
      monitoring: { enabled: false },
      tagSpecifications: ['instance', 'volume', 'network-interface'].map((resourceType) => ({
        resourceType,
        tags: { Name: `${name}-node`, ...tags },
      })),
    });
  }

  /** Nodes join and pull images. What the network plug-in does with interfaces is its own role's, not the node's. */
  private addRole(name: string): ServiceRole {
    return new ServiceRole(this, 'Role', {
      namePrefix: `${name}-nodes`,
      service: 'ec2.amazonaws.com',
      managedPolicies: ['AmazonEKSWorkerNodePolicy', 'AmazonEC2ContainerRegistryPullOnly'],
    });
  }
}
