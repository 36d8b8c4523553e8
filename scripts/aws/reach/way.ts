/** One way from one place to another: what it passes, or what stops it. */
import type { Cidr } from '../../../model/cidr';
import { type Degree, distinct, inTurn, intersection } from './degree';

/** What a way leads over; of several that work, the first here is told. */
export type Over = 'vpc' | 'peering' | 'privatelink' | 'internet';

export interface Way {
  readonly over: Over;
  readonly degree: Degree;
  /** What it passes, in order. */
  readonly hops: readonly string[];
  /** Everything that stops it or part of it; one mistake less would not open what two things stop. */
  readonly stops: readonly string[];
  /** Of the addresses that were asked about, those for which it works. */
  readonly sources: readonly Cidr[];
  /** What had to be taken for granted, because it is not of this plan. */
  readonly assumed: readonly string[];
}

export interface Step {
  readonly degree: Degree;
  /** Told where it passes … */
  readonly hop: string;
  /** … and where it does not, or not for all. */
  readonly stop: string;
  /** The callers' addresses that are left after it. @default - as before */
  readonly sources?: readonly Cidr[];
  /** Whether it is only taken for granted. @default - no */
  readonly assumed?: boolean;
}

/** A way of steps. All are looked at, also after one that stops it. */
export function wayOf(over: Over, start: readonly Cidr[], steps: readonly Step[]): Way {
  const sources = steps.reduce(
    (left, step) => (step.sources === undefined ? left : intersection(left, step.sources)),
    distinct(start),
  );
  // Two steps may each pass some callers, and no caller both.
  const nobody = start.length > 0 && sources.length === 0;
  const degree = nobody ? 'none' : inTurn(steps.map((step) => step.degree));
  return {
    over,
    degree,
    hops: steps.filter((step) => step.degree !== 'none').map((step) => step.hop),
    stops: steps.filter((step) => step.degree !== 'all').map((step) => step.stop),
    sources: degree === 'none' ? [] : sources,
    assumed: degree === 'none' ? [] : steps.flatMap(({ assumed, hop }) => (assumed === true ? [hop] : [])),
  };
}

/** A step of which nothing is known: it may hold. */
export function unknownStep(hop: string): Step {
  return { degree: 'some', hop, stop: `not known: ${hop}`, assumed: true };
}

export function step(holds: boolean, hop: string, stop: string): Step {
  return { degree: holds ? 'all' : 'none', hop, stop };
}
