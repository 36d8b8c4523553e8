/** Follows one thing in Consul by blocking queries, for ever. */
import { setTimeout as delay } from 'node:timers/promises';
import { backoff } from '../common/queue';
import type { Answer, BlockingOptions } from './consul';

export interface WatchOptions<T> {
  readonly fetch: (options: BlockingOptions) => Promise<Answer<T>>;
  /** Called with every answer, changed or not. */
  readonly onValue: (value: T) => void;
  readonly onError: (error: unknown) => void;
  /** Longest time in seconds without an answer. */
  readonly wait: number;
  readonly signal: AbortSignal;
}

/** Resolves when `signal` is aborted; errors are reported and tried again. */
export async function watch<T>({ fetch, onValue, onError, wait, signal }: WatchOptions<T>): Promise<void> {
  let index = 0;
  let failures = 0;
  while (!signal.aborted) {
    try {
      const answer = await fetch({ index, wait, signal });
      failures = 0;
      onValue(answer.value);
      index = nextIndex(index, answer.index);
      // An answer without an index would make this a busy loop.
      if (index === 0) await delay(500, undefined, { signal });
    } catch (error) {
      if (signal.aborted) return;
      failures += 1;
      index = 0;
      onError(error);
      await delay(backoff(failures, Math.random()), undefined, { signal }).catch(() => {});
    }
  }
}

/** Consul's rule for clients: an index that went backwards (a restored or new server) starts again from nothing. */
export function nextIndex(previous: number, current: number): number {
  return current < previous || current < 1 ? 0 : current;
}
