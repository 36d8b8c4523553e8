/** EKS, the nodes and the load balancers before them: names decide. */
import { type Names, of, type Scope, tagging } from './scope';

export function clusterScopes(names: Names): Scope[] {
  return [...eksScopes(names), ...balancerScopes(names)];
}

function eksScopes(names: Names): Scope[] {
  const { own, arn, clusters } = names;
  const part = 'cluster';
  const kinds = ['cluster/%', 'nodegroup/%/*', 'addon/%/*', 'access-entry/%/*', 'podidentityassociation/%/*'];
  return [
    { part, sid: 'MakeCluster', actions: ['eks:CreateCluster'], resources: ['*'], condition: tagging(names) },
    {
      part,
      sid: 'UseCluster',
      actions: of(
        'eks',
        'AssociateAccessPolicy AssociateEncryptionConfig CreateAccessEntry CreateAddon CreateNodegroup ' +
          'CreatePodIdentityAssociation DeleteAccessEntry DeleteAddon DeleteCluster DeleteNodegroup ' +
          'DeletePodIdentityAssociation DisassociateAccessPolicy TagResource UntagResource UpdateAccessEntry ' +
          'UpdateAddon UpdateClusterConfig UpdateClusterVersion UpdateNodegroupConfig UpdateNodegroupVersion ' +
          'UpdatePodIdentityAssociation',
      ),
      resources: kinds.flatMap((kind) => own('eks', (owner) => kind.replace('%', owner))),
    },
    {
      part,
      sid: 'StartNodes',
      actions: ['ec2:RunInstances'],
      resources: ['*'],
      condition: { ArnLike: { 'ec2:LaunchTemplate': arn('ec2', 'launch-template/*') } },
    },
    {
      part,
      sid: 'NodesAsTargets',
      actions: of('autoscaling', 'AttachLoadBalancerTargetGroups DetachLoadBalancerTargetGroups'),
      resources: [arn('autoscaling', 'autoScalingGroup:*:autoScalingGroupName/*')],
      condition: { StringEquals: { 'aws:ResourceTag/eks:cluster-name': clusters } },
    },
  ];
}

function balancerScopes({ own }: Names): Scope[] {
  return [
    {
      part: 'cluster',
      sid: 'LoadBalancers',
      actions: of(
        'elasticloadbalancing',
        'AddTags CreateListener CreateLoadBalancer CreateTargetGroup DeleteListener DeleteLoadBalancer ' +
          'DeleteTargetGroup ModifyListener ModifyListenerAttributes ModifyLoadBalancerAttributes ModifyTargetGroup ' +
          'ModifyTargetGroupAttributes RemoveTags SetIpAddressType SetSecurityGroups SetSubnets',
      ),
      resources: ['loadbalancer/net/%-*', 'listener/net/%-*', 'targetgroup/%-*'].flatMap((kind) =>
        own('elasticloadbalancing', (owner) => kind.replace('%', owner)),
      ),
    },
  ];
}
