/** Results as a JUnit report: a suite for each group, a case for each attack. */
import { groups, isGood, provesNothing, type Result } from '../attack';
import { escaped } from './escape';
import type { NotPlayed } from './report';

export function junit(results: readonly Result[], began: Date, notPlayed: readonly NotPlayed[] = []): string {
  const suites = groups.flatMap((group) => suiteOf(group, results, notPlayed, began));
  const totals = counts(results, notPlayed);
  return [
    '<?xml version="1.0" encoding="UTF-8"?>',
    `<testsuites name="isthmus attack" ${totals} time="${seconds(results)}">`,
    ...suites,
    '</testsuites>',
    '',
  ].join('\n');
}

function suiteOf(group: string, all: readonly Result[], allSkipped: readonly NotPlayed[], began: Date): string[] {
  const results = all.filter((result) => result.group === group);
  const skipped = allSkipped.filter((one) => one.group === group);
  if (results.length + skipped.length === 0) return [];
  const head = `name="${group}" ${counts(results, skipped)} errors="0" time="${seconds(results)}"`;
  return [
    `  <testsuite ${head} timestamp="${began.toISOString()}">`,
    ...results.map(caseOf),
    ...skipped.map(skippedOf),
    '  </testsuite>',
  ];
}

function counts(results: readonly Result[], skipped: readonly NotPlayed[]): string {
  const failures = results.filter((result) => !isGood(result)).length;
  return `tests="${results.length + skipped.length}" failures="${failures}" skipped="${skipped.length}"`;
}

function skippedOf({ id, group, why }: NotPlayed): string {
  return `    <testcase classname="isthmus.attack.${group}" name="${escaped(id)}" time="0.000">
      <skipped message="${escaped(why)}"/>
    </testcase>`;
}

function caseOf(result: Result): string {
  const { id, group, title, serves, evidence, control, detection } = result;
  const lines = [
    ...evidence,
    `control: ${control.evidence}`,
    ...(detection === undefined ? [] : [`detection: ${detection.evidence}`]),
    `serves: ${serves.join(', ')}`,
  ];
  const failure = isGood(result)
    ? ''
    : `\n      <failure message="${escaped(reason(result))}">${escaped(title)}</failure>`;
  const time = (result.ms / 1000).toFixed(3);
  return `    <testcase classname="isthmus.attack.${group}" name="${escaped(id)}" time="${time}">${failure}
      <system-out>${escaped(lines.join('\n'))}</system-out>
    </testcase>`;
}

function reason(result: Result): string {
  const { control, detection, refused } = result;
  if (!control.ok) return `the legitimate step failed, so this proves nothing: ${control.evidence}`;
  if (provesNothing(result))
    return 'it did not get through, but nobody can be named who refused, so this proves nothing';
  if (detection !== undefined) return `nobody would have noticed: ${detection.evidence}`;
  return refused ? '' : 'it got through';
}

function seconds(results: readonly Result[]): string {
  return (results.reduce((sum, { ms }) => sum + ms, 0) / 1000).toFixed(3);
}
