/** What we pin for AWS and for clusters of others is still supported by those who make it. */
import { execFileSync } from 'node:child_process';
import { supportWindows, unsupportedAt } from '../../model/support';
import { versions } from '../../model/versions';
import { root } from '../support/labs';

test('every pin is inside its support window at the date of HEAD', () => {
  const date = execFileSync('git', ['log', '-1', '--format=%cI'], { cwd: root, encoding: 'utf8' }).trim();
  expect(date).toMatch(/^\d{4}-/);
  expect(unsupportedAt(new Date(date))).toEqual([]);
});

test('the windows are those of the lines that are pinned', () => {
  const pinned = { 'Amazon EKS': versions.eks, Istio: versions.istioCharts };
  for (const { product, line } of supportWindows) {
    expect(`${pinned[product as keyof typeof pinned]}.`).toMatch(new RegExp(`^${line.replace('.', '\\.')}\\.`));
  }
  expect(supportWindows).toHaveLength(2);
});

test('a window is over on the day after its last', () => {
  const windows = [{ product: 'a', line: '1', until: '2027-03-27', source: '' }];
  expect(unsupportedAt(new Date('2027-03-27T23:59:59Z'), windows)).toEqual([]);
  expect(unsupportedAt(new Date('2027-03-28T00:00:00Z'), windows)).toEqual(windows);
});
