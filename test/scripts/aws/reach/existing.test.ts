jest.mock('../../../../constructs/program', () => jest.requireActual('../../../support/programs'));

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'yaml';
import { exposureOf, formatExposure } from '../../../../scripts/aws/reach/exposure';
import { readStackPlans } from '../../../../scripts/aws/reach/plan';
import { labOf, root } from '../../../support/labs';
import { synthesise } from '../../../support/synth';

const file = parse(readFileSync(join(root, 'labs/aws.yaml'), 'utf8')) as {
  readonly meshes: Readonly<Record<string, object>>;
};
const vpc = {
  id: 'vpc-0123456789abcdef0',
  privateSubnets: ['subnet-0123456789abcdef0', 'subnet-0123456789abcdef1'],
  publicSubnets: ['subnet-0123456789abcdef2', 'subnet-0123456789abcdef3'],
  routeTables: ['rtb-0123456789abcdef0'],
};

function exposed(own: object): string {
  const lab = labOf(
    JSON.stringify({
      ...file,
      meshes: { ...file.meshes, west: { ...file.meshes.west, gateway: '10.10.0.10', aws: own } },
      aws: { region: 'eu-north-1', apiFrom: ['198.51.100.7/32'], pageFrom: ['203.0.113.0/24'] },
    }),
  );
  const networks = Object.fromEntries(lab.meshes.map(({ name, network }) => [name, network]));
  return formatExposure(exposureOf(readStackPlans(synthesise(lab).folder), { networks }));
}

test('in a VPC that is there already the load balancers still let in what they say; routes are told as not known', () => {
  const text = exposed({ vpc });
  expect(text).toMatch(/^Kubernetes API of west +443 {2}198\.51\.100\.7\/32$/m);
  expect(text).toMatch(/^page of west +80 {2}203\.0\.113\.0\/24$/m);
  expect(text).toMatch(/^border of west +15443 {2}nodes and pods of east by VPC peering$/m);
  expect(text).toMatch(/^border of east +8443 {2}nodes and pods of west by VPC peering$/m);
  expect(text).toContain('not known: routes of subnet-0123456789abcdef0, which is not of this plan');
  expect(text).not.toMatch(/^nodes of/m);
});

test('of a cluster that is there already the API is told as not known', () => {
  const text = exposed({ vpc, cluster: 'theirs' });
  expect(text).toMatch(/^Kubernetes API of west +443 {2}not known$/m);
  expect(text).toMatch(/^page of west +80 {2}203\.0\.113\.0\/24$/m);
  expect(text).toMatch(/^border of east +8443 {2}nodes and pods of west by VPC peering$/m);
  expect(text).toContain('not known: who reaches theirs, which is not of this plan');
});
