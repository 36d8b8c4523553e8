/** What the exchange last saw of the plane, kept only to decide from; all of it comes back after a restart. */
import type { ConsulPeering } from './consul';
import type { HealthEntry } from './endpoints';

/** The peering as far as it matters. */
export interface Peering {
  /** Consul's name of the state; `absent` when the plane has no peering. */
  readonly state: string;
  /** A new one for each pairing. */
  readonly id: string;
  /** The peer's roots, PEM. */
  readonly roots: readonly string[];
}

export const noPeering: Peering = { state: 'absent', id: '', roots: [] };

/** Milliseconds that a peering must have worked before an empty list of gateways is believed. */
const settling = 10_000;

export function peeringFrom(answer: ConsulPeering): Peering {
  return { state: answer.State, id: answer.ID, roots: answer.PeerCAPems ?? [] };
}

/**
 * Whether an empty list of gateways means that the peer withdrew the service. While the stream is down, after the
 * plane lost its volume, or right after pairing it means only that nobody told us yet: traffic goes on to the last
 * known gateways.
 * @param workingFor milliseconds since the peering was first seen in this state
 */
function meansWithdrawn(state: string, workingFor: number): boolean {
  return state === 'TERMINATED' || state === 'DELETING' || (state === 'ACTIVE' && workingFor >= settling);
}

export class Observed {
  /** PEM of the plane's active root. */
  activeRoot: string | undefined;
  /** When a bundle was last seen over a working peering; milliseconds since the epoch. */
  bundleSeen: number | undefined;
  /** Import name → what Consul lists. */
  readonly gateways = new Map<string, readonly HealthEntry[]>();
  private current: Peering = noPeering;
  private stateSince = 0;

  get peering(): Peering {
    return this.current;
  }

  /** Returns whether anything changed. */
  setPeering(peering: Peering, now: number): boolean {
    const changed = JSON.stringify(peering) !== JSON.stringify(this.current);
    if (peering.state !== this.current.state || peering.id !== this.current.id) this.stateSince = now;
    this.current = peering;
    if (peering.state === 'ACTIVE' && peering.roots.length > 0) this.bundleSeen = now;
    return changed;
  }

  /** See {@link meansWithdrawn}. */
  believesEmpty(now: number): boolean {
    return meansWithdrawn(this.current.state, now - this.stateSince);
  }
}
