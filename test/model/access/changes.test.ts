import * as fc from 'fast-check';
import { accessChanges, accessTable, type Change, ruleText } from '../../../model/access/changes';
import { decideRead } from '../../../model/access/decide';
import { covers } from '../../../model/access/table';
import { methods } from '../../../model/lab';
import { labOf, rowPaths, smallFile } from '../../support/labs';

const pair = { from: 'west/frontend', to: 'west/backend' };
const long = { from: 'west/frontend/frontend', to: 'west/backend/backend' };
type Row = { methods?: string[]; paths?: string[] };
const tableOf = (...rows: Row[]) => accessTable(labOf({ access: rows.map((row) => ({ ...pair, ...row })) }));
const page = { from: 'anybody', to: 'west/frontend/frontend', methods: ['GET', 'HEAD'], paths: [] };

test('without a table before, all of it opens, the page too', () => {
  const changes = accessChanges(undefined, tableOf({ methods: ['GET'], paths: ['/api/'] }));
  expect(changes).toMatchObject({ opens: [{ ...long, methods: ['GET'], paths: ['/api/'] }, page], closes: [] });
});

test.each<[string, Row[], Row[], object[], object[]]>([
  ['the same', [{ methods: ['GET'] }], [{ methods: ['GET'] }], [], []],
  ['in another order', [{ methods: ['GET'] }, { methods: ['PUT'] }], [{ methods: ['PUT', 'GET'] }], [], []],
  ['a method more', [{ methods: ['GET'] }], [{ methods: ['GET', 'PUT'] }], [{ methods: ['PUT'], paths: [] }], []],
  ['all methods', [{ methods: ['GET'] }], [{}], [{ methods: [], paths: [] }], []],
  ['a wider path', [{ paths: ['/api/x'] }], [{ paths: ['/api/'] }], [{ methods: [], paths: ['/api/'] }], []],
  ['a narrower path', [{ paths: ['/api/'] }], [{ paths: ['/api/x'] }], [], [{ methods: [], paths: ['/api/'] }]],
  ['a row gone', [{ methods: ['GET'] }], [], [], [{ methods: ['GET'], paths: [] }]],
  [
    'one path of two, for one method of two',
    [{ methods: ['GET'], paths: ['/a', '/b'] }],
    [{ methods: ['GET', 'PUT'], paths: ['/a', '/b'] }],
    [
      { methods: ['PUT'], paths: ['/a'] },
      { methods: ['PUT'], paths: ['/b'] },
    ],
    [],
  ],
])('%s', (_what, before, after, opens, closes) => {
  const full = (list: object[]) => list.map((one) => ({ ...long, ...one }));
  expect(accessChanges(tableOf(...before), tableOf(...after))).toEqual({
    opens: full(opens),
    closes: full(closes),
    inPods: { opens: [], closes: [] },
  });
});

test('a page that is exposed opens to anybody, and closes again', () => {
  const plain = accessTable(
    labOf({ access: [], services: { ...smallFile.services, 'west/frontend': { port: 8080, program: 'a.js' } } }),
  );
  expect(accessChanges(plain, tableOf())).toMatchObject({ opens: [page], closes: [] });
  expect(accessChanges(tableOf(), plain)).toMatchObject({ opens: [], closes: [page] });
});

test('a pair that guard lets pass opens, and closes when it goes', () => {
  const containers = { vault: { port: 9100, program: 'v.js' }, spy: { port: 9200, program: 's.js' } };
  const pod = 'west/backend/backend';
  const withPairs = (...guard: object[]) =>
    accessTable(
      labOf({
        services: { ...smallFile.services, 'west/backend': { port: 8080, program: 'b.js', containers, guard } },
      }),
    );
  const [own, spying] = [
    { from: 'backend', to: 'vault', port: 9100 },
    { from: 'spy', to: 'vault', port: 9100 },
  ];
  const [before, after] = [withPairs(own), withPairs(own, spying)];
  const nothing = { opens: [], closes: [] };
  expect(accessChanges(before, after)).toEqual({ ...nothing, inPods: { opens: [{ pod, ...spying }], closes: [] } });
  expect(accessChanges(after, before)).toEqual({ ...nothing, inPods: { opens: [], closes: [{ pod, ...spying }] } });
  expect(accessChanges(after, after)).toEqual({ ...nothing, inPods: nothing });
  // What an earlier version kept says nothing of pairs.
  const { pairs: _, ...older } = before;
  expect(accessChanges(older, before).inPods).toEqual({ opens: [{ pod, ...own }], closes: [] });
});

const rows = fc.array(
  fc.record({
    methods: fc.uniqueArray(fc.constantFrom(...methods), { maxLength: 3 }),
    paths: fc.uniqueArray(fc.oneof(rowPaths, fc.constantFrom('/', '/a/', '/a/b', '/a/b/')), { maxLength: 2 }),
  }),
  { maxLength: 4 },
);
const base = labOf({ access: [] });
const labWith = (list: { methods: (typeof methods)[number][]; paths: string[] }[]) => ({
  ...base,
  access: list.map((row) => ({ ...long, ...row })),
});
const [caller, callee] = base.services;

test('a request is newly allowed exactly when an entry that opens names it, and newly refused when one that closes does', () => {
  const names = (list: readonly Change[], method: string, path: string) =>
    list.some(
      (one) =>
        one.from === long.from &&
        (one.methods.length === 0 || (one.methods as string[]).includes(method)) &&
        (one.paths.length === 0 || one.paths.some((pattern) => covers(pattern, path))),
    );
  let changed = 0;
  fc.assert(
    fc.property(rows, rows, (before, after) => {
      if (caller === undefined || callee === undefined) throw new Error('no services');
      const [old, now] = [labWith(before), labWith(after)];
      const { opens, closes } = accessChanges(accessTable(old), accessTable(now));
      const paths = [...before, ...after].flatMap((row) => row.paths);
      for (const path of ['/', '/a/b', '/a/b/c', '/x', ...paths, ...paths.map((one) => `${one}x`)]) {
        for (const method of [...methods, 'PURGE']) {
          const allows = (lab: typeof old) => decideRead(lab, caller, callee, method, path).allowed;
          if (!allows(old) && allows(now))
            expect([method, path, names(opens, method, path)]).toEqual([method, path, true]);
          if (allows(old) && !allows(now))
            expect([method, path, names(closes, method, path)]).toEqual([method, path, true]);
          // What an entry names is allowed after, or was before.
          if (names(opens, method, path)) expect(allows(now)).toBe(true);
          if (names(closes, method, path)) expect(allows(old)).toBe(true);
          if (allows(old) !== allows(now)) changed += 1;
        }
      }
      if (JSON.stringify(before) === JSON.stringify(after)) expect([opens, closes]).toEqual([[], []]);
    }),
    { numRuns: 150 },
  );
  expect(changed).toBeGreaterThan(100);
});

test.each([
  [[], [], 'all methods'],
  [['GET', 'HEAD'], [], 'GET, HEAD'],
  [['GET'], ['/api/', '/v1'], 'GET /api/…, /v1'],
])('%j %j reads as %s', (some, paths, text) => {
  expect(ruleText({ methods: some, paths })).toBe(text);
});
