import { EksAccessEntry } from '@cdktf/provider-aws/lib/eks-access-entry';
import { EksAccessPolicyAssociation } from '@cdktf/provider-aws/lib/eks-access-policy-association';
import { Fn, TerraformIterator } from 'cdktf';
import { Construct } from 'constructs';
import { Account } from '../account';

export interface AdministratorsProps {
  readonly clusterName: string;
  /** ARNs of IAM roles or users besides the one who deploys. @default - none */
  readonly principals?: readonly string[];
}

/** Who administers a cluster: the one who deploys, and others. */
export class Administrators extends Construct {
  /** Without it the deployer is locked out: releases and add-ons must come after it and go before it. */
  readonly resource: EksAccessPolicyAssociation;

  constructor(scope: Construct, id: string, props: AdministratorsProps) {
    super(scope, id);
    const account = Account.of(this);
    // A set made when Terraform plans: the deployer is often one of the others too, and EKS refuses a second entry.
    const everybody = TerraformIterator.fromList(Fn.concat([[account.deployerArn], [...(props.principals ?? [])]]));
    const entry = new EksAccessEntry(this, 'Entry', {
      forEach: everybody,
      clusterName: props.clusterName,
      principalArn: everybody.value,
      type: 'STANDARD',
    });
    this.resource = new EksAccessPolicyAssociation(this, 'Resource', {
      forEach: everybody,
      clusterName: props.clusterName,
      principalArn: everybody.value,
      policyArn: `arn:${account.partition}:eks::aws:cluster-access-policy/AmazonEKSClusterAdminPolicy`,
      accessScope: { type: 'cluster' },
      dependsOn: [entry],
    });
  }
}
