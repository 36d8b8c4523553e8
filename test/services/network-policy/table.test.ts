import { isKeptBy } from '../../../model/network-policy/keeper';
import { ruleset } from '../../../services/network-policy/compile';
import { Table } from '../../../services/network-policy/table';

const log = { info: () => {}, warn: () => {}, error: () => {} };

/** A kernel that takes rulesets, or refuses them. */
function kernel() {
  const state = { rules: '', refuses: false, loads: 0 };
  const table = new Table(
    (_args, input) => {
      if (input === undefined) return { status: 0, stdout: state.rules, stderr: '' };
      state.loads += 1;
      if (state.refuses) return { status: 1, stdout: '', stderr: 'busy' };
      state.rules = input;
      return { status: 0, stdout: '', stderr: '' };
    },
    ['ip', 'network-policy'],
    log,
  );
  return { state, table };
}

test.each(['', 'old'])('a load that failed is tried again, after %j', (before) => {
  const { state, table } = kernel();
  if (before !== '') table.load(before);
  state.refuses = true;
  expect(table.load('new')).toBe(false);
  table.mend();
  expect(state.rules).toBe(before);
  state.refuses = false;
  table.mend();
  expect(state.rules).toBe('new');
});

test('rules that somebody changed are loaded again, others are left alone', () => {
  const { state, table } = kernel();
  table.mend();
  table.load('new');
  table.load('new');
  table.mend();
  expect(state.loads).toBe(1);
  state.rules = 'open';
  table.mend();
  expect(state.rules).toBe('new');
});

test('rules say which process keeps them', () => {
  const rules = ruleset({ pods: [], namespaces: [], policies: [] }, '10.1.1.0/24', 12);
  expect(isKeptBy(rules, 12)).toBe(true);
  expect([1, 2, 121, undefined].map((pid) => isKeptBy(rules, pid))).toEqual([false, false, false, false]);
});
