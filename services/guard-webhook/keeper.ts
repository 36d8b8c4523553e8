/**
 * Keeps the webhook's certificates: level-triggered, no state of its own. Two keepers, as during an update, agree
 * through the Secret's resource version: of two that decide the same step, one writes and the other reads again.
 */
import { setTimeout as delay } from 'node:timers/promises';
import { ApiError, messageOf } from '../common/errors';
import type { Log } from '../common/log';
import { backoff } from '../common/queue';
import type { Cluster } from './cluster';
import { makeGeneration, validityOf } from './generation';
import { nextStep, type Step, type Times } from './rotation';
import { bundleOf, readStore, type Store, writeStore } from './store';

export interface KeeperOptions {
  readonly cluster: Cluster;
  readonly host: string;
  readonly times: Times;
  readonly log: Log;
  /** Milliseconds since the epoch. @default - the clock */
  readonly now?: () => number;
}

/** Milliseconds between two looks. */
const resync = 5_000;

/** Milliseconds before the next look while a rotation is under way. */
const hurry = 1_000;

export class Keeper {
  /** End of what is to be served, milliseconds since the epoch; undefined until something is. */
  notAfter: number | undefined;
  /** Whether the webhook configurations trusted what is to be served when last seen. */
  trusted = false;

  constructor(private readonly options: KeeperOptions) {}

  /** Looks again and again until `signal` is aborted. */
  async run(signal: AbortSignal): Promise<void> {
    for (let failures = 0; !signal.aborted; ) {
      let wait: number;
      try {
        wait = (await this.look()) ? resync : hurry;
        failures = 0;
      } catch (error) {
        failures += 1;
        wait = backoff(failures, Math.random());
        this.options.log.warn({ failures }, messageOf(error));
      }
      await delay(wait, undefined, { signal }).catch(() => {});
    }
  }

  /** Takes at most one step. Resolves with whether all is at rest. */
  async look(): Promise<boolean> {
    const { cluster, host, log } = this.options;
    const now = (this.options.now ?? Date.now)();
    const secret = await cluster.getSecret();
    const store = readStore(secret);
    // What is about to be trusted is trusted first; a step that needs it waits for the next look.
    const trusted = store.current !== undefined && (await this.trust(bundleOf(store)));
    this.notAfter = store.current === undefined ? undefined : validityOf(store.current, host)?.notAfter;
    this.trusted = trusted || this.trusted;
    const step = nextStep({ store, host, now, trusted, times: this.options.times });
    if (step.action === 'keep') return store.next === undefined && store.previous === undefined && trusted;
    try {
      await cluster.replaceSecret(writeStore(secret, await this.take(step, store, now)));
      log.info({ step: step.action }, 'certificates');
    } catch (error) {
      if (!(error instanceof ApiError && error.status === 409)) throw error;
      log.info({ step: step.action }, 'another keeper was quicker');
    }
    return false;
  }

  /** Resolves with whether it was trusted already. */
  private async trust(bundle: string): Promise<boolean> {
    const changed = await this.options.cluster.trust(bundle);
    if (changed > 0) this.options.log.info({ configurations: changed }, 'the API server is told whom to trust');
    return changed === 0;
  }

  private async take({ action }: Step, store: Store, now: number): Promise<Store> {
    const { host, times } = this.options;
    const { current, next, asked, met } = store;
    const make = () => makeGeneration(host, now, times.life);
    switch (action) {
      case 'start':
        return {
          current: await make(),
          ...(current === undefined ? {} : { previous: { ca: current.ca, since: now } }),
          asked,
          met: asked,
        };
      case 'prepare':
        return { ...store, next: { ...(await make()), since: now }, met: asked };
      case 'switch':
        if (next === undefined || current === undefined) return store;
        return { current: next, previous: { ca: current.ca, since: now }, asked, met };
      case 'forget': {
        const { previous: _previous, ...rest } = store;
        return rest;
      }
      case 'keep':
        return store;
    }
  }
}
