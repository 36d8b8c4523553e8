/** What one call looks like to a person and to a program. */

/** One proxy on the way, with what it says of this very request in its own access log. */
export interface Hop {
  /** `mesh/service`, `mesh/mesh-gateway` or `mesh/federation-gateway`. */
  readonly at: string;
  /**
   * URI SAN of the peer as this proxy verified it: the callee's at the caller's proxy, the caller's at the callee's.
   * Null at a gateway that passes TLS on untouched; the federation gateway of an Istio mesh ends it.
   */
  readonly identity: string | null;
  /** Server name that the peer asked for, where this proxy accepted the connection. */
  readonly sni: string | null;
  /** HTTP status as this proxy logged it; absent where it saw no HTTP. */
  readonly status?: number;
  /** Why this proxy refused, in its own words; absent when it did not. */
  readonly refused?: string;
}

export interface CallResult {
  /** Whether the callee answered with a status below 400. */
  readonly ok: boolean;
  /** HTTP status that the caller got; 0 when there was none. */
  readonly status: number;
  /** Milliseconds from the request to the end of the answer, as the caller measured it. */
  readonly ms: number;
  readonly hops: readonly Hop[];
  readonly from: string;
  readonly to: string;
  readonly method: string;
  readonly path: string;
  /** What the access table says of it, when that explains the answer. */
  readonly note?: string;
  /** Transport error that the caller got instead of a status. */
  readonly error?: string;
}
