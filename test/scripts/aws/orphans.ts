/** Fills the mock of AWS with what EKS and controllers make in a cluster's account, tagged as they tag it. */
import { CreateAutoScalingGroupCommand } from '@aws-sdk/client-auto-scaling';
import { CreateLogGroupCommand } from '@aws-sdk/client-cloudwatch-logs';
import {
  CreateLaunchTemplateCommand,
  CreateNetworkInterfaceCommand,
  CreateSecurityGroupCommand,
  CreateSnapshotCommand,
  CreateVolumeCommand,
  RunInstancesCommand,
} from '@aws-sdk/client-ec2';
import { CreateLoadBalancerCommand as CreateClassicCommand } from '@aws-sdk/client-elastic-load-balancing';
import { CreateLoadBalancerCommand, CreateTargetGroupCommand } from '@aws-sdk/client-elastic-load-balancing-v2';
import { clusterLogGroup, clusterName } from '../../../model/aws';
import type { AwsClients } from '../../../scripts/aws/clients';
import { listed, type Network, type Owner, type Seeds, seedNetwork, seedPlan, specified } from './seed';

/** Disks and interfaces that drivers in a cluster make, and the group that EKS makes. */
async function seedDriven(aws: AwsClients, owner: Owner, { vpc, subnets }: Network): Promise<Seeds> {
  const cluster = clusterName(owner.lab, owner.mesh);
  const { ec2 } = aws;
  const [subnet = ''] = subnets;
  const volumeTags = { 'ebs.csi.aws.com/cluster': 'true', KubernetesCluster: cluster, CSIVolumeName: 'pvc-1' };
  const volume = await ec2.send(
    new CreateVolumeCommand({
      AvailabilityZone: `${aws.region}a`,
      Size: 10,
      VolumeType: 'gp3',
      ...specified('volume', volumeTags),
    }),
  );
  const snapshot = await ec2.send(
    new CreateSnapshotCommand({
      VolumeId: volume.VolumeId,
      ...specified('snapshot', { 'ebs.csi.aws.com/cluster-name': cluster }),
    }),
  );
  const nic = await ec2.send(
    new CreateNetworkInterfaceCommand({
      SubnetId: subnet,
      Description: 'aws-K8S-i-0123456789abcdef0',
      ...specified('network-interface', { 'cluster.k8s.amazonaws.com/name': cluster }),
    }),
  );
  const controlPlane = await ec2.send(
    new CreateNetworkInterfaceCommand({ SubnetId: subnet, Description: `Amazon EKS ${cluster}` }),
  );
  const group = await ec2.send(
    new CreateSecurityGroupCommand({
      GroupName: `eks-cluster-sg-${cluster}-1234567890`,
      Description: 'EKS created',
      VpcId: vpc,
    }),
  );
  return [
    `aws_ebs_volume ${volume.VolumeId}`,
    `aws_ebs_snapshot ${snapshot.SnapshotId}`,
    `aws_network_interface ${nic.NetworkInterface?.NetworkInterfaceId}`,
    `aws_network_interface ${controlPlane.NetworkInterface?.NetworkInterfaceId}`,
    `aws_security_group ${group.GroupId}`,
  ];
}

