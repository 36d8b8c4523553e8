import { again } from '../../../scripts/attack/again';
import { StoppedError } from '../../../scripts/errors';

const looks = (...found: (number | undefined | Error)[]) => {
  const look = jest.fn(async () => {
    const next = found.length > 1 ? found.shift() : found[0];
    if (next instanceof Error) throw next;
    return next;
  });
  return look;
};
const fits = (found: number | undefined) => found === 3;
const short = { timeout: 20, interval: 1 };

test('what fits ends it', async () => {
  const look = looks(1, new Error('not yet'), undefined, 3, 4);
  await expect(again(look, fits, { timeout: 10_000, interval: 1 })).resolves.toBe(3);
  expect(look).toHaveBeenCalledTimes(4);
});

describe('when time is up', () => {
  // By a clock of its own: a busy machine may not look twice in so short a time.
  beforeEach(() => jest.useFakeTimers());
  afterEach(() => jest.useRealTimers());

  test.each([1, undefined])('%s is told as what was found last', async (last) => {
    for (const look of [looks(2, last), looks(last, new Error('gone'))]) {
      const told = again(look, fits, short);
      await jest.advanceTimersByTimeAsync(2 * short.timeout);
      await expect(told).resolves.toBe(last);
      expect(look.mock.calls.length).toBeGreaterThan(1);
    }
  });
});

test('where every look fails, the reason is told', async () => {
  await expect(again(looks(new Error('no such pod')), fits, short)).rejects.toThrow('no such pod');
});

test('nobody looks again once the command is stopped', async () => {
  const look = looks(1, new StoppedError('SIGINT'), 3);
  await expect(again(look, fits, { timeout: 10_000, interval: 1 })).rejects.toThrow('stopped by SIGINT');
  expect(look).toHaveBeenCalledTimes(2);
});
