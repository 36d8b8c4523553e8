/** Where a lab was raised is known without its file. */
import { mkdtempSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { raisedRegions } from '../../../scripts/aws/regions';
import { AppliedRecord } from '../../../scripts/terraform/record';
import { readStacks } from '../../../scripts/terraform/stacks';
import { temporaryFolder } from '../../support/folder';
import { writePlan } from '../../support/plans';

const folder = temporaryFolder();

test('regions of the record and of the states, without those of other labs', () => {
  const checkout = mkdtempSync(join(folder, 'checkout-'));
  expect(raisedRegions('weather', checkout)).toEqual([]);
  const [one] = readStacks(writePlan(checkout, { one: { resource: {} } }));
  if (one === undefined) throw new Error('no stack');
  new AppliedRecord(checkout, 'weather').begin(one, { lab: 'weather', region: 'eu-west-1', account: '123456789012' });
  new AppliedRecord(checkout, 'other').begin(one, { lab: 'other', region: 'us-east-1', account: '123456789012' });
  const state = (name: string, lab: string, region: string) => {
    const attributes = { arn: `arn:aws:ec2:${region}:123456789012:vpc/vpc-1`, tags_all: { 'isthmus.dev/lab': lab } };
    const resource = { mode: 'managed', type: 'aws_vpc', name: 'vpc', instances: [{ attributes }] };
    writeFileSync(join(checkout, `terraform.${name}.tfstate`), JSON.stringify({ version: 4, resources: [resource] }));
  };
  state('two', 'weather', 'eu-north-1');
  state('three', 'other', 'us-west-2');
  expect(raisedRegions('weather', checkout)).toEqual(['eu-west-1', 'eu-north-1']);
});
