import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import * as fc from 'fast-check';
import { defaultAssumptions } from '../../../model/price/assumptions';
import { costOutput } from '../../../model/price/output';
import { costJson, type EstimateOptions, estimate, pricedTypes } from '../../../scripts/cost/estimate';
import { freeBecause, freeTypes } from '../../../scripts/cost/free';
import { temporaryFolder } from '../../support/folder';
import { changed, exampleStacks, planOf, type Stacks, without } from './fixture';

const folder = temporaryFolder();
const price = (stacks: Stacks, options?: EstimateOptions) => estimate(planOf(folder, stacks), options);
const example = price(exampleStacks());
/** `what` of the items of a resource. */
const rows = (stacks: Stacks, address: string, options?: EstimateOptions) =>
  price(stacks, options)
    .items.filter((item) => item.address === address)
    .map(({ what, perMonth }) => [what, perMonth / 1e6]);
const gaps = (stacks: Stacks, address: string) =>
  price(stacks)
    .gaps.filter((gap) => gap.address === address)
    .map(({ what }) => what);

const nodes = 'cluster-west/aws_eks_node_group.Nodes';
const template = 'cluster-west/aws_launch_template.Nodes_Template';

test('the usual lab in eu-west-1 is priced whole', () => {
  expect(example.gaps).toEqual([]);
  expect(rows(exampleStacks(), nodes)).toEqual([
    ['2 × t3.medium', 66.576],
    ['root volumes, 2 × 100 GiB gp3', 17.6],
  ]);
  // Reckoned by hand from AWS's prices.
  expect((example.perMonth / 1e6).toFixed(2)).toBe('517.47');
});

test('--json is what its schema says, and its total is the sum of its rows', () => {
  const json = costOutput.parse(costJson(example));
  const sum = (of: 'perHour' | 'perMonth') =>
    json.items.reduce((all, item) => all + Math.round(item[of] * 1e6), 0) / 1e6;
  expect([json.perHour, json.perMonth]).toEqual([sum('perHour'), sum('perMonth')]);
  expect(json).toMatchObject({ currency: 'USD', region: 'eu-west-1', unpriced: [], assumptions: defaultAssumptions });
  expect(json.asOf).toBe(example.items.map(({ asOf }) => asOf).toSorted()[0]);
});

const billed = [...new Set(example.items.map(({ address }) => address))];

test('everything of the example that costs something is in the estimate', () => {
  expect(billed.map((address) => address.replace(/^.*\/(.*)\..*$/, '$1')).toSorted()).toEqual(
    [
      ...['aws_cloudwatch_log_group', 'aws_eip', 'aws_eks_cluster', 'aws_eks_node_group', 'aws_kms_key'].flatMap(
        (type) => (type === 'aws_cloudwatch_log_group' ? [type, type, type, type] : [type, type]),
      ),
      ...['aws_lb', 'aws_lb', 'aws_lb', 'aws_nat_gateway', 'aws_nat_gateway', 'aws_vpc_endpoint', 'aws_vpc_endpoint'],
      ...['aws_vpc_peering_connection', 'helm_release', 'helm_release'],
    ].toSorted(),
  );
});

test.each([...billed, template])('without %s the lab is cheaper', (address) => {
  const less = price(without(exampleStacks(), address));
  expect(less.perMonth).toBeLessThan(example.perMonth);
  expect(less.perHour).toBeLessThan(example.perHour);
});

test('resources that are free change nothing', () => {
  for (const { address, type } of planOf(folder, exampleStacks()).resources) {
    if (billed.includes(address) || address.endsWith('Nodes_Template')) continue;
    expect([address, price(without(exampleStacks(), address)).perMonth]).toEqual([address, example.perMonth]);
    expect(type.startsWith('aws_') && !pricedTypes.includes(type) ? freeBecause(type) : 'free').toBeDefined();
  }
});

test('a type of AWS that no list knows is reported by its address, whatever it is', () => {
  const word = fc.stringMatching(/^[a-z]{3,12}$/);
  fc.assert(
    fc.property(word, word, (type, name) => {
      fc.pre(!pricedTypes.includes(`aws_${type}`) && freeBecause(`aws_${type}`) === undefined);
      const stacks = exampleStacks();
      stacks.border = { ...stacks.border, resource: { ...stacks.border?.resource, [`aws_${type}`]: { [name]: {} } } };
      expect(costOutput.parse(costJson(price(stacks))).unpriced).toEqual([`border/aws_${type}.${name}`]);
    }),
    { numRuns: 20 },
  );
});

test('no type is in two lists, and each is one of the provider', () => {
  const known = readdirSync(join(__dirname, '../../../node_modules/@cdktf/provider-aws/lib'));
  expect(freeTypes.filter((type) => pricedTypes.includes(type))).toEqual([]);
  for (const type of [...freeTypes, ...pricedTypes.filter((name) => name.startsWith('aws_'))]) {
    // Some folders of the provider are named in their own way.
    const name = type.replace('aws_', '').replaceAll('_', '-');
    expect([type, known.some((entry) => entry === name || entry === `${name}-resource`)]).toEqual([type, true]);
  }
});