/** Load balancers that controllers make for Services. */
async function seedServices(aws: AwsClients, owner: Owner, { vpc, subnets }: Network): Promise<Seeds> {
  const cluster = clusterName(owner.lab, owner.mesh);
  const owned = { [`kubernetes.io/cluster/${cluster}`]: 'owned' };
  const { balancers, classicBalancers } = aws;
  const [subnet = ''] = subnets;
  const kubernetesService = { 'kubernetes.io/service-name': 'shop/front', ...owned };
  const balancer = await balancers.send(
    new CreateLoadBalancerCommand({
      Name: `k8s-${owner.lab}-${owner.mesh}`,
      Type: 'network',
      Subnets: [...subnets],
      Tags: listed({ 'elbv2.k8s.aws/cluster': cluster }),
    }),
  );
  const targets = await balancers.send(
    new CreateTargetGroupCommand({
      Name: `k8s-${owner.lab}-${owner.mesh}`,
      Protocol: 'TCP',
      Port: 80,
      VpcId: vpc,
      Tags: listed({ 'elbv2.k8s.aws/cluster': cluster }),
    }),
  );
  const classic = `a0${owner.lab}${owner.mesh}`;
  await classicBalancers.send(
    new CreateClassicCommand({
      LoadBalancerName: classic,
      Listeners: [{ Protocol: 'TCP', LoadBalancerPort: 80, InstancePort: 30080 }],
      Subnets: [subnet],
      Tags: listed(kubernetesService),
    }),
  );
  return [
    `aws_lb ${balancer.LoadBalancers?.[0]?.LoadBalancerArn}`,
    `aws_lb_target_group ${targets.TargetGroups?.[0]?.TargetGroupArn}`,
    `aws_elb ${classic}`,
  ];
}

/** Nodes as EKS makes them for a node group, and the log of the control plane. */
async function seedNodes(aws: AwsClients, owner: Owner, { subnets }: Network): Promise<Seeds> {
  const cluster = clusterName(owner.lab, owner.mesh);
  const owned = { [`kubernetes.io/cluster/${cluster}`]: 'owned' };
  const { ec2, autoScaling, logs } = aws;
  const [subnet = ''] = subnets;
  const template = await ec2.send(
    new CreateLaunchTemplateCommand({
      LaunchTemplateName: `eks-${cluster}`,
      LaunchTemplateData: { InstanceType: 't3.medium' },
      ...specified('launch-template', { 'eks:cluster-name': cluster }),
    }),
  );
  const templateId = template.LaunchTemplate?.LaunchTemplateId ?? '';
  const scaling = `eks-nodes-${cluster}`;
  await autoScaling.send(
    new CreateAutoScalingGroupCommand({
      AutoScalingGroupName: scaling,
      MinSize: 0,
      MaxSize: 0,
      LaunchTemplate: { LaunchTemplateId: templateId },
      VPCZoneIdentifier: subnet,
      Tags: listed(owned).map((tag) => ({
        ...tag,
        ResourceId: scaling,
        ResourceType: 'auto-scaling-group',
        PropagateAtLaunch: true,
      })),
    }),
  );
  const machines = await ec2.send(
    new RunInstancesCommand({
      ImageId: 'ami-0123456789abcdef0',
      InstanceType: 't3.medium',
      MinCount: 1,
      MaxCount: 1,
      SubnetId: subnet,
      ...specified('instance', { 'aws:eks:cluster-name': cluster }),
    }),
  );
  await logs.send(new CreateLogGroupCommand({ logGroupName: clusterLogGroup(cluster) }));
  return [
    `aws_launch_template ${templateId}`,
    `aws_autoscaling_group ${scaling}`,
    `aws_instance ${machines.Instances?.[0]?.InstanceId}`,
    `aws_cloudwatch_log_group ${clusterLogGroup(cluster)}`,
  ];
}

/** What EKS and controllers in a cluster make, which no plan knows of. Nothing here has the lab's own tag. */
export async function seedOrphans(aws: AwsClients, owner: Owner, network: Network): Promise<Seeds> {
  return [
    ...(await seedDriven(aws, owner, network)),
    ...(await seedServices(aws, owner, network)),
    ...(await seedNodes(aws, owner, network)),
  ];
}

/** All of one mesh, but for the cluster: what the plan made and what was made beside it. */
export async function seedMesh(aws: AwsClients, owner: Owner, cidr?: string): Promise<Network> {
  const network = await seedNetwork(aws, owner, cidr);
  const plan = await seedPlan(aws, owner, network);
  return { ...network, seeds: [...network.seeds, ...plan, ...(await seedOrphans(aws, owner, network))] };
}
