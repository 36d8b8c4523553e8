import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { outputSchema, outputs } from '../../model/output';

const folder = join(__dirname, '../../docs/schema');

test.each(Object.keys(outputs) as (keyof typeof outputs)[])(
  'docs/schema/%s.schema.json says what --json prints',
  (name) => {
    const file = join(folder, `${name}.schema.json`);
    const schema = JSON.stringify(outputSchema(name), null, 2);
    if (process.env.UPDATE_SCHEMAS === '1') writeFileSync(file, `${schema}\n`);
    // As data: the formatter lays the file out in its own way.
    expect(JSON.parse(readFileSync(file, 'utf8'))).toEqual(JSON.parse(schema));
  },
);

test('a call without its hops is not what was promised', () => {
  expect(outputs.call.safeParse({ ok: true, status: 200, ms: 1 }).success).toBe(false);
});
