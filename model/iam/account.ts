/** Keys, logs and roles. */
import { labTag } from '../names';
import { type Names, of, type Scope, tagged, tagging, within } from './scope';

export function accountScopes(names: Names): Scope[] {
  return [...keyAndLogScopes(names), ...roleScopes(names)];
}

function keyAndLogScopes(names: Names): Scope[] {
  const { arn, region, lab, logGroups } = names;
  const part = 'account';
  const keys = [arn('kms', 'key/*')];
  return [
    {
      part,
      sid: 'MakeKey',
      actions: ['kms:CreateKey', 'kms:TagResource'],
      resources: ['*'],
      condition: { ...tagging(names), StringEqualsIfExists: { [`aws:ResourceTag/${labTag}`]: lab } },
    },
    {
      part,
      sid: 'UseKey',
      actions: of(
        'kms',
        'CreateGrant DisableKeyRotation PutKeyPolicy ScheduleKeyDeletion TagResource UntagResource UpdateKeyDescription',
      ),
      resources: keys,
      condition: tagged(names),
    },
    {
      part,
      // The first thing after a key is made, when KMS may not know its tags yet. It does no harm to any key.
      sid: 'RotateKey',
      actions: ['kms:EnableKeyRotation'],
      resources: keys,
      condition: within(region),
    },
    {
      part,
      sid: 'Logs',
      actions: of(
        'logs',
        'AssociateKmsKey CreateLogGroup DeleteLogGroup DisassociateKmsKey PutRetentionPolicy TagResource UntagResource',
      ),
      resources: logGroups.map((name) => arn('logs', `log-group:${name}`)),
    },
  ];
}

/** Whoever may write a role's policy may do what the role may: so only roles of the lab, for these services. */
function roleScopes({ owners, globalArn, managedPolicies }: Names): Scope[] {
  const part = 'account';
  const roles = owners.map((owner) => globalArn(`role/${owner}-*`));
  return [
    {
      part,
      sid: 'Roles',
      actions: of(
        'iam',
        'CreateRole DeleteRole DeleteRolePolicy DetachRolePolicy PutRolePolicy TagRole UntagRole UpdateAssumeRolePolicy',
      ),
      resources: roles,
    },
    {
      part,
      sid: 'PoliciesOfAws',
      actions: ['iam:AttachRolePolicy'],
      resources: roles,
      condition: { ArnEquals: { 'iam:PolicyARN': managedPolicies } },
    },
    {
      part,
      sid: 'RolesForServices',
      actions: ['iam:PassRole'],
      resources: roles,
      condition: { StringEquals: { 'iam:PassedToService': passedTo } },
    },
    {
      part,
      sid: 'RolesOfServices',
      actions: ['iam:CreateServiceLinkedRole'],
      resources: [globalArn('role/aws-service-role/*')],
      condition: { StringEquals: { 'iam:AWSServiceName': linked } },
    },
  ];
}

const passedTo = ['ec2', 'eks', 'pods.eks', 'vpc-flow-logs'].map((name) => `${name}.amazonaws.com`);

/** AWS makes their roles with the first cluster, node group or load balancer of an account. */
const linked = ['autoscaling', 'eks', 'eks-nodegroup', 'elasticloadbalancing', 'spot'].map(
  (name) => `${name}.amazonaws.com`,
);
