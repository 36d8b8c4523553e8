/** What is left behind. */
import { labTag } from '../names';
import { type Names, of, type Scope, tagged, type Values } from './scope';

/** What controllers and AWS made for a cluster. It carries the cluster's tags, and not always the lab's. */
export function leftoverScopes(names: Names): Scope[] {
  const { arn, own, owners, globalArn } = names;
  const part = 'leftovers';
  const machines = of('ec2', 'DeleteSnapshot DeleteVolume TerminateInstances');
  const interfaces = ['ec2:DeleteNetworkInterface'];
  const groups = of('ec2', 'DeleteSecurityGroup RevokeSecurityGroupEgress RevokeSecurityGroupIngress');
  const balancers = of('elasticloadbalancing', 'DeleteLoadBalancer DeleteTargetGroup');
  const scaling = ['autoscaling:DeleteAutoScalingGroup'];
  /** Who tags with what: the lab, EKS, the network plug-in, the load balancer controller, Kubernetes itself. */
  const marks: readonly (readonly [string, string, Values, readonly string[]])[] = [
    ['Lab', labTag, names.lab, [...machines, ...balancers, ...scaling]],
    ['EksGroup', 'aws:eks:cluster-name', owners, [...groups, ...interfaces, ...machines]],
    ['EksNode', 'eks:cluster-name', owners, [...interfaces, ...machines, ...scaling]],
    ['Interface', 'cluster.k8s.amazonaws.com/name', owners, interfaces],
    ['Controller', 'elbv2.k8s.aws/cluster', owners, [...balancers, ...groups]],
    ...owners.map(
      (owner, index) =>
        [
          `Kubernetes${index + 1}`,
          `kubernetes.io/cluster/${owner}`,
          'owned',
          [...balancers, ...groups, ...interfaces, ...machines],
        ] as const,
    ),
  ];
  const resources = [arn('ec2', '*/*'), arn('elasticloadbalancing', '*'), arn('autoscaling', 'autoScalingGroup:*')];
  return [
    ...marks.map(
      ([who, key, value, actions]) =>
        ({
          part,
          sid: `RemoveBy${who}`,
          actions,
          resources: resources.filter((resource) =>
            actions.some((action) => serviceOf(action) === serviceOfArn(resource)),
          ),
          condition: { StringEquals: { [`aws:ResourceTag/${key}`]: value } },
        }) as const,
    ),
    {
      part,
      sid: 'RemoveByName',
      actions: [
        ...of('iam', 'DeletePolicy DeletePolicyVersion RemoveRoleFromInstanceProfile'),
        'kms:DeleteAlias',
        'logs:DeleteLogGroup',
      ],
      resources: [
        ...owners.flatMap((owner) => [globalArn(`policy/${owner}-*`), globalArn(`instance-profile/${owner}-*`)]),
        ...own('kms', (owner) => `alias/${owner}*`),
        arn('kms', `alias/isthmus/${names.lab}/*`),
        ...own('logs', (owner) => `log-group:/aws/containerinsights/${owner}/*`),
      ],
    },
    {
      part,
      sid: 'RemoveByTag',
      actions: ['iam:DeleteOpenIDConnectProvider', 'kms:DeleteAlias'],
      resources: [globalArn('oidc-provider/*'), arn('kms', 'key/*')],
      condition: tagged(names),
    },
  ];
}

const serviceOf = (action: string) => action.split(':')[0];
const serviceOfArn = (arn: string) => arn.split(':')[2];
