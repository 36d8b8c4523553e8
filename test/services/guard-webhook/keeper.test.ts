/** Keepers against one cluster: whatever the order of their looks and of the kubelets', no admission would fail. */
import * as fc from 'fast-check';
import { ApiError } from '../../../services/common/errors';
import type { Secret } from '../../../services/common/kubernetes';
import type { Cluster } from '../../../services/guard-webhook/cluster';
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

function keepersOf(cluster: FakeCluster, count: number) {
  let now = Date.parse('2026-11-23T12:00:00Z');
  const keepers = Array.from(
    { length: count },
    () => new Keeper({ cluster, host, times, log: silent, now: () => now }),
  );
  const pass = (ms: number) => {
    now += ms;
    cluster.now = now;
  };
  return { keepers, pass };
}

async function settled(cluster: FakeCluster, { keepers, pass }: ReturnType<typeof keepersOf>): Promise<void> {
  for (let round = 0; round < 200; round++) {
    const rest = await Promise.all(keepers.map((keeper) => keeper.look()));
    if (rest.every(Boolean)) return;
    pass(1_000);
  }
  throw new Error(`never at rest: ${JSON.stringify(Object.keys(cluster.secret.data ?? {}))}`);
}

const currentOf = (cluster: FakeCluster) => readStore(cluster.secret).current;

test('two keepers that start at once agree on one generation', async () => {
  const cluster = new FakeCluster();
  const both = keepersOf(cluster, 2);
  await settled(cluster, both);
  expect(cluster.conflicts).toBeGreaterThan(0);
  expect(cluster.bundle).toBe(currentOf(cluster)?.ca);
  expect(both.keepers.every(({ trusted, notAfter }) => trusted && notAfter !== undefined)).toBe(true);
});

test('an old generation gives way to a new one, and its CA is forgotten in the end', async () => {
  const cluster = new FakeCluster();
  const both = keepersOf(cluster, 2);
  await settled(cluster, both);
  const before = currentOf(cluster);
  cluster.ask('now');
  await settled(cluster, both);
  expect(currentOf(cluster)?.certificate).not.toBe(before?.certificate);
  expect(cluster.bundle).toBe(currentOf(cluster)?.ca);
  expect(readStore(cluster.secret)).toMatchObject({ asked: 'now', met: 'now' });
});

test('at every moment of a rotation API servers trust what any replica serves, however late its kubelet is', async () => {
  const moves = fc.array(fc.record({ keeper: fc.nat(1), wait: fc.noBias(fc.integer({ min: 1_000, max: 5_000 })) }), {
    minLength: 80,
    maxLength: 80,
  });
  /** Milliseconds in which the kubelet of each replica brings a Secret into its pod. */
  const kubelets = [1_000, 45_000, 90_000];
  await fc.assert(
    fc.asyncProperty(moves, async (order) => {
      const cluster = new FakeCluster();
      const two = keepersOf(cluster, 2);
      await settled(cluster, two);
      const first = currentOf(cluster);
      const served = [first, first, first];
      two.pass(60_000);
      cluster.ask('now');
      const last = [0, 0, 0];
      let clock = 0;
      for (const { keeper, wait } of order) {
        two.pass(wait);
        clock += wait;
        kubelets.forEach((every, index) => {
          if (clock - (last[index] ?? 0) < every) return;
          served[index] = currentOf(cluster);
          last[index] = clock;
        });
        await two.keepers[keeper]?.look();
        for (const generation of served) {
          for (const bundle of cluster.inUse(10_000)) expect(bundle).toContain(generation?.ca);
        }
      }
    }),
    { numRuns: 5 },
  );
});
