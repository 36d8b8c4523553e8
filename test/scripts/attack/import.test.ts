/** Who is said to have kept another workload from the import. */
import { ownProxy } from '../../../scripts/attack/steps/import';

test('the rule for all others gives its proxy TLS that nobody can answer', () => {
  const failure = 'TLS_error:_Secret_is_not_supplied_by_SDS';
  expect(ownProxy({ upstream: '10.20.0.11:8443', failure })).toEqual({
    how: 'no-way',
    who: "the workload's own proxy",
    what: `holds no certificate for the import: ${failure}`,
  });
});

test.each([
  ['a gateway that ended what it got in clear', { failure: '-', flags: 'UC' }],
  ['a dead gateway', { failure: 'delayed_connect_error:_Connection_refused' }],
  ['no line at all', undefined],
])('%s is no refusal', (_what, line) => {
  expect(ownProxy(line)).toBeUndefined();
});
