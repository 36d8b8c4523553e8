/** Reports of a run: nothing that an attacker wrote gets into them as anything but text. */
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import type { Result } from '../../../scripts/attack/attack';
import { escaped } from '../../../scripts/attack/report/escape';
import { page } from '../../../scripts/attack/report/html';
import { attackOutputOf } from '../../../scripts/attack/report/json';
import { junit } from '../../../scripts/attack/report/junit';
import { checkReports, writeReport } from '../../../scripts/attack/report/report';

const began = new Date('2026-11-23T20:00:00Z');

function result(change: Partial<Result> = {}): Result {
  return {
    id: 'gateway/no-sni',
    group: 'gateway',
    title: 'no server name',
    serves: ['M5', 'https://github.com/hashicorp/consul/issues/20653'],
    refused: true,
    stoppedBy: 'east/mesh-gateway: knows no way',
    evidence: ['tried: TLS', 'answered: connection reset', 'border: 10.0.0.1.4 > 10.0.0.2.5: Flags [S]'],
    control: { ok: true, evidence: '200' },
    ms: 12,
    ...change,
  };
}

const hostile = '</script><img src=x onerror=alert(1)> & "quoted" \u0000\u001b[31m';

test('the page tells what was tried, what answered, who stopped it, and the control', () => {
  const text = page([result()], { lab: 'weather', began, seconds: 3 });
  for (const part of ['no server name', 'answered: connection reset', 'knows no way', 'Flags [S]', 'gateway/no-sni']) {
    expect(text).toContain(part);
  }
  expect(text).toContain('Everything was refused, and every legitimate step worked.');
  expect(text).toContain('href="https://github.com/hashicorp/consul/issues/20653"');
});

test('the page needs nothing from elsewhere', () => {
  const text = page([result({ serves: ['M5'] })], { lab: 'weather', began, seconds: 3 });
  expect(text).not.toMatch(/<script|<link|src=|@import|url\(/);
});

test('what got through stands first, open, and in words', () => {
  const bad = result({ id: 'gateway/open', title: 'an open door', refused: false, stoppedBy: null });
  const text = page([result(), bad], { lab: 'weather', began, seconds: 3 });
  expect(text).toContain('Not everything is as it should be.');
  expect(text.indexOf('an open door')).toBeLessThan(text.indexOf('no server name'));
  expect(text).toContain('got through');
});

test.each([
  ['the page', () => page([result({ evidence: [hostile], title: hostile })], { lab: 'x', began, seconds: 1 })],
  ['the JUnit report', () => junit([result({ evidence: [hostile], title: hostile, refused: false })], began)],
])('%s shows what an attacker wrote as text', (_what, render) => {
  const text = render();
  expect(text).not.toContain('<img');
  expect(text).not.toContain('\u0000');
  expect(text).not.toContain('\u001b');
  expect(text).toContain('&lt;img src=x');
});

test('JUnit counts what got through, what proves nothing and what nobody noticed', () => {
  const seen = { ok: true, evidence: 'in the log' };
  const text = junit(
    [
      result(),
      result({ id: 'gateway/open', refused: false, stoppedBy: null }),
      result({ id: 'gateway/unproven', control: { ok: false, evidence: 'no answer' } }),
      result({ id: 'known-limit/seen', group: 'known-limit', refused: false, detection: seen }),
      result({ id: 'known-limit/unseen', group: 'known-limit', refused: false, detection: { ...seen, ok: false } }),
    ],
    began,
  );
  expect(text).toContain('tests="5" failures="3" skipped="0"');
  expect(text).toContain('<testsuite name="gateway" tests="3" failures="2"');
  expect(text).toContain('<testsuite name="known-limit" tests="2" failures="1"');
  expect(text).toContain('message="it got through"');
  expect(text).toContain('the legitimate step failed, so this proves nothing: no answer');
  expect(text).toContain('nobody would have noticed: in the log');
});

test('what was not played is told by every report', () => {
  const notPlayed = [{ id: 'guard/other-port', group: 'guard', why: 'no pair & no guard' } as const];
  const text = junit([result()], began, notPlayed);
  expect(text).toContain('<testsuites name="isthmus attack" tests="2" failures="0" skipped="1"');
  expect(text).toContain('<testsuite name="guard" tests="1" failures="0" skipped="1"');
  expect(text).toContain('name="guard/other-port"');
  expect(text).toContain('<skipped message="no pair &amp; no guard"/>');
  const shown = page([result()], { lab: 'weather', began, seconds: 3, notPlayed });
  expect(shown).toContain('Everything that was played was refused');
  expect(shown).toContain('<code>guard/other-port</code>: no pair &amp; no guard');
  expect(attackOutputOf([result()], notPlayed)).toMatchObject({
    good: true,
    notPlayed: [{ id: 'guard/other-port', why: 'no pair & no guard' }],
  });
});

describe('the file of a report', () => {
  const folder = mkdtempSync(join(tmpdir(), 'isthmus-report-'));
  const file = join(folder, 'evidence.html');
  afterAll(() => rmSync(folder, { recursive: true }));

  test('keeps what is in it until there is a whole new one', () => {
    writeFileSync(file, 'of yesterday');
    checkReports([file, join(folder, 'other.xml')]);
    expect(readFileSync(file, 'utf8')).toBe('of yesterday');
    writeReport(file, 'of today');
    expect(readFileSync(file, 'utf8')).toBe('of today');
    expect(readdirSync(folder)).toEqual(['evidence.html']);
  });

  test('is said at once when it can not be written', () => {
    expect(() => checkReports([join(folder, 'none/evidence.html')])).toThrow(
      /the report can't be written to .*none.evidence\.html: ENOENT/,
    );
  });
});

test('escaping leaves no character that would end a text or an attribute', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), (text) => {
      expect(escaped(text)).not.toMatch(/[<>"']|&(?!(amp|lt|gt|quot|#39);)/);
    }),
  );
});
