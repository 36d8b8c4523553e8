import { outputs } from '../../../model/output';
import { formatPlan, type PlanReport } from '../../../scripts/commands/plan';
import { previewOf } from '../../../scripts/plan/preview';
import type { PlannedResource } from '../../../scripts/plan/read';
import { type AppliedResource, hashOf } from '../../../scripts/plan/record';

const entry = (name: string, values: Record<string, unknown> = {}): PlannedResource => ({
  id: `east/consul_config_entry.${name}`,
  stack: 'east',
  type: 'consul_config_entry',
  folder: '/nowhere',
  values: { kind: 'service-defaults', name, ...values },
  providers: {},
  dependsOn: [],
});
const applied = (resource: PlannedResource): AppliedResource => ({ ...resource, hash: hashOf(resource) });
const recordOf = (...list: AppliedResource[]) => ({
  all: () => list,
  get: (id: string) => list.find((one) => one.id === id),
});

test('resources are told by what up would do with them', () => {
  const old = { ...applied(entry('gone')), stack: 'north', id: 'north/consul_config_entry.gone' };
  const record = recordOf(
    applied(entry('same')),
    applied(entry('changed', { config_json: '{}' })),
    applied(entry('other', { kind: 'mesh' })),
    { ...entry('half'), hash: 'begun' },
    old,
  );
  const plan = [entry('same'), entry('changed'), entry('other'), entry('half'), entry('new')];
  const name = (text: string) => `consul_config_entry.${text}`;
  expect(previewOf(plan, record)).toEqual([
    {
      name: 'east',
      add: [name('new')],
      change: [name('changed'), name('half')],
      replace: [name('other')],
      remove: [],
      unchanged: 1,
    },
    { name: 'north', add: [], change: [], replace: [], remove: [name('gone')], unchanged: 0 },
  ]);
});

const call = { from: 'west/frontend', to: 'east/info', methods: ['GET'], paths: ['/api/'] };
const report: PlanReport = {
  opens: [call],
  closes: [{ ...call, methods: [], paths: [] }],
  inPods: {
    opens: [{ pod: 'hub/orders', from: 'spy', to: 'vault', port: 9100 }],
    closes: [{ pod: 'hub/orders', from: 'orders', to: 'vault', port: 9100 }],
  },
  tableApplied: true,
  stacks: [{ name: 'east', add: ['a'], change: ['b'], replace: ['c'], remove: ['d'], unchanged: 7 }],
};

test('what opens is told first, then what closes, then resources', () => {
  expect(outputs.plan.parse(report)).toEqual(report);
  expect(formatPlan(report, false).split('\n')).toEqual([
    'Opens:',
    '  + west/frontend → east/info  GET /api/…',
    '  + hub/orders: spy → vault 9100',
    'Closes:',
    '  - west/frontend → east/info  all methods',
    '  - hub/orders: orders → vault 9100',
    '',
    'east: 1 to add, 1 to change, 1 to replace, 1 to remove, 7 unchanged',
    '  + a',
    '  ~ b',
    '  ± c',
    '  - d',
  ]);
});

test.each([[[call]], [[]]])('without an applied table nobody says that nothing closes', (opens) => {
  const text = formatPlan(
    { ...report, opens, closes: [], inPods: { opens: [], closes: [] }, tableApplied: false, stacks: null },
    false,
  );
  expect(text).toContain("What it closes can't be told: no applied table is known");
  expect(text).toContain('isthmus up');
  expect(text).not.toMatch(/[Cc]loses nothing/);
  expect(text.includes('all of it is new')).toBe(opens.length > 0);
});

test('a pair in a pod is enough to open or to close something', () => {
  const { inPods } = report;
  const only = (pairs: PlanReport['inPods']) =>
    formatPlan({ ...report, opens: [], closes: [], inPods: pairs, stacks: null }, false).split('\n');
  expect(only({ ...inPods, closes: [] })).toEqual(['Opens:', '  + hub/orders: spy → vault 9100', 'Closes nothing.']);
  expect(only({ ...inPods, opens: [] })).toEqual(['Opens nothing.', 'Closes:', '  - hub/orders: orders → vault 9100']);
});

test('colour is for terminals', () => {
  expect(formatPlan(report, false)).not.toContain('\u001b');
  expect(formatPlan(report, true)).toContain('\u001b[31m  + west/frontend');
});

test('nothing to do is said', () => {
  const none = {
    ...report,
    opens: [],
    closes: [],
    inPods: { opens: [], closes: [] },
    stacks: [{ name: 'east', add: [], change: [], replace: [], remove: [], unchanged: 9 }],
  };
  expect(formatPlan(none, false)).toBe('The access table and guard open and close nothing.\n\nNo resource changes.');
  expect(formatPlan({ ...none, stacks: null }, false)).toBe('The access table and guard open and close nothing.');
});
