/** In-memory stand-ins for the two APIs that the exchange talks to. */

import { ApiError } from '../../../services/common/errors';
import type { ObjectName, Secret } from '../../../services/common/kubernetes';
import type { Answer, BlockingOptions } from '../../../services/trust-exchange/consul';
import type { Kubernetes } from '../../../services/trust-exchange/kubernetes';

/** A Kubernetes API with one Secret that counts writes. */
export class FakeKubernetes implements Kubernetes {
  secret: Secret = { metadata: {} };
  readonly entries = new Map<string, unknown>();
  writes = 0;
  /** While set, every call fails. */
  down = false;

  async ping(): Promise<void> {
    this.check();
  }
  async getSecret(): Promise<Secret> {
    this.check();
    return this.secret;
  }
  async applySecret(_: ObjectName, content: Secret): Promise<void> {
    this.check();
    this.writes += 1;
    this.secret = content;
  }
  async listWorkloadEntries(): Promise<readonly unknown[]> {
    this.check();
    return [...this.entries.values()];
  }
  async applyWorkloadEntry({ name }: ObjectName, object: unknown): Promise<void> {
    this.writes += 1;
    this.entries.set(name, object);
  }
  async deleteWorkloadEntry({ name }: ObjectName): Promise<void> {
    this.writes += 1;
    this.entries.delete(name);
  }
  private check(): void {
    if (this.down) throw new ApiError('kubernetes', 'GET', 0, 'down');
  }
}

/** Consul's blocking queries: a path answers when its value was set after the asker's index. */
export class FakeConsul {
  private readonly values = new Map<string, Answer<unknown>>();
  private readonly waiting = new Set<() => void>();
  private index = 1;

  set(path: string, value: unknown): void {
    this.index += 1;
    this.values.set(path, { value, index: this.index });
    for (const wake of this.waiting) wake();
  }

  async getWhenChanged<T>(path: string, { index, signal }: BlockingOptions): Promise<Answer<T>> {
    for (;;) {
      signal?.throwIfAborted();
      const answer = this.values.get(path);
      if (answer !== undefined && answer.index > index) return answer as Answer<T>;
      await new Promise<void>((resolve) => {
        const wake = () => {
          this.waiting.delete(wake);
          signal?.removeEventListener('abort', wake);
          resolve();
        };
        this.waiting.add(wake);
        signal?.addEventListener('abort', wake);
      });
    }
  }
}
