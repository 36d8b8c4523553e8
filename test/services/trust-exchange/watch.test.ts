import { nextIndex, watch } from '../../../services/trust-exchange/watch';

describe('following Consul', () => {
  test.each([
    [0, 7, 7],
    [7, 9, 9],
    [9, 9, 9],
    [9, 3, 0],
    [9, 0, 0],
    [0, -1, 0],
  ])('after index %d an answer with %d is followed by a question with %d', (previous, current, next) => {
    expect(nextIndex(previous, current)).toBe(next);
  });

  test('passes every answer on, starts from nothing after an error, and ends when told to', async () => {
    const stop = new AbortController();
    const asked: number[] = [];
    const values: string[] = [];
    const errors: unknown[] = [];
    const answers = [{ value: 'a', index: 5 }, new Error('down'), { value: 'b', index: 9 }, { value: 'c', index: 11 }];
    await watch<string>({
      wait: 1,
      signal: stop.signal,
      fetch: async ({ index }) => {
        asked.push(index);
        const answer = answers.shift();
        if (answer === undefined || answer instanceof Error) throw answer ?? new Error('asked too often');
        return answer;
      },
      onValue: (value) => {
        values.push(value);
        if (value === 'c') stop.abort();
      },
      onError: (error) => errors.push(error),
    });
    expect(values).toEqual(['a', 'b', 'c']);
    expect(asked).toEqual([0, 5, 0, 9]);
    expect(errors).toHaveLength(1);
  });
});
