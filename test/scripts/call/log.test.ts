import * as fc from 'fast-check';
import { field, jsonLines, ofRequest, refusal } from '../../../scripts/call/log';

describe('lines of a log', () => {
  test('are those that hold an object; others and a last one half written are left out', () => {
    const text = 'starting\n{"request":"a","status":200}\n[2026] warning\n{"request":"b"}\n{"request":"c';
    expect(jsonLines(text)).toEqual([{ request: 'a', status: 200 }, { request: 'b' }]);
  });

  test('of any text never make it fail', () => {
    fc.assert(fc.property(fc.string(), (text) => Array.isArray(jsonLines(text))));
  });

  test('are all found among any others', () => {
    const other = fc.string().filter((text) => !text.includes('{') && !text.includes('\n'));
    fc.assert(
      fc.property(fc.array(fc.record({ request: fc.string() })), other, (lines, noise) => {
        const text = lines.map((line) => `${noise}\n${JSON.stringify(line)}\n`).join('');
        expect(jsonLines(text)).toEqual(lines);
      }),
    );
  });
});

test.each([
  ['x', 'x'],
  [200, '200'],
  [0, '0'],
  ['-', null],
  ['', null],
  [null, null],
  [undefined, null],
])('a field %j is %j', (value, read) => {
  expect(field({ a: value }, 'a')).toBe(read);
});

describe('a line is of a request', () => {
  const id = '3f0c2a52-9c5e-4c0f-8a3b-0d5f5a1f6b7e';

  // By what Envoy writes there: not traced, traced by chance, by force, as the client wished.
  test.each(['4', '9', 'a', 'b'])('that its proxy marked %s', (mark) => {
    expect(ofRequest({ request: `${id.slice(0, 14)}${mark}${id.slice(15)}` }, id)).toBe(true);
    expect(ofRequest({ requestId: `${id.slice(0, 14)}${mark}${id.slice(15)}` }, id, 'requestId')).toBe(true);
  });

  test.each([
    ['of another', { request: '3f0c2a52-9c5e-4c0f-8a3b-0d5f5a1f6b7f' }],
    ['of another that begins alike', { request: `${id}0` }],
    ['without an id', { request: '-' }],
    ['with the id elsewhere', { path: id }],
    ['that is not there', undefined],
  ])('and not %s', (_what, line) => {
    expect(ofRequest(line, id)).toBe(false);
  });
});

test('a line that is not there has no field', () => {
  expect(field(undefined, 'a')).toBeNull();
});

describe('a refusal', () => {
  test.each([
    ['passed on', { status: 200, details: 'via_upstream' }, null],
    ['passed on, and refused by the callee', { status: 403, details: 'via_upstream' }, null],
    [
      'refused by a policy',
      { status: 403, details: 'rbac_access_denied_matched_policy[none]' },
      'rbac_access_denied_matched_policy[none]',
    ],
    [
      'refused by TLS',
      { status: 503, details: 'via_upstream', failure: 'TLS_error:CERTIFICATE_VERIFY_FAILED' },
      'TLS_error:CERTIFICATE_VERIFY_FAILED',
    ],
    ['ended without an answer', { status: 0, details: '-', flags: 'UF' }, 'UF'],
    ['a connection that was let through', { flags: '-', details: '-' }, null],
  ])('%s: %j is %j', (_what, line, why) => {
    expect(refusal(line)).toBe(why);
  });
});
