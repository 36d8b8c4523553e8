/** The product's own plan for AWS, in a region whose prices the table has whole. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'yaml';
import { type Estimate, estimate } from '../../../scripts/cost/estimate';
import { temporaryFolder } from '../../support/folder';
import { labOf, root } from '../../support/labs';
import { readStacks, synthesise } from '../../support/synth';
import { planOf, type Stacks, without } from './fixture';

jest.mock('../../../constructs/program', () => jest.requireActual('../../support/programs'));

const folder = temporaryFolder();

/** Stacks of labs/aws.yaml with changes to its section `aws`. */
function stacksOf(change: Record<string, unknown>): Stacks {
  const file = parse(readFileSync(join(root, 'labs/aws.yaml'), 'utf8')) as { aws: Record<string, unknown> };
  const aws = { ...file.aws, region: 'eu-west-1', zones: undefined, ...change };
  const { stacks } = readStacks(synthesise(labOf(JSON.stringify({ ...file, aws }))).folder);
  return structuredClone(
    Object.fromEntries(stacks.map(({ name, provider, resource }) => [name, { provider, resource }])),
  );
}
const price = (stacks: Stacks): Estimate => estimate(planOf(folder, stacks), { extended: () => false });
const usual = stacksOf({});
const whole = price(usual);

/** How many pieces of each kind are billed. */
function kinds({ items }: Estimate): Record<string, number> {
  const addresses = [...new Set(items.map(({ address }) => address))].map((address) =>
    address.replace(/^.*\/(.*)\..*$/, '$1'),
  );
  return Object.fromEntries(
    [...new Set(addresses)].map((type) => [type, addresses.filter((other) => other === type).length]),
  );
}

test('everything that labs/aws.yaml makes is priced', () => {
  expect(whole.gaps).toEqual([]);
  expect(kinds(whole)).toEqual({
    aws_cloudwatch_log_group: 2,
    aws_eip: 2,
    aws_eks_cluster: 2,
    aws_eks_node_group: 2,
    aws_kms_key: 2,
    aws_lb: 3,
    aws_nat_gateway: 2,
    aws_vpc_peering_connection: 1,
    helm_release: 2,
  });
  const what = whole.items.map((item) => item.what);
  expect(what).toEqual(
    expect.arrayContaining(['2 × t3.medium', 'root volumes, 2 × 100 GiB gp3', '3 public IPv4 addresses']),
  );
});

test.each([...new Set(whole.items.map(({ address }) => address))])('without %s it is cheaper', (address) => {
  expect(price(without(usual, address)).perMonth).toBeLessThan(whole.perMonth);
});

test.each<[string, Record<string, unknown>, Record<string, number>]>([
  ['a NAT gateway for each zone', { nat: 'per-zone' }, { aws_nat_gateway: 6, aws_eip: 6 }],
  [
    'interface endpoints and flow logs',
    { endpoints: ['ecr.api', 'ecr.dkr'], flowLogDays: 7 },
    { aws_vpc_endpoint: 4, aws_cloudwatch_log_group: 4 },
  ],
  ['bigger nodes', { nodes: { type: 't3.large', desired: 3 } }, {}],
])('%s cost more, and nothing of it is unpriced', (_name, change, expected) => {
  const found = price(stacksOf(change));
  expect(found.gaps).toEqual([]);
  expect(kinds(found)).toMatchObject(expected);
  expect(found.perMonth).toBeGreaterThan(whole.perMonth);
});

test('PrivateLink instead of peering: an endpoint on the side that calls', () => {
  const found = price(stacksOf({ border: 'privatelink' }));
  expect(found.gaps).toEqual([]);
  expect(kinds(found).aws_vpc_endpoint).toBeGreaterThan(0);
  expect(kinds(found).aws_vpc_peering_connection).toBeUndefined();
});

test('spot nodes and one kind of log cost less', () => {
  const spot = price(stacksOf({ nodes: { spot: true } }));
  const logs = price(stacksOf({ logs: { types: ['audit'] } }));
  expect([spot.gaps, logs.gaps]).toEqual([[], []]);
  expect(Math.max(spot.perMonth, logs.perMonth)).toBeLessThan(whole.perMonth);
});
