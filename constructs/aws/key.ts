import { KmsKey as Resource } from '@cdktf/provider-aws/lib/kms-key';
import { Construct } from 'constructs';
import { Account } from './account';

export interface EncryptionKeyProps {
  readonly description: string;
  readonly region: string;
  /** Log group that CloudWatch Logs may encrypt with this key. @default - none */
  readonly logGroup?: string;
}

/**
 * A customer managed key, rotated every year. It outlives its destruction by seven days, the shortest that AWS allows;
 * a key that waits for its end costs nothing.
 */
export class EncryptionKey extends Construct {
  readonly resource: Resource;
  readonly keyArn: string;

  constructor(scope: Construct, id: string, props: EncryptionKeyProps) {
    super(scope, id);
    this.resource = new Resource(this, 'Resource', {
      description: props.description,
      enableKeyRotation: true,
      deletionWindowInDays: 7,
      policy: keyPolicy(Account.of(this), props),
    });
    this.keyArn = this.resource.arn;
  }
}

/** The account's own IAM policies decide who uses the key, so that it never gets out of reach; and CloudWatch Logs. */
function keyPolicy(account: Account, { region, logGroup }: EncryptionKeyProps): string {
  const own = { Sid: 'Account', Effect: 'Allow', Principal: { AWS: account.rootArn }, Action: 'kms:*', Resource: '*' };
  const logs = {
    Sid: 'Logs',
    Effect: 'Allow',
    Principal: { Service: `logs.${region}.amazonaws.com` },
    Action: ['kms:Encrypt', 'kms:Decrypt', 'kms:ReEncrypt*', 'kms:GenerateDataKey*', 'kms:DescribeKey'],
    Resource: '*',
    Condition: {
      ArnEquals: {
        'kms:EncryptionContext:aws:logs:arn': `arn:${account.partition}:logs:${region}:${account.accountId}:log-group:${logGroup}`,
      },
    },
  };
  return JSON.stringify({ Version: '2012-10-17', Statement: logGroup === undefined ? [own] : [own, logs] });
}
