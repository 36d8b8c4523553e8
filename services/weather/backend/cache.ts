/** A bounded memory of results, good and bad, each with its own life. Same questions asked at once share one call. */

export interface Kept<T> {
  readonly value: T;
  /** Milliseconds to remember it; 0 forgets at once. */
  readonly keep: number;
}

export interface CacheOptions {
  /** Entries kept at most; the one unused for longest goes first. */
  readonly size: number;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
}

interface Entry<T> {
  readonly value: T;
  readonly until: number;
}

export class Cache<T> {
  // A Map keeps insertion order, so the first key is the one unused for longest.
  private readonly entries = new Map<string, Entry<T>>();
  private readonly pending = new Map<string, Promise<T>>();

  constructor(private readonly options: CacheOptions) {}

  /** The remembered value, or the one that `make` gives. An error of `make` is not remembered. */
  async get(key: string, make: () => Promise<Kept<T>>): Promise<T> {
    const known = this.entries.get(key);
    this.entries.delete(key);
    if (known !== undefined && known.until > this.options.now()) {
      this.entries.set(key, known);
      return known.value;
    }
    const running = this.pending.get(key) ?? this.start(key, make);
    return running;
  }

  private start(key: string, make: () => Promise<Kept<T>>): Promise<T> {
    const running = make()
      .then(({ value, keep }) => {
        if (keep > 0) this.put(key, { value, until: this.options.now() + keep });
        return value;
      })
      .finally(() => this.pending.delete(key));
    this.pending.set(key, running);
    return running;
  }

  private put(key: string, entry: Entry<T>): void {
    this.entries.set(key, entry);
    const oldest = this.entries.keys().next();
    if (this.entries.size > this.options.size && !oldest.done) this.entries.delete(oldest.value);
  }
}
