import { EksAddon as Resource } from '@cdktf/provider-aws/lib/eks-addon';
import type { ITerraformDependable } from 'cdktf';
import { Construct } from 'constructs';
import { ServiceRole } from '../role';

export interface AddonProps {
  readonly clusterName: string;
  /** Name by which EKS knows the add-on, such as `vpc-cni`. */
  readonly addonName: string;
  /**
   * @default - what EKS holds best for the cluster's version on the day that the add-on is made. Nothing changes under
   * a lab that is up, and no pinned version is gone from EKS on the day of the next lab.
   */
  readonly version?: string;
  /** Settings in the add-on's own terms. @default - the add-on's own */
  readonly configuration?: Readonly<Record<string, unknown>>;
  /** What a service account of the add-on may do in AWS, by pod identity. @default - nothing */
  readonly identity?: AddonIdentity;
  /** @default - nothing */
  readonly dependsOn?: readonly ITerraformDependable[];
}

/** Which service account has which rights. */
interface AddonIdentity {
  readonly serviceAccount: string;
  /** Policy of AWS by name. */
  readonly managedPolicy: string;
  /** First part of the name of the role that is made. */
  readonly roleName: string;
}

/** Software in the cluster that EKS installs and looks after. */
export class Addon extends Construct {
  readonly resource: Resource;

  constructor(scope: Construct, id: string, props: AddonProps) {
    super(scope, id);
    const { identity, configuration, version } = props;
    const role = identity === undefined ? undefined : this.addRole(identity);
    this.resource = new Resource(this, 'Resource', {
      clusterName: props.clusterName,
      addonName: props.addonName,
      ...(version === undefined ? {} : { addonVersion: version }),
      ...(configuration === undefined ? {} : { configurationValues: JSON.stringify(configuration) }),
      ...(identity === undefined || role === undefined
        ? {}
        : { podIdentityAssociation: [{ serviceAccount: identity.serviceAccount, roleArn: role.roleArn }] }),
      // The plan is right: what a person changed by hand goes, and an interrupted installation is taken over.
      resolveConflictsOnCreate: 'OVERWRITE',
      resolveConflictsOnUpdate: 'OVERWRITE',
      dependsOn: [...(role?.permissions ?? []), ...(props.dependsOn ?? [])],
    });
  }

  private addRole({ roleName, managedPolicy }: AddonIdentity): ServiceRole {
    return new ServiceRole(this, 'Role', {
      namePrefix: roleName,
      service: 'pods.eks.amazonaws.com',
      actions: ['sts:AssumeRole', 'sts:TagSession'],
      managedPolicies: [managedPolicy],
    });
  }
}
