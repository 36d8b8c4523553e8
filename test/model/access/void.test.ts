import * as fc from 'fast-check';
import { decideRead } from '../../../model/access/decide';
import { voidRows } from '../../../model/access/void';
import { methods } from '../../../model/lab';
import { labOf, rowPaths } from '../../support/labs';

const ends = { from: 'west/frontend/frontend', to: 'west/backend/backend' };
const rows = fc.array(
  fc.record({
    from: fc.constant(ends.from),
    to: fc.constant(ends.to),
    methods: fc.uniqueArray(fc.constantFrom(...methods.slice(0, 3)), { maxLength: 2 }),
    paths: fc.uniqueArray(fc.oneof(rowPaths, fc.constantFrom('/', '/a/', '/a/b')), { maxLength: 2 }),
  }),
  { maxLength: 6 },
);
const base = labOf({ access: [] });
const [caller, callee] = base.services;

test('without its void rows a table allows the same, and without any other row less', () => {
  let found = 0;
  fc.assert(
    fc.property(rows, (access) => {
      if (caller === undefined || callee === undefined) throw new Error('no services');
      const empty = voidRows(access);
      found += empty.size;
      const kept = access.filter((_, index) => !empty.has(index));
      const paths = [
        '/',
        '/x',
        '/a/x',
        ...access.flatMap((row) => row.paths),
        ...access.flatMap((row) => row.paths.map((one) => `${one}x`)),
      ];
      const allowed = (list: typeof access) =>
        [...methods, 'PURGE']
          .flatMap((method) => paths.map((path) => [method, path] as const))
          .filter(([method, path]) => decideRead({ ...base, access: list }, caller, callee, method, path).allowed)
          .length;
      expect(allowed(kept)).toBe(allowed(access));
      expect(voidRows(kept).size).toBe(0);
    }),
    { numRuns: 200 },
  );
  expect(found).toBeGreaterThan(20);
});

test('of two that say the same the first stays', () => {
  const row = { ...ends, methods: [], paths: [] };
  expect([...voidRows([row, row])]).toEqual([[1, [0]]]);
});
