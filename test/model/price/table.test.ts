import { execFileSync } from 'node:child_process';
import { currency, findPrice, newest, prices, rate } from '../../../model/price/table';

test.each(prices.map((price) => [`${price.item} in ${price.region}`, price] as const))('%s', (_name, price) => {
  expect(price.usd).toBeGreaterThan(0);
  expect(['hour', 'unit-hour', 'month', 'GB', 'GB-month']).toContain(price.per);
  expect(price.source).toMatch(/^https:\/\/aws\.amazon\.com\/[a-z0-9/-]+\/(#\w+)?$/);
  expect(new Date(`${price.asOf}T00:00:00Z`).toISOString().slice(0, 10)).toBe(price.asOf);
});

test('no price is younger than the commit it is in', () => {
  const head = execFileSync('git', ['log', '-1', '--format=%cs'], { cwd: __dirname, encoding: 'utf8' }).trim();
  expect(newest <= head).toBe(true);
  expect(currency).toBe('USD');
});

test('a spot price is below the on-demand price of the same type and region', () => {
  const spot = prices.filter(({ item }) => item.startsWith('spot.'));
  expect(spot.length).toBeGreaterThan(20);
  for (const { item, region, usd } of spot) {
    expect(usd).toBeLessThan(findPrice(item.replace('spot.', 'ec2.'), region)?.usd ?? 0);
  }
});

test('extended support of a control plane costs more', () => {
  expect(findPrice('eks.extended', 'eu-west-1')?.usd).toBeGreaterThan(findPrice('eks.standard', 'eu-west-1')?.usd ?? 0);
});

test('regions with everything that the usual lab needs', () => {
  const needed = ['ec2.t3.medium', 'spot.t3.medium', 'ebs.gp3', 'nat.hour', 'nat.data', 'logs.ingest'];
  const border = ['lb.network.hour', 'lb.network.capacity', 'endpoint.hour', 'endpoint.data', 'data.zone'];
  for (const region of ['eu-west-1', 'us-east-1']) {
    for (const item of [...needed, ...border])
      expect([item, region, findPrice(item, region)?.item]).toEqual([item, region, item]);
  }
});

test('what the table does not have is not there, in the region or at all', () => {
  expect(findPrice('nat.hour', 'mars-north-1')).toBeUndefined();
  expect(findPrice('ec2.t3.enormous', 'eu-west-1')).toBeUndefined();
  // A price that AWS states for all regions.
  expect(findPrice('ipv4', 'mars-north-1')?.region).toBe('*');
});

test('hours are billed all month, gigabytes as many as there are', () => {
  const [hour, gb] = [findPrice('nat.hour', 'eu-west-1'), findPrice('nat.data', 'eu-west-1')];
  if (hour === undefined || gb === undefined) throw new Error('no prices');
  expect(rate(hour, 1).perMonth).toBe(hour.usd * 730);
  expect(rate(gb, 100).perMonth).toBe(gb.usd * 100);
});
