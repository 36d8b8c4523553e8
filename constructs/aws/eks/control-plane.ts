import { CloudwatchLogGroup } from '@cdktf/provider-aws/lib/cloudwatch-log-group';
import { EksCluster as Resource } from '@cdktf/provider-aws/lib/eks-cluster';
import { Construct } from 'constructs';
import { type ControlPlaneLogType, clusterLogGroup } from '../../../model/aws';
import { type Cidr, formatCidr } from '../../../model/cidr';
import { EncryptionKey } from '../key';
import type { IVpc } from '../network/vpc';
import { ServiceRole } from '../role';

export interface ControlPlaneProps {
  readonly clusterName: string;
  readonly region: string;
  /** Kubernetes minor version, such as `1.35`. */
  readonly version: string;
  readonly vpc: IVpc;
  /** Network of Kubernetes services. It overlaps no network that pods may call. */
  readonly serviceCidr: Cidr;
  /** Who reaches the Kubernetes API over the internet. @default - nobody: only the network itself does */
  readonly apiFrom?: readonly Cidr[];
  /** Parts of the control plane that log. @default - none */
  readonly logTypes?: readonly ControlPlaneLogType[];
  /** Days that the log is kept. @default - 7 */
  readonly logDays?: number;
}

/** A Kubernetes API run by EKS, with its key, its log and nobody allowed in yet. */
export class ControlPlane extends Construct {
  readonly resource: Resource;
  readonly clusterName: string;
  readonly key: EncryptionKey;

  constructor(scope: Construct, id: string, props: ControlPlaneProps) {
    super(scope, id);
    const { clusterName: name, region, apiFrom = [], vpc } = props;
    const logGroup = clusterLogGroup(name);
    this.key = new EncryptionKey(this, 'Key', { description: `${name}: Kubernetes secrets and log`, region, logGroup });
    // Made first: EKS would make one that is kept for ever. It also goes after the cluster, which still writes.
    const log = new CloudwatchLogGroup(this, 'LogGroup', {
      name: logGroup,
      retentionInDays: props.logDays ?? 7,
      kmsKeyId: this.key.keyArn,
    });
    const role = this.addRole(name);
    this.resource = new Resource(this, 'Resource', {
      name,
      version: props.version,
      roleArn: role.roleArn,
      vpcConfig: {
        subnetIds: [...vpc.privateSubnetIds],
        endpointPrivateAccess: true,
        endpointPublicAccess: apiFrom.length > 0,
        // Left out it would mean everybody, were the endpoint public.
        ...(apiFrom.length > 0 ? { publicAccessCidrs: apiFrom.map(formatCidr) } : {}),
      },
      // Who made the cluster gets in by an access entry that is in the plan, not by having made it.
      accessConfig: { authenticationMode: 'API', bootstrapClusterCreatorAdminPermissions: false },
      bootstrapSelfManagedAddons: false,
      enabledClusterLogTypes: [...(props.logTypes ?? [])],
      encryptionConfig: { provider: { keyArn: this.key.keyArn }, resources: ['secrets'] },
      kubernetesNetworkConfig: { ipFamily: 'ipv4', serviceIpv4Cidr: formatCidr(props.serviceCidr) },
      // Extended support costs six times as much and begins without asking.
      upgradePolicy: { supportType: 'STANDARD' },
      // A lab is there to be destroyed.
      deletionProtection: false,
      dependsOn: [...role.permissions, log],
    });
    this.clusterName = this.resource.name;
  }

  private addRole(name: string): ServiceRole {
    return new ServiceRole(this, 'Role', {
      namePrefix: `${name}-cluster`,
      service: 'eks.amazonaws.com',
      managedPolicies: ['AmazonEKSClusterPolicy'],
      statements: [
        {
          Effect: 'Allow',
          Action: ['kms:Encrypt', 'kms:Decrypt', 'kms:ListGrants', 'kms:DescribeKey'],
          Resource: this.key.keyArn,
        },
      ],
    });
  }
}
