/** Waits for a condition with a deadline. */
import { setTimeout as delay } from 'node:timers/promises';

export interface UntilOptions {
  /** Milliseconds to wait at most. */
  readonly timeout: number;
  /** Milliseconds between two looks. @default - 200 */
  readonly interval?: number;
  /** Ends the wait with the signal's reason. @default - nothing does */
  readonly signal?: AbortSignal;
}

/** Resolves true as soon as `condition` holds, false when time is up. Throws what the condition throws. */
export async function until(condition: () => Promise<boolean>, options: UntilOptions): Promise<boolean> {
  const deadline = Date.now() + options.timeout;
  for (;;) {
    options.signal?.throwIfAborted();
    if (await condition()) return true;
    if (Date.now() >= deadline) return false;
    await delay(options.interval ?? 200);
  }
}
