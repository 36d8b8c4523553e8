import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { costOutput, costSchema } from '../../../model/price/output';

test('docs/schema/cost.schema.json says what cost --json prints', () => {
  const file = join(__dirname, '../../../docs/schema/cost.schema.json');
  const schema = JSON.stringify(costSchema(), null, 2);
  if (process.env.UPDATE_SCHEMAS === '1') writeFileSync(file, `${schema}\n`);
  // As data: the formatter lays the file out in its own way.
  expect(JSON.parse(readFileSync(file, 'utf8'))).toEqual(JSON.parse(schema));
});

test('a cost without the list of what is not priced is not what was promised', () => {
  const cost = { currency: 'USD', region: '', asOf: '2026-10-01', perHour: 0, perMonth: 0, items: [], assumptions: {} };
  expect(costOutput.safeParse(cost).success).toBe(false);
  expect(costOutput.safeParse({ ...cost, unpriced: [] }).success).toBe(true);
});
