import { ExistingCluster, type ExistingClusterProps } from '../../../../constructs/aws/eks/existing-cluster';
import type { ICluster } from '../../../../constructs/aws/eks/icluster';
import { Synthesised } from '../../../support/aws';

function found(props: ExistingClusterProps): { cluster: ICluster; text: string } {
  const clusters: ICluster[] = [];
  const { text } = new Synthesised((scope) => {
    clusters.push(new ExistingCluster(scope, 'Cluster', props));
  });
  const [cluster] = clusters;
  if (cluster === undefined) throw new Error('no cluster');
  return { cluster, text };
}

test('a cluster that is there already is looked up and never changed', () => {
  const { text } = found({ clusterName: 'theirs' });
  const plan = JSON.parse(text);
  expect(plan).not.toHaveProperty('resource');
  expect(Object.values(plan.data.aws_eks_cluster)).toEqual([{ name: 'theirs' }]);
  expect(Object.values(plan.data.aws_autoscaling_groups)).toEqual([
    expect.objectContaining({ filter: [{ name: 'tag:eks:cluster-name', values: ['theirs'] }] }),
  ]);
});

test('a cluster without nodes is told before anything depends on them', () => {
  const [groups] = Object.values(JSON.parse(found({ clusterName: 'theirs' }).text).data.aws_autoscaling_groups);
  expect(groups).toMatchObject({
    lifecycle: {
      postcondition: [
        {
          condition: '${length(self.names) > 0}',
          error_message: 'Cluster theirs has no managed node group, so that a load balancer finds no node. Add one.',
        },
      ],
    },
  });
});

test('what a person knows better is not looked up', () => {
  const { cluster, text } = found({
    clusterName: 'theirs',
    nodeSecurityGroupId: 'sg-1',
    autoscalingGroupName: 'asg-1',
  });
  expect(cluster).toMatchObject({ nodeSecurityGroupId: 'sg-1', autoscalingGroupName: 'asg-1' });
  expect(JSON.parse(text).data).not.toHaveProperty('aws_autoscaling_groups');
});
