import fc from 'fast-check';
import { backoff, WorkQueue } from '../../../services/common/queue';

function gate() {
  let open = () => {};
  const opened = new Promise<void>((resolve) => {
    open = resolve;
  });
  return { open, opened };
}

describe('the work queue', () => {
  const never = 2 ** 30;

  test('handles one name at a time, and a name added twice once', async () => {
    const handled: string[] = [];
    const first = gate();
    const done = gate();
    let running = 0;
    const queue = new WorkQueue({
      handle: async (key) => {
        running += 1;
        expect(running).toBe(1);
        handled.push(key);
        if (key === 'a') await first.opened;
        running -= 1;
        if (key === 'c') done.open();
        return never;
      },
      onError: (_, error) => {
        throw error;
      },
      backoff: () => never,
    });
    for (const key of ['a', 'b', 'b', 'a', 'c']) queue.add(key);
    await Promise.resolve();
    await Promise.resolve();
    queue.add('b');
    first.open();
    await done.opened;
    await queue.stop();
    expect(handled).toEqual(['a', 'b', 'c']);
  });

  test('looks again at a name that was added while it was being handled', async () => {
    const twice = gate();
    let times = 0;
    const queue = new WorkQueue({
      handle: async (key) => {
        times += 1;
        if (times === 1) queue.add(key);
        else twice.open();
        return never;
      },
      onError: () => {},
      backoff: () => never,
    });
    queue.add('a');
    await twice.opened;
    await queue.stop();
    expect(times).toBe(2);
  });

  test('comes back to failures with growing counts, and starts anew after a success', async () => {
    const counts: number[] = [];
    const end = gate();
    let calls = 0;
    const queue = new WorkQueue({
      handle: async () => {
        calls += 1;
        if (calls === 3) return 0;
        if (calls === 5) end.open();
        throw new Error('down');
      },
      onError: (_, __, failures) => {
        counts.push(failures);
      },
      backoff: () => 0,
    });
    queue.add('a');
    await end.opened;
    await queue.stop();
    expect(counts).toEqual([1, 2, 1, 2]);
  });

  test('takes nothing after it was stopped', async () => {
    const handle = jest.fn(async () => never);
    const queue = new WorkQueue({ handle, onError: () => {}, backoff: () => never });
    await queue.stop();
    queue.add('a');
    queue.addAfter('b', 0);
    await new Promise((resolve) => setImmediate(resolve));
    expect(handle).not.toHaveBeenCalled();
  });

  test('backs off between a half and the whole of a doubling time, ten seconds at most', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 1_000 }),
        fc.double({ min: 0, max: 1, noNaN: true }),
        (failures, random) => {
          const full = Math.min(10_000, 250 * 2 ** (failures - 1));
          const wait = backoff(failures, random);
          expect(wait).toBeGreaterThanOrEqual(full / 2);
          expect(wait).toBeLessThanOrEqual(full);
        },
      ),
    );
  });
});
