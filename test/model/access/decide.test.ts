import * as fc from 'fast-check';
import { callerOf, type Decision, decide, readings, readsRequests } from '../../../model/access/decide';
import { mesh, service } from '../../../model/lab';
import { type LabFile, labOf, labs, smallFile } from '../../support/labs';
import { rawTargets } from '../../support/targets';

const program = { port: 8080, program: 'a.js' };
const rows = [
  { from: 'west/frontend', to: 'west/backend', methods: ['GET'], paths: ['/api/', '/v1.0'] },
  { from: 'west/frontend', to: 'west/backend', methods: ['POST'], paths: ['/notes'] },
  { from: 'west/backend', to: 'east/info', methods: ['GET'] },
  { from: 'east/shop', to: 'east/info' },
  { from: 'east/shop', to: 'east/store' },
  { from: 'west/backend', to: 'east/store' },
] satisfies LabFile['access'];
const lab = labOf({
  services: { ...smallFile.services, 'east/shop': program, 'east/store': program },
  access: rows,
});

function verdict(from: string, to: string, method: string, target: string): string {
  return text(decide(lab, callerOf(lab, long(from)), service(lab, long(to)), method, target));
}

function long(id: string): string {
  return id === 'anybody' ? id : `${id}/${id.split('/')[1]}`;
}

function text(decision: Decision): string {
  if (!decision.allowed) {
    const { refusal } = decision;
    return 'rows' in refusal ? `${refusal.kind} ${refusal.rows}` : refusal.kind;
  }
  return decision.ground.kind === 'row' ? `row ${decision.ground.index}` : decision.ground.kind;
}

describe('one request', () => {
  test.each([
    ['west/frontend', 'west/backend', 'GET', '/api/', 'row 0'],
    ['west/frontend', 'west/backend', 'GET', '/api/x?y', 'row 0'],
    ['west/frontend', 'west/backend', 'GET', '/api', 'path 0'],
    ['west/frontend', 'west/backend', 'GET', '/API/', 'path 0'],
    ['west/frontend', 'west/backend', 'GET', '/v1.0', 'row 0'],
    ['west/frontend', 'west/backend', 'GET', '/v1.0?api', 'row 0'],
    ['west/frontend', 'west/backend', 'GET', '/v1.0.', 'path 0'],
    ['west/frontend', 'west/backend', 'GET', '/v1x0', 'path 0'],
    ['west/frontend', 'west/backend', 'POST', '/notes', 'row 1'],
    ['west/frontend', 'west/backend', 'POST', '/api/', 'path 1'],
    ['west/frontend', 'west/backend', 'PUT', '/api/', 'method 0,1'],
    ['west/frontend', 'west/backend', 'get', '/api/', 'unreadable'],
    ['west/frontend', 'west/backend', 'GET', '/x?/api/', 'path 0'],
    // Read as the proxies read it.
    ['west/frontend', 'west/backend', 'GET', '//api///x', 'row 0'],
    ['west/frontend', 'west/backend', 'GET', '/x/%2e%2e/api/', 'row 0'],
    ['west/frontend', 'west/backend', 'GET', '/api/../notes', 'path 0'],
    ['west/frontend', 'west/backend', 'GET', '/api\\..\\notes', 'path 0'],
    ['west/frontend', 'west/backend', 'GET', '/api/..;/notes', 'path 0'],
    ['west/frontend', 'west/backend', 'GET', '/api/%2e%2e;/notes', 'path 0'],
    ['east/shop', 'east/info', 'GET', '/api/%2e%2e;/notes', 'unreadable'],
    ['west/frontend', 'west/backend', 'GET', '/%61pi/', 'row 0'],
    ['west/frontend', 'west/backend', 'GET', '/api/..%2fnotes', 'unreadable'],
    ['west/frontend', 'west/backend', 'GET', '/api/#x', 'row 0'],
    ['west/frontend', 'west/backend', 'GET', '/x#/api/', 'path 0'],
    ['east/shop', 'east/info', 'GET', '/x#y', 'unreadable'],
    ['west/frontend', 'west/backend', 'GET', 'api/', 'unreadable'],
    // The other direction, and whom no row names.
    ['west/backend', 'west/frontend', 'GET', '/', 'no row'],
    ['west/frontend', 'west/frontend', 'GET', '/', 'no row'],
    ['west/frontend', 'east/info', 'GET', '/', 'no row'],
    ['east/info', 'west/backend', 'GET', '/', 'no row'],
    ['west/backend', 'east/info', 'GET', '/any', 'row 2'],
    ['west/backend', 'east/info', 'HEAD', '/any', 'method 2'],
    ['west/backend', 'east/info', 'GET', '/a%2fb', 'unreadable'],
    // A row without methods: all that a proxy passes on.
    ['east/shop', 'east/info', 'PURGE', '/x', 'row 3'],
    ['east/shop', 'east/info', 'FOO', '/x', 'unreadable'],
    // Only connections are looked at: what the program gets is what the caller wrote.
    ['east/shop', 'east/store', 'FOO', '/a%2f#', 'row 4'],
    // The caller's own proxy in Istio reads requests all the same.
    ['west/backend', 'east/store', 'GET', '/a%2fb', 'row 5'],
    ['west/backend', 'east/store', 'GET', '/a\u00e9', 'unreadable'],
    // Anybody, at the page.
    ['anybody', 'west/frontend', 'GET', '/any', 'page'],
    ['anybody', 'west/frontend', 'POST', '/any', 'method '],
    ['anybody', 'west/frontend', 'GET', '/a%2fb', 'unreadable'],
    ['anybody', 'west/backend', 'GET', '/api/', 'no row'],
  ])('%s → %s %s %s: %s', (from, to, method, target, expected) => {
    expect(verdict(from, to, method, target)).toBe(expected);
  });

  test('tells what the program gets', () => {
    const ask = (target: string) =>
      decide(lab, service(lab, 'west/frontend/frontend'), service(lab, 'west/backend/backend'), 'GET', target);
    expect(ask('//x/..//api/%7e?%2e')).toMatchObject({ allowed: true, target: '/api/~?%2e' });
    expect(ask('/api/../x')).toMatchObject({ allowed: false, target: '/x' });
  });
});

