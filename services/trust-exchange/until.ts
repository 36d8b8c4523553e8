/** Waits for a condition with a deadline. */
import { setTimeout as delay } from 'node:timers/promises';

/** Resolves true as soon as `condition` holds, false after `timeout` milliseconds. */
export async function until(condition: () => Promise<boolean>, timeout: number, interval = 200): Promise<boolean> {
  const deadline = Date.now() + timeout;
  for (;;) {
    if (await condition()) return true;
    if (Date.now() >= deadline) return false;
    await delay(interval);
  }
}
