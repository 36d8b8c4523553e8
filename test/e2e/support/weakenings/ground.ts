/** The raised lab while one of its enforcement points is switched off, and the way back. */
import { isDeepStrictEqual } from 'node:util';
import type { ResolvedExport } from '../../../../model/exports';
import type { Lab } from '../../../../model/lab';
import { type Cast, castOf } from '../../../../scripts/attack/cast';
import { clusterOf } from '../../../../scripts/cluster';
import { managementApi } from '../../../../scripts/hosts/consul-api';
import { until } from '../../../../scripts/machine/until';

/** One thing to switch off. */
export interface Change {
  /** For people, when it takes too long. */
  readonly what: string;
  /** Reads, where it is enforced, what is in force there; any value that can be compared. */
  readonly look: () => Promise<unknown>;
  readonly make: () => Promise<void>;
  readonly undo: () => Promise<void>;
}

/** Milliseconds within which what somebody changed must be in force where it is enforced. */
const patience = 60_000;

export class Ground {
  readonly cast: Cast;
  private readonly undoing: (() => Promise<void>)[] = [];

  constructor(readonly lab: Lab) {
    this.cast = castOf(lab);
  }

  get cluster() {
    return clusterOf(this.lab, this.cast.west);
  }

  consul() {
    return managementApi(this.lab.name, this.cast.east.name);
  }

  /** The service of Istio's mesh that Consul's may call. */
  exported(): ResolvedExport {
    const [first] = this.cast.exports;
    if (first === undefined) throw new Error('no row leads from Consul to Istio');
    return first;
  }

  /** Resolves when the change is in force. {@link restore} undoes it, also when this fails halfway. */
  async change({ what, look, make, undo }: Change): Promise<void> {
    const before = await look();
    this.undoing.push(async () => {
      await undo();
      await this.until(`${what} is not as it was before`, async () => isDeepStrictEqual(await look(), before));
    });
    await make();
    await this.until(
      `${what} is as before, though it was changed`,
      async () => !isDeepStrictEqual(await look(), before),
    );
  }

  /** Undoes every change, last made first; resolves when all is in force as before. One failure hides no other. */
  async restore(): Promise<void> {
    const faults: unknown[] = [];
    for (let undo = this.undoing.pop(); undo !== undefined; undo = this.undoing.pop()) {
      await undo().catch((error: unknown) => faults.push(error));
    }
    if (faults.length > 0) throw new AggregateError(faults, faults.map(String).join('\n'));
  }

  /**
   * Waits for a condition.
   * @param fault what is wrong as long as it does not hold
   */
  async until(fault: string, condition: () => Promise<boolean>): Promise<void> {
    let last: unknown;
    const told = () =>
      condition().catch((error: unknown) => {
        last = error;
        return false;
      });
    if (await until(told, { timeout: patience })) return;
    throw new Error(`after ${patience / 1000} s ${fault}${last === undefined ? '' : `: ${String(last)}`}`);
  }
}

/** One enforcement point, or several that stand behind each other, and who gets through without them. */
export interface Weakening {
  readonly name: string;
  /** What is switched off, as the guide says it. */
  readonly off: string;
  /** Resolves when it is off where it is enforced. */
  readonly weaken: (ground: Ground) => Promise<void>;
  /** Attacks that get through, each with what the report then says was answered. */
  readonly through: Readonly<Record<string, RegExp>>;
}
