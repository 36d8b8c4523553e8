import * as fc from 'fast-check';
import { dollars, hourly, micros, money, monthly, total } from '../../../model/price/money';

test.each([
  ['0.0252', 25_200],
  ['0.02394', 23_940],
  ['1.00', 1_000_000],
  ['12', 12_000_000],
  ['0.000001', 1],
])('%s dollars are %i millionths', (text, amount) => {
  expect(micros(text)).toBe(amount);
});

test.each(['', '.5', '1.', '-1', '1e3', '0.0000001', '$1'])('%j is no price', (text) => {
  expect(() => micros(text)).toThrow('no price');
});

test('an hour of two t3.medium nodes and a month of 200 GiB', () => {
  expect(hourly(micros('0.0456'), 2)).toEqual({ perHour: 91_200, perMonth: 66_576_000 });
  expect(monthly(micros('0.088'), 200)).toEqual({ perHour: 24_110, perMonth: 17_600_000 });
  expect(money(66_576_000, 2)).toBe('66.58');
});

const price = fc.integer({ min: 0, max: 50_000_000 });
const quantity = fc.oneof(fc.integer({ min: 0, max: 10_000 }), fc.double({ min: 0, max: 1_000, noNaN: true }));
const row = fc.tuple(fc.constantFrom(hourly, monthly), price, quantity).map(([make, usd, many]) => make(usd, many));

test('every row is a whole number of millionths, and the total is their sum, also after a way through JSON', () => {
  fc.assert(
    fc.property(fc.array(row, { maxLength: 60 }), (rows) => {
      const sum = total(rows);
      for (const { perHour, perMonth } of rows) expect([perHour, perMonth].every(Number.isSafeInteger)).toBe(true);
      const printed = rows.map(({ perMonth }) => JSON.parse(JSON.stringify(dollars(perMonth))) as number);
      expect(printed.reduce((all, amount) => all + Math.round(amount * 1e6), 0)).toBe(sum.perMonth);
      expect(Math.round(dollars(sum.perHour) * 1e6)).toBe(rows.reduce((all, { perHour }) => all + perHour, 0));
    }),
  );
});

test('more of something never costs less', () => {
  fc.assert(
    fc.property(fc.constantFrom(hourly, monthly), price, quantity, quantity, (make, usd, some, more) => {
      const [less, all] = [make(usd, some), make(usd, some + more)];
      expect(all.perHour).toBeGreaterThanOrEqual(less.perHour);
      expect(all.perMonth).toBeGreaterThanOrEqual(less.perMonth);
    }),
  );
});