test.each([
  ['west/frontend', 'west/backend', 'upgrade 0,1'],
  ['west/backend', 'west/frontend', 'no row'],
  ['anybody', 'west/frontend', 'upgrade '],
  ['east/shop', 'west/echo', 'row 6'],
  ['west/backend', 'west/echo', 'row 7'],
  // Its listener reads requests, so nobody switches there.
  ['east/shop', 'east/info', 'upgrade 3'],
  ['east/shop', 'east/store', 'row 4'],
])('%s → %s with a switch of protocols: %s', (from, to, expected) => {
  const more = labOf({
    services: { ...smallFile.services, 'east/shop': program, 'east/store': program, 'west/echo': program },
    access: [...rows, { from: 'east/shop', to: 'west/echo' }, { from: 'west/backend', to: 'west/echo' }],
  });
  const [caller, callee] = [callerOf(more, long(from)), service(more, long(to))];
  expect(text(decide(more, caller, callee, 'GET', '/api/', true))).toBe(expected);
});

test('every verdict holds for a reason that is in the table', () => {
  fc.assert(
    fc.property(labs, rawTargets, fc.constantFrom('GET', 'POST', 'DELETE'), (lab, target, method) => {
      for (const caller of [...lab.services, 'anybody'] as const) {
        for (const callee of lab.services) {
          const found = decide(lab, caller, callee, method, target);
          const own = lab.access.filter(
            (row) => caller !== 'anybody' && row.from === caller.id && row.to === callee.id,
          );
          if (found.allowed && found.ground.kind === 'row') {
            expect(own).toContain(lab.access[found.ground.index]);
            expect(found.ground.row.methods.length === 0 || found.ground.row.methods.includes(method as 'GET')).toBe(
              true,
            );
          }
          if (found.allowed && found.ground.kind === 'page')
            expect([caller, callee.expose]).toEqual(['anybody', 'page']);
          if (!found.allowed && found.refusal.kind === 'no row') {
            expect(own).toEqual([]);
            expect(caller === 'anybody' && callee.expose === 'page').toBe(false);
          }
        }
      }
    }),
  );
});

test('a row more never refuses what was allowed, where requests are read as before', () => {
  fc.assert(
    fc.property(labs, rawTargets, fc.nat(), (lab, target, pick) => {
      fc.pre(lab.access.length > 0);
      const index = pick % lab.access.length;
      const fewer = { ...lab, access: lab.access.toSpliced(index, 1) };
      for (const caller of lab.services) {
        for (const callee of lab.services) {
          const same = readsRequests(lab, callee) === readsRequests(fewer, callee);
          if (same && decide(fewer, caller, callee, 'GET', target).allowed) {
            expect(decide(lab, caller, callee, 'GET', target).allowed).toBe(true);
          }
        }
      }
    }),
  );
});

test('requests into Istio are always read by the callee, and by a gateway before it when they come from outside', () => {
  fc.assert(
    fc.property(labs, (lab) => {
      for (const caller of lab.services) {
        for (const callee of lab.services.filter((one) => mesh(lab, one.mesh).kind === 'istio')) {
          expect(readings(lab, caller, callee)).toHaveLength(2);
        }
      }
    }),
  );
});
