/** A bounded memory of texts, each with its own end. The one unused for longest goes first. */

export interface StoreOptions {
  /** Entries kept at most. */
  readonly size: number;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
}

interface Entry {
  readonly text: string;
  readonly until: number;
}

export class Store {
  // A Map keeps insertion order, so the first key is the one unused for longest.
  private readonly entries = new Map<string, Entry>();

  constructor(private readonly options: StoreOptions) {}

  get(key: string): string | undefined {
    const known = this.entries.get(key);
    this.entries.delete(key);
    if (known === undefined || known.until <= this.options.now()) return undefined;
    this.entries.set(key, known);
    return known.text;
  }

  /** @param life milliseconds to remember it */
  put(key: string, text: string, life: number): void {
    this.entries.delete(key);
    this.entries.set(key, { text, until: this.options.now() + life });
    const oldest = this.entries.keys().next();
    if (this.entries.size > this.options.size && !oldest.done) this.entries.delete(oldest.value);
  }
}
