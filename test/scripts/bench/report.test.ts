import * as fc from 'fast-check';
import { formatBench, percentile, type Samples, summarise } from '../../../scripts/bench/report';

const values = fc.array(fc.double({ min: 0, max: 1e6, noNaN: true }), { minLength: 1 });
const shares = fc.double({ min: 0, max: 1, noNaN: true });

describe('percentile', () => {
  test.each([
    [[1, 2, 3, 4], 0.5, 2],
    [[4, 3, 2, 1], 0.75, 3],
    [[5], 0.99, 5],
    [[1, 2, 3, 4, 5, 6, 7, 8, 9, 10], 0.9, 9],
    [[1, 2, 3, 4, 5, 6, 7, 8, 9, 10], 0.99, 10],
    [[1, 2], 0, 1],
    [[1, 2], 1, 2],
    // Numbers, not texts: 10 is more than 9.
    [[10, 9, 100], 0.5, 10],
  ])('of %j at %d is %d', (list, share, expected) => {
    expect(percentile(list, share)).toBe(expected);
  });

  test('of nothing is no number', () => {
    expect(percentile([], 0.5)).toBeNaN();
  });

  test('is one of the values, with at least that share at or below it, and no smaller one would do', () => {
    fc.assert(
      fc.property(values, shares, (list, share) => {
        const found = percentile(list, share);
        const below = (limit: number) => list.filter((value) => value <= limit).length;
        expect(list).toContain(found);
        expect(below(found)).toBeGreaterThanOrEqual(list.length * share);
        const smaller = list.filter((value) => value < found);
        if (smaller.length > 0) expect(below(Math.max(...smaller))).toBeLessThan(list.length * share);
      }),
    );
  });

  test('leaves its values in their order', () => {
    const list = [3, 1, 2];
    percentile(list, 0.5);
    expect(list).toEqual([3, 1, 2]);
  });
});

const round = (name: string, index: number, samples: number[], more: Partial<Samples> = {}): Samples => ({
  case: name,
  round: index,
  samples,
  failed: 0,
  late: 0.1,
  ...more,
});

describe('summarise', () => {
  const samples = [
    round('in-mesh', 0, [1, 1, 2]),
    round('federated', 0, [2, 3, 4], { failed: 1, late: 0.5 }),
    round('in-mesh', 1, [1, 10]),
    round('federated', 1, [2.00049]),
  ];
  const [mesh, federated] = summarise(samples, new Map([['federated', 'in-mesh']]), 100);

  test('puts all rounds of a case together, in the order of their first', () => {
    expect(mesh).toEqual({
      case: 'in-mesh',
      n: 5,
      failed: 0,
      p50: 1,
      p90: 10,
      p99: 10,
      perSecond: 100,
      ratio: null,
      ratioP99: null,
      late: 0.1,
    });
  });

  test('compares with the other case, value by value', () => {
    expect(federated).toMatchObject({
      case: 'federated',
      n: 4,
      failed: 1,
      p50: 2,
      p99: 4,
      ratio: 2,
      ratioP99: 0.4,
      late: 0.5,
    });
  });

  test('of a case without an answer has no numbers, and does not fail', () => {
    const [alone] = summarise([round('dead', 0, [], { failed: 7 })], new Map([['dead', 'other']]), 1);
    expect(alone).toMatchObject({ n: 0, failed: 7, p50: Number.NaN, ratio: Number.NaN });
  });
});

test('people see a table whose columns stand below each other', () => {
  const calls = summarise(
    [round('in-mesh', 0, [1, 2, 3]), round('federated, new connection', 0, [10, 20, 30])],
    new Map([['federated, new connection', 'in-mesh']]),
    50,
  );
  const text = formatBench({
    machine: '2 × x',
    caller: 'west/backend',
    callee: 'east/info',
    rate: 50,
    seconds: 5,
    rounds: 1,
    calls,
  });
  expect(text.split('\n')).toEqual([
    'west/backend → east/info, 50 requests a second, 1 rounds of 5 s, on 2 × x',
    'milliseconds                   n failed      p50      p90      p99',
    'in-mesh                        3      0     2.00     3.00     3.00',
    'federated, new connection      3      0    20.00    30.00    30.00  10.00 × at the median, 10.00 × at p99',
  ]);
});
