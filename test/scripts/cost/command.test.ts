import type { Lab, Place } from '../../../model/lab';
import { costOutput } from '../../../model/price/output';
import { supportWindows } from '../../../model/support';
import { costCommand, costOutputOf, formatCost } from '../../../scripts/commands/cost';
import { assume } from '../../../scripts/cost/assume';
import { loadLab } from '../../../scripts/load';
import { temporaryFolder } from '../../support/folder';
import { writePlan } from '../../support/plans';
import { changed, exampleStacks, type Stacks } from './fixture';

const folder = temporaryFolder();
const local = loadLab();
const config = 'labs/none.yaml';
const placed = (place: Place): Lab => ({ ...local, meshes: local.meshes.map((mesh) => ({ ...mesh, place })) });
const onAws = placed({ platform: 'aws', region: 'eu-west-1' });
const run = (stacks: Stacks, given: readonly string[] = []) =>
  costCommand(onAws, { config, outdir: writePlan(folder, stacks), assume: given });

test('a lab on one machine costs nothing, and needs no plan to say so', async () => {
  const result = await costCommand(local, { config });
  expect(formatCost(result)).toBe('A lab on this machine costs nothing.');
  expect(costOutput.parse(costOutputOf(result))).toMatchObject({
    region: '',
    perHour: 0,
    perMonth: 0,
    items: [],
    unpriced: [],
  });
});

test('clusters of a kubeconfig are the person’s own', async () => {
  const result = await costCommand(placed({ platform: 'kubeconfig', kubeconfig: '/k', context: 'c' }), { config });
  expect(formatCost(result)).toContain('the clusters are your own');
  expect(costOutput.parse(costOutputOf(result)).items).toEqual([]);
});

test('the table: by mesh, per hour and month, with region, dates, assumptions and savings', async () => {
  const lines = formatCost(await run(exampleStacks())).split('\n');
  expect(lines[0]).toMatch(/^Region eu-west-1\. Prices in USD of \d{4}-\d\d-\d\d to \d{4}-\d\d-\d\d, before tax\./);
  const amounts = lines.filter((line) => /^\S.*\d\.\d{4} +\d+\.\d\d$/.test(line));
  expect(amounts.map((line) => line.replace(/ {2,}.*/, ''))).toEqual(['mesh west', 'mesh east', 'border', 'total']);
  // Aligned: every amount ends in the same column.
  expect(new Set(lines.filter((line) => /\d\.\d{4} +\d+\.\d\d$/.test(line)).map(({ length }) => length)).size).toBe(1);
  const text = lines.join('\n');
  expect(text).toContain('Assumed (change with --assume NAME=AMOUNT):\n  natGb=20 ');
  expect(text).toContain('aws.nodes.spot: true');
  expect(text).toContain('aws.logs.types: [audit]');
  expect(text).not.toContain('aws.nat: one');
  expect(text).not.toContain('Not priced');
});

test('what is not priced is said beside the total and by address', async () => {
  const text = formatCost(await run(exampleStacks('eu-north-1')));
  expect(text).toMatch(/\ntotal, without 5 resources not priced +\d/);
  const page = 'network load balancer weather-west-page: no price of lb.network.hour in eu-north-1';
  expect(text).toContain(`  cluster-west/aws_lb.Page\n    ${page}\n`);
});

test('a NAT gateway in each zone and spot nodes have other savings', async () => {
  const stacks = changed(exampleStacks(), 'cluster-west/aws_eks_node_group.Nodes', { capacity_type: 'SPOT' });
  const network = stacks['network-west'];
  Object.assign(network?.resource.aws_nat_gateway ?? {}, { Nat_b: {}, Nat_c: {} });
  const { savings } = await run(stacks);
  // Two gateways and two addresses in eu-west-1; two nodes of the other mesh.
  expect(savings).toContainEqual({
    advice: expect.stringContaining('aws.nat: one'),
    perMonth: 2 * (35_040_000 + 3_650_000),
  });
  expect(savings).toContainEqual({
    advice: expect.stringContaining('aws.nodes.spot'),
    perMonth: 2 * 730 * (45_600 - 21_900),
  });
});

test('a control plane whose version has left standard support on the day', async () => {
  const plan = writePlan(folder, exampleStacks());
  const at = async (day: string) => {
    const { estimate } = await costCommand(onAws, { config, outdir: plan, today: new Date(day) });
    return estimate.items.find(({ what }) => what.startsWith('control plane ('))?.what;
  };
  const until = supportWindows.find(({ product, line }) => product === 'Amazon EKS' && line === '1.35')?.until ?? '';
  expect(await at(until)).toBe('control plane (1.35, standard support)');
  expect(await at('2040-01-01')).toBe('control plane (1.35, extended support)');
});

test('assumptions from the command line', async () => {
  expect(assume(['natGb=50', 'lbLcu=1.5'])).toMatchObject({ natGb: 50, lbLcu: 1.5, logGb: 1 });
  const [usual, more] = await Promise.all([run(exampleStacks()), run(exampleStacks(), ['natGb=1000'])]);
  expect(more.estimate.perMonth - usual.estimate.perMonth).toBe(2 * 980 * 48_000);
});

test.each(['natGb', 'natGb=', 'natGb=-1', 'natGb=many', 'water=3', 'toString=1'])('--assume %s is refused', (text) => {
  expect(() => assume([text])).toThrow(/is not NAME=AMOUNT\. Names and defaults: natGb=20, lbLcu=0\.1,/);
});

test('no plan where one should be', async () => {
  await expect(costCommand(onAws, { config, outdir: '/nowhere' })).rejects.toThrow(
    'no plan: /nowhere/manifest.json can not be read. Write it first: node --import tsx main.ts',
  );
});
