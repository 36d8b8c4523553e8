/**
 * AWS SDK clients of one region. Credentials come from where the SDK looks for them (environment, profile, instance).
 * The only way to another endpoint is the SDK's own AWS_ENDPOINT_URL.
 */
import { AutoScalingClient } from '@aws-sdk/client-auto-scaling';
import { CloudWatchLogsClient } from '@aws-sdk/client-cloudwatch-logs';
import { EC2Client } from '@aws-sdk/client-ec2';
import { EKSClient } from '@aws-sdk/client-eks';
import { ElasticLoadBalancingClient } from '@aws-sdk/client-elastic-load-balancing';
import { ElasticLoadBalancingV2Client } from '@aws-sdk/client-elastic-load-balancing-v2';
import { IAMClient } from '@aws-sdk/client-iam';
import { KMSClient } from '@aws-sdk/client-kms';
import { ResourceGroupsTaggingAPIClient } from '@aws-sdk/client-resource-groups-tagging-api';
import { ServiceQuotasClient } from '@aws-sdk/client-service-quotas';
import { STSClient } from '@aws-sdk/client-sts';

export interface AwsClients {
  readonly region: string;
  readonly autoScaling: AutoScalingClient;
  /** Application, network and gateway load balancers. */
  readonly balancers: ElasticLoadBalancingV2Client;
  readonly classicBalancers: ElasticLoadBalancingClient;
  readonly ec2: EC2Client;
  readonly eks: EKSClient;
  readonly iam: IAMClient;
  readonly kms: KMSClient;
  readonly logs: CloudWatchLogsClient;
  readonly quotas: ServiceQuotasClient;
  readonly sts: STSClient;
  readonly tagging: ResourceGroupsTaggingAPIClient;
  /** Closes the connections that are kept open. */
  close(): void;
}

/** Milliseconds to connect, and to an answer. Without them a network that swallows packets holds a command for ever. */
const requestHandler = { connectionTimeout: 5_000, requestTimeout: 30_000, throwOnRequestTimeout: true };

/** Makes the clients; nothing is sent yet. */
export function awsClients(region: string): AwsClients {
  // It would ask whoever runs a command for a newer Node; which Node the product runs on is the product's concern.
  process.env.AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED ??= 'true';
  const options = { region, requestHandler, maxAttempts: 5 };
  const clients = {
    autoScaling: new AutoScalingClient(options),
    balancers: new ElasticLoadBalancingV2Client(options),
    classicBalancers: new ElasticLoadBalancingClient(options),
    ec2: new EC2Client(options),
    eks: new EKSClient(options),
    iam: new IAMClient(options),
    kms: new KMSClient(options),
    logs: new CloudWatchLogsClient(options),
    quotas: new ServiceQuotasClient(options),
    sts: new STSClient(options),
    tagging: new ResourceGroupsTaggingAPIClient(options),
  };
  return {
    region,
    ...clients,
    close: () => {
      for (const client of Object.values(clients)) client.destroy();
    },
  };
}
