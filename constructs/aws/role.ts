import { IamRole as Resource } from '@cdktf/provider-aws/lib/iam-role';
import { IamRolePolicy } from '@cdktf/provider-aws/lib/iam-role-policy';
import { IamRolePolicyAttachment } from '@cdktf/provider-aws/lib/iam-role-policy-attachment';
import type { ITerraformDependable } from 'cdktf';
import { Construct } from 'constructs';
import { Account } from './account';

export interface ServiceRoleProps {
  /** First part of the role's name, at most 37 characters. AWS roles are global: the rest makes the name unique. */
  readonly namePrefix: string;
  /** AWS service that may take the role, such as `eks.amazonaws.com`. */
  readonly service: string;
  /** What the service does to take it. @default - sts:AssumeRole */
  readonly actions?: readonly string[];
  /** The service may take it only on behalf of this account. @default - false */
  readonly ownAccountOnly?: boolean;
  /** Policies of AWS by name, such as `AmazonEKSClusterPolicy`. @default - none */
  readonly managedPolicies?: readonly string[];
  /** Statements of a policy of its own. @default - none */
  readonly statements?: readonly Statement[];
}

interface Statement {
  readonly Effect: 'Allow' | 'Deny';
  readonly Action: readonly string[];
  readonly Resource: string | readonly string[];
}

/** An IAM role for one AWS service. */
export class ServiceRole extends Construct {
  readonly resource: Resource;
  readonly roleArn: string;
  /** What the role may do. Whoever uses the role depends on these: they must come before it and go after it. */
  readonly permissions: readonly ITerraformDependable[];

  constructor(scope: Construct, id: string, props: ServiceRoleProps) {
    super(scope, id);
    const account = Account.of(this);
    this.resource = new Resource(this, 'Resource', {
      namePrefix: `${props.namePrefix}-`,
      assumeRolePolicy: JSON.stringify({
        Version: '2012-10-17',
        Statement: [
          {
            Effect: 'Allow',
            Principal: { Service: props.service },
            Action: props.actions ?? ['sts:AssumeRole'],
            ...(props.ownAccountOnly
              ? { Condition: { StringEquals: { 'aws:SourceAccount': account.accountId } } }
              : {}),
          },
        ],
      }),
    });
    this.roleArn = this.resource.arn;
    const managed = (props.managedPolicies ?? []).map(
      (name) =>
        new IamRolePolicyAttachment(this, name.replace('service-role/', ''), {
          role: this.resource.name,
          policyArn: `arn:${account.partition}:iam::aws:policy/${name}`,
        }),
    );
    const own = props.statements === undefined ? [] : [this.addPolicy(props.statements)];
    this.permissions = [...managed, ...own];
  }

  private addPolicy(statements: readonly Statement[]): ITerraformDependable {
    return new IamRolePolicy(this, 'Policy', {
      name: 'own',
      role: this.resource.name,
      policy: JSON.stringify({ Version: '2012-10-17', Statement: statements }),
    });
  }
}
