import * as fc from 'fast-check';
import { connectionOnly, grants, grantsFrom, grantsTo, imports, peers } from '../../../model/access/table';
import { mesh, service } from '../../../model/lab';
import { labOf, labs, smallFile } from '../../support/labs';

const rows = [
  { from: 'west/frontend', to: 'west/backend', methods: ['GET'] },
  { from: 'west/backend', to: 'east/info', methods: ['GET'], paths: ['/places/'] },
  { from: 'west/frontend', to: 'west/backend', methods: ['POST'], paths: ['/api/notes'] },
  { from: 'west/frontend', to: 'east/info' },
];

describe('grants', () => {
  test('gather the rows of one caller and callee, in the order of the table', () => {
    const found = grants(labOf({ access: rows })).map(({ from, to, rules }) => [from.name, to.name, rules]);
    expect(found).toEqual([
      [
        'frontend',
        'backend',
        [
          { methods: ['GET'], paths: [] },
          { methods: ['POST'], paths: ['/api/notes'] },
        ],
      ],
      ['backend', 'info', [{ methods: ['GET'], paths: ['/places/'] }]],
      ['frontend', 'info', [{ methods: [], paths: [] }]],
    ]);
  });

  test('lose no row and make none up', () => {
    fc.assert(
      fc.property(labs, (lab) => {
        const all = grants(lab);
        const flat = all.flatMap(({ from, to, rules }) => rules.map((rule) => ({ from: from.id, to: to.id, ...rule })));
        const text = (list: readonly object[]) => list.map((row) => JSON.stringify(row)).toSorted();
        const plain = lab.access.map(({ from, to, methods, paths }) => ({ from, to, methods, paths }));
        expect(text(flat)).toEqual(text(plain));
        expect(new Set(all.map(({ from, to }) => `${from.id} ${to.id}`)).size).toBe(all.length);
        const byEnd = lab.services.flatMap((one) => grantsTo(lab, one));
        expect(byEnd).toHaveLength(all.length);
        expect(lab.services.flatMap((one) => grantsFrom(lab, one))).toHaveLength(all.length);
      }),
    );
  });
});

describe('imports', () => {
  test('are foreign services that a row makes callable, each with all its consumers', () => {
    const lab = labOf({ access: rows });
    const found = imports(lab, mesh(lab, 'west'));
    expect(found.map(({ service: of, peer, consumers }) => [of.id, peer.name, consumers.map(({ id }) => id)])).toEqual([
      ['east/info/info', 'east', ['west/backend/backend', 'west/frontend/frontend']],
    ]);
    expect(imports(lab, mesh(lab, 'east'))).toEqual([]);
  });

  test('are none without a row across the border', () => {
    const lab = labOf({ access: rows.slice(0, 1) });
    expect(lab.meshes.flatMap((one) => imports(lab, one))).toEqual([]);
  });

  test('never lead to the own mesh, and name each consumer once', () => {
    fc.assert(
      fc.property(labs, (lab) => {
        for (const own of lab.meshes) {
          for (const { service: of, peer, consumers } of imports(lab, own)) {
            expect(of.mesh).toBe(peer.name);
            expect(peer.name).not.toBe(own.name);
            expect(consumers.every((consumer) => consumer.mesh === own.name)).toBe(true);
            expect(new Set(consumers.map(({ id }) => id)).size).toBe(consumers.length);
          }
        }
      }),
    );
  });
});

describe('peers', () => {
  test('are mutual, and there only when a row crosses', () => {
    fc.assert(
      fc.property(labs, (lab) => {
        const crosses = lab.access.some(({ from, to }) => service(lab, from).mesh !== service(lab, to).mesh);
        for (const own of lab.meshes) {
          const others = lab.meshes.filter(({ name }) => name !== own.name);
          expect(peers(lab, own)).toEqual(crosses ? others : []);
        }
      }),
    );
  });
});

describe('connectionOnly', () => {
  const only = (...access: object[]) => {
    // One by one: a lab file would not have rows that make others void.
    const lab = { ...labOf(smallFile), access: access.flatMap((row) => labOf({ ...smallFile, access: [row] }).access) };
    return connectionOnly(grantsTo(lab, service(lab, 'east/info/info')));
  };
  const open = { from: 'west/backend', to: 'east/info' };

  test.each([
    ['no row', true],
    ['one row for everything', true, open],
    ['a row with methods', false, { ...open, methods: ['GET'] }],
    ['a row with paths', false, { ...open, paths: ['/'] }],
    ['a row with methods that another makes void', true, { ...open, methods: ['GET'] }, open],
    ['one caller for everything, another for some', false, open, { ...open, from: 'west/frontend', methods: ['GET'] }],
  ])('%s: %s', (_what, expected, ...access: object[]) => {
    expect(only(...access)).toBe(expected);
  });
});
