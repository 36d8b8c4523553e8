/** Replicas of the webhook against one cluster: whatever the order of their looks, no admission would fail. */
import * as fc from 'fast-check';
import { ApiError } from '../../../services/common/errors';
import type { Secret } from '../../../services/common/kubernetes';
import type { Cluster } from '../../../services/guard-webhook/cluster';
import type { Generation } from '../../../services/guard-webhook/generation';
import { Keeper } from '../../../services/guard-webhook/keeper';
import { times } from '../../../services/guard-webhook/rotation';
import { readStore } from '../../../services/guard-webhook/store';

const host = 'guard-webhook.guard.svc';
const silent = { info: () => {}, warn: () => {}, error: () => {} };

/** A cluster in memory, with resource versions as the API server has them. */
class FakeCluster implements Cluster {
  secret: Secret = { metadata: { resourceVersion: '1' } };
  bundle = '';
  conflicts = 0;
  now = 0;
  /** What was written when: an API server may be this far behind. */
  private readonly written: { readonly at: number; readonly bundle: string }[] = [];

  async getSecret(): Promise<Secret> {
    return structuredClone(this.secret);
  }

  async replaceSecret(secret: Secret): Promise<void> {
    if (secret.metadata.resourceVersion !== this.secret.metadata.resourceVersion) {
      this.conflicts += 1;
      throw new ApiError('kubernetes', 'PUT secret', 409, 'the object has been modified');
    }
    const resourceVersion = String(Number(secret.metadata.resourceVersion) + 1);
    this.secret = { ...secret, metadata: { ...secret.metadata, resourceVersion } };
  }

  async trust(bundle: string): Promise<number> {
    const changed = this.bundle === bundle ? 0 : 2;
    if (changed > 0) this.written.push({ at: this.now, bundle });
    this.bundle = bundle;
    return changed;
  }

  /** Every bundle that some API server may still go by, when the slowest is `lag` milliseconds behind. */
  inUse(lag: number): string[] {
    const before = this.written.findLastIndex(({ at }) => at <= this.now - lag);
    return this.written.slice(Math.max(0, before)).map(({ bundle }) => bundle);
  }

  ask(value: string): void {
    const { metadata } = this.secret;
    const annotations = { ...metadata.annotations, 'guard.isthmus.dev/rotate': value };
    this.secret = {
      ...this.secret,
      metadata: { ...metadata, annotations, resourceVersion: String(Number(metadata.resourceVersion) + 1) },
    };
  }
}

function replicas(cluster: FakeCluster, count: number) {
  let now = Date.parse('2026-11-23T12:00:00Z');
  const served: (Generation | undefined)[] = [];
  const keepers = Array.from({ length: count }, (_, index) => {
    const onGeneration = (generation: Generation) => {
      served[index] = generation;
    };
    return new Keeper({ cluster, host, times, log: silent, onGeneration, now: () => now });
  });
  const pass = (ms: number) => {
    now += ms;
    cluster.now = now;
  };
  return { keepers, served, pass };
}

async function settled(cluster: FakeCluster, { keepers, pass }: ReturnType<typeof replicas>): Promise<void> {
  for (let round = 0; round < 200; round++) {
    const rest = await Promise.all(keepers.map((keeper) => keeper.look()));
    if (rest.every(Boolean)) return;
    pass(1_000);
  }
  throw new Error(`never at rest: ${JSON.stringify(Object.keys(cluster.secret.data ?? {}))}`);
}

test('two replicas that start at once agree on one generation', async () => {
  const cluster = new FakeCluster();
  const both = replicas(cluster, 2);
  await settled(cluster, both);
  expect(cluster.conflicts).toBeGreaterThan(0);
  expect(both.served[0]).toEqual(both.served[1]);
  expect(cluster.bundle).toBe(both.served[0]?.ca);
  expect(both.keepers.every(({ trusted }) => trusted)).toBe(true);
});

test('an old generation gives way to a new one, and its CA is forgotten in the end', async () => {
  const cluster = new FakeCluster();
  const both = replicas(cluster, 2);
  await settled(cluster, both);
  const [before] = both.served;
  cluster.ask('now');
  await settled(cluster, both);
  expect(both.served[0]?.certificate).not.toBe(before?.certificate);
  expect(both.served[0]).toEqual(both.served[1]);
  expect(cluster.bundle).toBe(both.served[0]?.ca);
  expect(readStore(cluster.secret)).toMatchObject({ asked: 'now', met: 'now' });
});

test('at every moment of a rotation API servers trust what any replica serves', async () => {
  const looks = fc.array(fc.record({ who: fc.nat(2), wait: fc.integer({ min: 0, max: 5_000 }) }), {
    minLength: 60,
    maxLength: 60,
  });
  await fc.assert(
    fc.asyncProperty(looks, async (order) => {
      const cluster = new FakeCluster();
      const three = replicas(cluster, 3);
      await settled(cluster, three);
      three.pass(60_000);
      cluster.ask('now');
      const last = [0, 0, 0];
      let clock = 0;
      for (const { who, wait } of order) {
        three.pass(wait);
        clock += wait;
        // No replica goes without a look for longer than its resync and an answer of the API take.
        for (const index of [0, 1, 2].filter((each) => each === who || clock - (last[each] ?? 0) > 15_000)) {
          await three.keepers[index]?.look();
          last[index] = clock;
        }
        for (const generation of three.served) {
          for (const bundle of cluster.inUse(10_000)) expect(bundle).toContain(generation?.ca);
        }
      }
    }),
    { numRuns: 4 },
  );
});
