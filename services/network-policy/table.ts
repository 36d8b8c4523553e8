/** The enforcer's nftables table: loaded at once, and looked at again until what is in force is what was wanted. */
import type { Log } from '../common/log';

/** Runs `nft`. */
export type Nft = (
  args: readonly string[],
  input?: string,
) => { readonly status: number | null; readonly stdout: string; readonly stderr: string };

export class Table {
  private wanted: string | undefined;
  /** Last ruleset that the kernel took, and how it lists it; undefined after a failure. */
  private loaded: { readonly rules: string; readonly listed: string } | undefined;

  /** @param name family and name, as `nft list table` takes them */
  constructor(
    private readonly nft: Nft,
    private readonly name: readonly string[],
    private readonly log: Log,
  ) {}

  /** Returns whether the kernel has these rules now. A failure is tried again by {@link mend}. */
  load(rules: string): boolean {
    this.wanted = rules;
    if (this.loaded?.rules === rules) return true;
    this.loaded = undefined;
    const { status, stderr } = this.nft(['-f', '-'], rules);
    if (status === 0) this.loaded = { rules, listed: this.listed() };
    else this.log.error({ status }, stderr);
    return status === 0;
  }

  /** Loads what is wanted again where it failed or somebody changed it. */
  mend(): void {
    if (this.wanted === undefined) return;
    if (this.loaded !== undefined) {
      if (this.listed() === this.loaded.listed) return;
      this.log.warn({}, 'somebody changed the rules');
      this.loaded = undefined;
    }
    this.load(this.wanted);
  }

  /** The rules as the kernel has them, without its counters. */
  private listed(): string {
    return this.nft(['--stateless', 'list', 'table', ...this.name]).stdout;
  }
}
