/** That a connection ended does not show that the removal of its row ended it. */
import { drainedBy } from '../../../scripts/attack/steps/drain';

const began = 1_000_000;
const removed = began + 1_500;
const drainSeconds = 10;
const seen = { end: 'closed', began, answers: 20, firstAnswer: 100, lastAnswer: 11_000, after: 12_000 };
const beside = { end: 'open', began, answers: 40, firstAnswer: 100, lastAnswer: 19_900, after: 20_000 };

test('answered before, ended after the removal and within the drain, and the one beside it stayed open', () => {
  expect(drainedBy({ seen, beside, removed, drainSeconds })).toContain('10.5 s after its row was removed');
});

test.each([
  ['it stays open', { seen: { ...seen, end: 'open' } }],
  ['the agent is gone', { seen: { end: 'agent: gone' } }],
  ['it never came about', { seen: { ...seen, end: 'ECONNREFUSED' } }],
  ['it was never answered', { seen: { ...seen, answers: 0 } }],
  ['it was answered only after the removal', { seen: { ...seen, firstAnswer: 1_600 } }],
  ['it ended before the removal', { seen: { ...seen, lastAnswer: 900, after: 1_000 } }],
  ['it was answered for longer than the drain allows', { seen: { ...seen, lastAnswer: 18_000, after: 19_000 } }],
  ['the one beside it ended, too', { beside: { ...beside, end: 'closed' } }],
  ['the one beside it was never answered', { beside: { ...beside, answers: 0 } }],
  ['the one beside it has no agent', { beside: { end: 'agent: gone' } }],
])('proves nothing when %s', (_what, change) => {
  expect(drainedBy({ seen, beside, removed, drainSeconds, ...change })).toBeUndefined();
});
