import { Follower } from '../../../scripts/terraform/lines';

const line = (type: string, more: object) =>
  JSON.stringify({ '@level': 'info', '@module': 'terraform.ui', ...more, type });
const hook = (addr: string, action = 'create') => ({
  hook: { action, resource: { addr, resource_type: addr.split('.')[0] } },
});
const plan = (add: number, change: number, remove: number) =>
  line('change_summary', { changes: { add, change, import: 0, remove, operation: 'plan' } });

test('tells how far it is and what takes longest', () => {
  const follower = new Follower();
  expect(follower.status(0)).toBe('');
  follower.take(plan(39, 1, 0), 0);
  expect(follower.status(0)).toBe('0 of 40');
  follower.take(line('apply_start', hook('aws_nat_gateway.n')), 0);
  follower.take(line('apply_start', hook('aws_vpc.v')), 1_000);
  follower.take(line('apply_complete', hook('aws_vpc.v')), 3_000);
  follower.take(line('apply_start', hook('aws_eip.e')), 3_000);
  follower.take(line('apply_progress', hook('aws_nat_gateway.n')), 10_000);
  expect(follower.status(80_000)).toBe('1 of 40: aws_nat_gateway 1m20s, 1 more');
  follower.take(line('apply_errored', hook('aws_nat_gateway.n')), 90_000);
  follower.take(line('apply_complete', hook('aws_eip.e')), 90_000);
  expect(follower.status(90_000)).toBe('2 of 40');
  expect(follower.changes).toBe(2);
});

test('data that is read is no change', () => {
  const follower = new Follower();
  follower.take(plan(1, 0, 0), 0);
  follower.take(line('apply_start', hook('data.terraform_remote_state.a', 'read')), 0);
  follower.take(line('apply_complete', hook('data.terraform_remote_state.a', 'read')), 0);
  expect([follower.changes, follower.status(0)]).toEqual([0, '0 of 1']);
});

test('keeps errors with their addresses, leaves warnings, and keeps what is not JSON', () => {
  const follower = new Follower();
  const diagnostic = { severity: 'error', summary: 's', detail: 'd', address: 'aws_vpc.v' };
  follower.take(line('diagnostic', { diagnostic }));
  follower.take(line('diagnostic', { diagnostic: { severity: 'warning', summary: 'deprecated' } }));
  follower.take(line('diagnostic', { diagnostic: { severity: 'error', summary: 'alone' } }));
  for (const text of ['panic: oh', '', '{"type": "something new"}', '{"broken']) follower.take(text);
  expect(follower.diagnostics.map(({ summary, address }) => [summary, address])).toEqual([
    ['s', 'aws_vpc.v'],
    ['alone', undefined],
  ]);
  expect(follower.rest).toEqual(['panic: oh']);
});