test('a region without prices leaves all that depends on it unpriced, with what is missing', () => {
  const far = price(exampleStacks('mars-north-1'));
  expect(far.items.map(({ what }) => what.replace(/ \(.*/, ''))).toEqual(
    expect.arrayContaining(['control plane', 'public IPv4 address', 'KMS key, not rotated yet']),
  );
  expect(far.gaps).toContainEqual({ address: nodes, what: '2 × t3.medium: no price of ec2.t3.medium in mars-north-1' });
  const known = exampleStacks();
  expect(gaps(changed(known, nodes, { instance_types: ['t3.enormous'] }), nodes)).toEqual([
    '2 × t3.enormous: no price of ec2.t3.enormous in eu-west-1',
  ]);
});

test('spot nodes are cheaper and marked as an estimate', () => {
  const spot = price(changed(exampleStacks(), nodes, { capacity_type: 'SPOT' }));
  const item = spot.items.find(({ address }) => address === nodes);
  expect(item).toMatchObject({ what: '2 × t3.medium spot (estimate)', estimate: true });
  expect(spot.perMonth).toBeLessThan(example.perMonth);
});

test('the number of nodes, their volumes and their templates', () => {
  const scaled = { scaling_config: { desired_size: 3 } };
  expect(rows(changed(exampleStacks(), nodes, scaled), nodes)).toEqual([
    ['3 × t3.medium', 99.864],
    ['root volumes, 3 × 100 GiB gp3', 26.4],
  ]);
  expect(gaps(without(exampleStacks(), template), nodes)).toEqual([
    'root volumes of the nodes: the launch template is not in the plan',
  ]);
  const plainGroup = changed(exampleStacks(), nodes, { launch_template: undefined, disk_size: 50 });
  expect(rows(plainGroup, nodes)[1]).toEqual(['root volumes, 2 × 50 GiB gp3', 8.8]);
  const unknown = changed(exampleStacks(), nodes, { scaling_config: { desired_size: '${var.nodes}' } });
  expect(gaps(unknown, nodes)).toEqual(['nodes: their number is known only then']);
  const fast = { block_device_mappings: [{ ebs: { volume_size: 100, volume_type: 'gp3', iops: 9000 } }] };
  expect(gaps(changed(exampleStacks(), template, fast), nodes)).toEqual([
    'speed of a volume beyond 3000 IOPS and 125 MiB/s',
  ]);
});

test.each<[string, boolean | undefined, string | undefined, [string, number]]>([
  ['in standard support', false, 'EXTENDED', ['control plane (1.35, standard support)', 73]],
  ['in extended support costs six times as much', true, 'EXTENDED', ['control plane (1.35, extended support)', 438]],
  [
    'that AWS may upgrade is never in extended support',
    true,
    'STANDARD',
    ['control plane (1.35, standard support)', 73],
  ],
  ['of a version that nobody knows', undefined, undefined, ['control plane (1.35, standard support assumed)', 73]],
])('a control plane %s', (_name, extended, support_type, row) => {
  const address = 'cluster-west/aws_eks_cluster.Cluster';
  const stacks = changed(exampleStacks(), address, { upgrade_policy: { support_type } });
  expect(rows(stacks, address, { extended: () => extended })).toEqual([row]);
});

test('control-plane logs cost as many kinds as are on; a log group that EKS makes is a gap', () => {
  const [cluster, group] = ['cluster-west/aws_eks_cluster.Cluster', 'cluster-west/aws_cloudwatch_log_group.Logs'];
  expect(rows(exampleStacks(), group)).toEqual([['control plane logs, 2 kinds × 1 GB', 1.14]]);
  const one = changed(exampleStacks(), cluster, { enabled_cluster_log_types: ['audit'] });
  expect(rows(one, group)).toEqual([['control plane logs, 1 GB', 0.57]]);
  expect(gaps(without(exampleStacks(), group), cluster)).toEqual([
    'logs into /aws/eks/weather-west/cluster, which EKS makes itself',
  ]);
  const none = changed(without(exampleStacks(), group), cluster, { enabled_cluster_log_types: [] });
  expect(gaps(none, cluster)).toEqual([]);
});

test('assumptions move only what depends on them, and each something', () => {
  for (const name of Object.keys(defaultAssumptions) as (keyof typeof defaultAssumptions)[]) {
    const more = price(exampleStacks(), { assumptions: { ...defaultAssumptions, [name]: 500 } });
    expect([name, more.perMonth > example.perMonth]).toEqual([name, true]);
    const moved = more.items.filter(({ perMonth }, at) => perMonth !== example.items[at]?.perMonth);
    expect(moved.every((item) => item.estimate)).toBe(true);
  }
});

test('as many as count says; a number that only an apply tells is a gap', () => {
  const nat = 'network-west/aws_nat_gateway.Nat';
  expect(rows(changed(exampleStacks(), nat, { count: 3 }), nat)[0]).toEqual(['3 × NAT gateway', 105.12]);
  expect(rows(changed(exampleStacks(), nat, { count: 0 }), nat)).toEqual([]);
  const wait = 'how many there are is known only when the plan is applied';
  expect(gaps(changed(exampleStacks(), nat, { count: '${var.n}' }), nat)).toEqual([wait]);
  expect(gaps(changed(exampleStacks(), nat, { for_each: '${local.zones}' }), nat)).toEqual([wait]);
});

test('a region that is no text, or of another provider, or of the resource itself', () => {
  const nat = 'network-west/aws_nat_gateway.Nat';
  const at = (stacks: Stacks) => price(stacks).items.find(({ address }) => address === nat)?.region;
  expect(at(changed(exampleStacks(), nat, { region: 'us-east-1' }))).toBe('us-east-1');
  const two = exampleStacks();
  const aws = [{ region: 'eu-west-1' }, { alias: 'far', region: 'us-east-2' }];
  two['network-west'] = { resource: {}, ...two['network-west'], provider: { aws } };
  expect([at(two), at(changed(two, nat, { provider: 'aws.far' }))]).toEqual(['eu-west-1', 'us-east-2']);
  expect(gaps(changed(two, nat, { region: '${var.region}' }), nat)[0]).toContain('its region is known only when');
});
