/**
 * Decides the next step of a rotation. Pure: every keeper decides the same from the same Secret. No step takes away
 * what an API server or a replica of the webhook may still use:
 *
 * 1. a new generation is made and its CA is trusted beside the current one;
 * 2. after `settle`, with both webhook configurations seen to trust it, it serves;
 * 3. after `overlap`, when every replica has read it, the old CA is trusted no more.
 */
import { type Validity, validityOf } from './generation';
import type { Store } from './store';

/** Milliseconds. */
export interface Times {
  /** Of a generation. It is replaced after half of it. */
  readonly life: number;
  /** From the write of a CA into the webhook configurations to the first use: API servers watch those. */
  readonly settle: number;
  /**
   * From the first use of a generation to the end of the one before. Longer than the kubelet takes to bring a Secret
   * into a running pod: it looks every 60 to 90 s, and where it does not watch Secrets it sees them up to 60 s old.
   */
  readonly overlap: number;
}

export const times: Times = { life: 24 * 3_600_000, settle: 15_000, overlap: 150_000 };

export type Step =
  /** Nothing serves, or what serves is unusable: a new generation serves at once. */
  | { readonly action: 'start' }
  | { readonly action: 'prepare'; readonly reason: 'age' | 'asked' }
  | { readonly action: 'switch' }
  | { readonly action: 'forget' }
  | { readonly action: 'keep' };

export interface Situation {
  readonly store: Store;
  readonly host: string;
  /** Milliseconds since the epoch. */
  readonly now: number;
  /** Whether both webhook configurations trust what the store wants trusted. */
  readonly trusted: boolean;
  readonly times: Times;
}

export function nextStep({ store, host, now, trusted, times: { settle, overlap } }: Situation): Step {
  const { current, next, previous, asked, met } = store;
  const validity = current === undefined ? undefined : validityOf(current, host);
  if (validity === undefined || !isCurrent(validity, now)) return { action: 'start' };
  if (next !== undefined) {
    const successor = validityOf(next, host);
    if (successor === undefined || !isCurrent(successor, now)) return { action: 'prepare', reason: 'age' };
    return trusted && now >= next.since + settle ? { action: 'switch' } : { action: 'keep' };
  }
  if (previous !== undefined) return now >= previous.since + overlap ? { action: 'forget' } : { action: 'keep' };
  if (asked !== met) return { action: 'prepare', reason: 'asked' };
  return now >= halfLife(validity) ? { action: 'prepare', reason: 'age' } : { action: 'keep' };
}

function isCurrent({ notBefore, notAfter }: Validity, now: number): boolean {
  return notBefore <= now && now < notAfter;
}

function halfLife({ notBefore, notAfter }: Validity): number {
  return (notBefore + notAfter) / 2;
}
