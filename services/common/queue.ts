/** One queue of names to look at, one at a time. A name waits at most once; failures come back later and later. */

export interface QueueOptions {
  /** Brings one name up to date. Resolves with milliseconds after which it wants to be looked at again. */
  readonly handle: (key: string) => Promise<number>;
  readonly onError: (key: string, error: unknown, failures: number) => void;
  /** Milliseconds to wait after the given number of failures in a row. */
  readonly backoff: (failures: number) => number;
}

export class WorkQueue {
  private readonly waiting = new Set<string>();
  private readonly timers = new Map<string, { due: number; timer: NodeJS.Timeout }>();
  private readonly failures = new Map<string, number>();
  private working: Promise<void> | undefined;
  private stopped = false;

  constructor(private readonly options: QueueOptions) {}

  /** Asks for a look as soon as possible. */
  add(key: string): void {
    if (this.stopped) return;
    this.unschedule(key);
    this.waiting.add(key);
    this.working ??= this.work();
  }

  /** Asks for a look in `delay` milliseconds, unless an earlier one is due. */
  addAfter(key: string, delay: number): void {
    const due = Date.now() + delay;
    const known = this.timers.get(key);
    if (this.stopped || this.waiting.has(key) || (known !== undefined && known.due <= due)) return;
    this.unschedule(key);
    this.timers.set(key, { due, timer: setTimeout(() => this.add(key), delay) });
  }

  /** Takes nothing more and resolves when the name in hand is done. */
  async stop(): Promise<void> {
    this.stopped = true;
    this.waiting.clear();
    for (const key of [...this.timers.keys()]) this.unschedule(key);
    await this.working;
  }

  private async work(): Promise<void> {
    // Starts in the next turn, so that names added together are deduplicated together.
    await Promise.resolve();
    for (let key = this.next(); key !== undefined; key = this.next()) {
      try {
        const again = await this.options.handle(key);
        this.failures.delete(key);
        this.addAfter(key, again);
      } catch (error) {
        const failures = (this.failures.get(key) ?? 0) + 1;
        this.failures.set(key, failures);
        this.options.onError(key, error, failures);
        this.addAfter(key, this.options.backoff(failures));
      }
    }
    this.working = undefined;
  }

  private next(): string | undefined {
    const [key] = this.waiting;
    if (key !== undefined) this.waiting.delete(key);
    return key;
  }

  private unschedule(key: string): void {
    clearTimeout(this.timers.get(key)?.timer);
    this.timers.delete(key);
  }
}

/**
 * Exponential back-off with full jitter above a half.
 * @param random a number from 0 up to 1
 */
export function backoff(failures: number, random: number): number {
  const full = Math.min(10_000, 250 * 2 ** Math.min(failures - 1, 10));
  return Math.round(full * (0.5 + 0.5 * random));
}
