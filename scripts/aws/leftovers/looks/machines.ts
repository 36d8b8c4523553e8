/** Looks into EC2 for machines and disks: instances, volumes, snapshots, launch templates, Auto Scaling groups. */
import { paginateDescribeAutoScalingGroups } from '@aws-sdk/client-auto-scaling';
import {
  type Instance,
  paginateDescribeInstances,
  paginateDescribeLaunchTemplates,
  paginateDescribeSnapshots,
  paginateDescribeVolumes,
  type Snapshot,
  type Volume,
} from '@aws-sdk/client-ec2';
import type { AwsClients } from '../../clients';
import { collect, type Look, type Resource, tagsOf } from '../resource';

export function volumeLook({ ec2 }: AwsClients): Look {
  return {
    service: 'EC2 volumes',
    permissions: ['ec2:DescribeVolumes'],
    run: async () => {
      const all = await collect(paginateDescribeVolumes({ client: ec2 }, {}), (page) => page.Volumes);
      return all.filter(({ State }) => !['deleting', 'deleted'].includes(State ?? '')).map(volume);
    },
  };
}

export function machineLooks(clients: AwsClients): Look[] {
  const { ec2, autoScaling } = clients;
  return [
    {
      service: 'EC2 instances',
      permissions: ['ec2:DescribeInstances'],
      run: async () => {
        const pages = paginateDescribeInstances({ client: ec2 }, {});
        const all = await collect(pages, (page) => page.Reservations?.flatMap(({ Instances = [] }) => Instances));
        return all.filter(({ State }) => !['shutting-down', 'terminated'].includes(State?.Name ?? '')).map(instance);
      },
    },
    volumeLook(clients),
    {
      service: 'EC2 snapshots',
      permissions: ['ec2:DescribeSnapshots'],
      run: async () => {
        const pages = paginateDescribeSnapshots({ client: ec2 }, { OwnerIds: ['self'] });
        return (await collect(pages, (page) => page.Snapshots)).map(snapshot);
      },
    },
    {
      service: 'EC2 launch templates',
      permissions: ['ec2:DescribeLaunchTemplates'],
      run: async () => {
        const all = await collect(paginateDescribeLaunchTemplates({ client: ec2 }, {}), (page) => page.LaunchTemplates);
        return all.map(({ LaunchTemplateId: id = '', LaunchTemplateName: name = '', Tags }) => ({
          type: 'aws_launch_template',
          id,
          name,
          tags: tagsOf(Tags),
        }));
      },
    },
    {
      service: 'Auto Scaling groups',
      permissions: ['autoscaling:DescribeAutoScalingGroups'],
      run: async () => {
        const pages = paginateDescribeAutoScalingGroups({ client: autoScaling }, {});
        const all = await collect(pages, (page) => page.AutoScalingGroups);
        // A status is there only while the group is being deleted.
        return all
          .filter(({ Status }) => Status === undefined)
          .map(({ AutoScalingGroupName: name = '', Tags }) => ({
            type: 'aws_autoscaling_group',
            id: name,
            name,
            tags: tagsOf(Tags),
          }));
      },
    },
  ];
}

function instance({ InstanceId: id = '', VpcId, Tags, InstanceType, InstanceLifecycle, State }: Instance): Resource {
  const tags = tagsOf(Tags);
  const kind = InstanceLifecycle ?? 'on-demand';
  return {
    type: 'aws_instance',
    id,
    name: tags.Name ?? '',
    tags,
    ...(VpcId === undefined ? {} : { vpcs: [VpcId] }),
    facts: { instanceType: InstanceType ?? '', kind, state: State?.Name ?? '' },
  };
}

function volume({ VolumeId: id = '', Tags, Size, VolumeType, Iops, Throughput }: Volume): Resource {
  const tags = tagsOf(Tags);
  return {
    type: 'aws_ebs_volume',
    id,
    // The claim that it was made for says more than the driver's name for it.
    name: claimOf(tags) ?? tags.Name ?? tags.CSIVolumeName ?? '',
    tags,
    facts: { gib: Size ?? 0, volumeType: VolumeType ?? '', iops: Iops ?? 0, throughput: Throughput ?? 0 },
  };
}

function claimOf(tags: Resource['tags']): string | undefined {
  const name = tags['kubernetes.io/created-for/pvc/name'];
  return name === undefined ? undefined : `${tags['kubernetes.io/created-for/pvc/namespace'] ?? ''}/${name}`;
}

function snapshot({ SnapshotId: id = '', Tags, VolumeSize }: Snapshot): Resource {
  const tags = tagsOf(Tags);
  return { type: 'aws_ebs_snapshot', id, name: tags.Name ?? '', tags, facts: { gib: VolumeSize ?? 0 } };
}
