/** Waits for a condition with a deadline. */
import { setTimeout as delay } from 'node:timers/promises';

export interface UntilOptions {
  /** Milliseconds to wait at most. */
  readonly timeout: number;
  /** Milliseconds between two looks; 200 without it. */
  readonly interval?: number;
  readonly signal?: AbortSignal;
}

/** Resolves true as soon as `condition` holds, false when time is up. A condition that throws counts as not yet. */
export async function until(condition: () => Promise<boolean>, options: UntilOptions): Promise<boolean> {
  const deadline = Date.now() + options.timeout;
  for (;;) {
    options.signal?.throwIfAborted();
    if (await condition().catch(() => false)) return true;
    if (Date.now() >= deadline) return false;
    await delay(options.interval ?? 200);
  }
}
