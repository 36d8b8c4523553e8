import * as fc from 'fast-check';
import { field, jsonLines, refusal } from '../../../scripts/call/log';

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
