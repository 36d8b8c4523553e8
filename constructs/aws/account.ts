import { DataAwsCallerIdentity } from '@cdktf/provider-aws/lib/data-aws-caller-identity';
import { DataAwsIamSessionContext } from '@cdktf/provider-aws/lib/data-aws-iam-session-context';
import { DataAwsPartition } from '@cdktf/provider-aws/lib/data-aws-partition';
import { TerraformStack } from 'cdktf';
import { Construct } from 'constructs';

/** The account that a stack is deployed to, and who deploys. Known to Terraform when it plans; asked only if needed. */
export class Account extends Construct {
  /** The one of the stack that the construct is in. */
  static of(scope: Construct): Account {
    const stack = TerraformStack.of(scope);
    const known = stack.node.tryFindChild('Account');
    return known instanceof Account ? known : new Account(stack, 'Account');
  }

  get accountId(): string {
    return this.caller.accountId;
  }

  /** IAM role or user who deploys: for an assumed role the role itself, not the session. */
  get deployerArn(): string {
    return this.child('Session', (id) => new DataAwsIamSessionContext(this, id, { arn: this.caller.arn })).issuerArn;
  }

  /** `aws`, or the name of a partition of its own such as `aws-cn`. */
  get partition(): string {
    return this.child('Partition', (id) => new DataAwsPartition(this, id)).partition;
  }

  /** The account as a principal of a policy. */
  get rootArn(): string {
    return `arn:${this.partition}:iam::${this.accountId}:root`;
  }

  private get caller(): DataAwsCallerIdentity {
    return this.child('Caller', (id) => new DataAwsCallerIdentity(this, id));
  }

  private child<T extends Construct>(id: string, make: (id: string) => T): T {
    return (this.node.tryFindChild(id) as T | undefined) ?? make(id);
  }
}
