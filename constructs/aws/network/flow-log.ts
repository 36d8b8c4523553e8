import { CloudwatchLogGroup } from '@cdktf/provider-aws/lib/cloudwatch-log-group';
import { FlowLog as Resource } from '@cdktf/provider-aws/lib/flow-log';
import { Construct } from 'constructs';
import { EncryptionKey } from '../key';
import { ServiceRole } from '../role';

export interface FlowLogProps {
  readonly name: string;
  readonly region: string;
  readonly vpcId: string;
  readonly logGroup: string;
  /** Days that records are kept. */
  readonly days: number;
}

/** A record of every connection in a network, encrypted with a key of its own. */
export class FlowLog extends Construct {
  readonly resource: Resource;

  constructor(scope: Construct, id: string, props: FlowLogProps) {
    super(scope, id);
    const { name, region, logGroup, days } = props;
    const key = new EncryptionKey(this, 'Key', { description: `${name}: flow log`, region, logGroup });
    const group = new CloudwatchLogGroup(this, 'LogGroup', {
      name: logGroup,
      retentionInDays: days,
      kmsKeyId: key.keyArn,
    });
    // It may not make the log group: records that come late would bring it back after everything was destroyed.
    const role = new ServiceRole(this, 'Role', {
      namePrefix: `${name}-flow`,
      service: 'vpc-flow-logs.amazonaws.com',
      ownAccountOnly: true,
      statements: [
        {
          Effect: 'Allow',
          Action: ['logs:CreateLogStream', 'logs:PutLogEvents', 'logs:DescribeLogGroups', 'logs:DescribeLogStreams'],
          Resource: `${group.arn}:*`,
        },
      ],
    });
    this.resource = new Resource(this, 'Resource', {
      vpcId: props.vpcId,
      trafficType: 'ALL',
      logDestinationType: 'cloud-watch-logs',
      logDestination: group.arn,
      iamRoleArn: role.roleArn,
      tags: { Name: name },
      dependsOn: [...role.permissions],
    });
  }
}
