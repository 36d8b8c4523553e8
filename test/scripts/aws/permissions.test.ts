/** Whatever our own commands send to AWS is among the IAM permissions that the guide tells people to grant. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { commandActions } from '../../../model/iam/commands';
import { awsClients } from '../../../scripts/aws/clients';
import { neededPermissions } from '../../../scripts/aws/leftovers/find';
import { root } from '../../support/labs';

/** What IAM calls the service of a client of the AWS SDK. */
const services: Readonly<Record<string, string>> = {
  'auto-scaling': 'autoscaling',
  'cloudwatch-logs': 'logs',
  ec2: 'ec2',
  eks: 'eks',
  'elastic-load-balancing': 'elasticloadbalancing',
  'elastic-load-balancing-v2': 'elasticloadbalancing',
  iam: 'iam',
  kms: 'kms',
  'resource-groups-tagging-api': 'tag',
  'service-quotas': 'servicequotas',
  sts: 'sts',
};

/** IAM actions of the commands and paginators that a source file imports, whatever it calls them. */
function actionsOf(source: string): string[] {
  const imports = source.matchAll(/import \{([^}]*)\} from '@aws-sdk\/client-([a-z0-9-]+)'/g);
  return [...imports].flatMap(([, names = '', client = '']) =>
    names.split(',').flatMap((name) => {
      const [, paginated, command] = /^\s*(?:paginate(\w+)|(\w+)Command)\b/.exec(name) ?? [];
      const operation = paginated ?? command;
      return operation === undefined ? [] : [`${services[client] ?? client}:${operation}`];
    }),
  );
}

function sources(): string[] {
  const folder = join(root, 'scripts');
  const files = readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((file) => file.endsWith('.ts'));
  return files.map((file) => readFileSync(join(folder, file), 'utf8'));
}

test('imports are read whatever their form', () => {
  const source = `import {
    DeleteLoadBalancerCommand as DeleteClassicCommand,
    type EC2Client,
    paginateDescribeTags,
  } from '@aws-sdk/client-elastic-load-balancing';
  import { GetCallerIdentityCommand } from '@aws-sdk/client-sts';`;
  expect(actionsOf(source)).toEqual([
    'elasticloadbalancing:DeleteLoadBalancer',
    'elasticloadbalancing:DescribeTags',
    'sts:GetCallerIdentity',
  ]);
});

test('the table has every operation that is sent, and no other', () => {
  const sent = [...new Set(sources().flatMap(actionsOf))].toSorted();
  expect(sent.length).toBeGreaterThan(60);
  expect(commandActions).toEqual(sent);
});

test('the table has every permission that `leftovers` says it takes', () => {
  const clients = awsClients('eu-west-1');
  try {
    expect(neededPermissions(clients).filter((action) => !commandActions.includes(action))).toEqual([]);
  } finally {
    clients.close();
  }
});
