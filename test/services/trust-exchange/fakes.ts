/** In-memory stand-ins for the two APIs that the exchange talks to. */

import { ApiError } from '../../../services/common/errors';
import type { ObjectName, Secret } from '../../../services/common/kubernetes';
import type { Deregistration, Registration } from '../../../services/trust-exchange/catalog';
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
  ready = 1;
  async readyReplicas(): Promise<number> {
    this.check();
    return this.ready;
  }
  private check(): void {
    if (this.down) throw new ApiError('kubernetes', 'GET', 0, 'down');
  }
}

/** A catalog with one node, as the exports need it. */
export class FakeCatalog {
  readonly services = new Map<string, Registration>();
  readonly puts: string[] = [];

  async put<T>(path: string, body: unknown): Promise<T> {
    if (path === '/v1/catalog/register') {
      const entry = body as Registration;
      this.puts.push(`+${entry.Service.ID} ${entry.Check.Status}`);
      this.services.set(entry.Service.ID, entry);
    } else {
      const { ServiceID } = body as Deregistration;
      this.puts.push(`-${ServiceID ?? 'all'}`);
      if (ServiceID === undefined) this.services.clear();
      else this.services.delete(ServiceID);
    }
    return true as T;
  }

  async get<T>(path: string): Promise<T> {
    const entries = [...this.services.values()];
    if (path.startsWith('/v1/health/')) return entries.map(({ Check }) => Check) as T;
    const [first] = entries;
    if (first === undefined) return { Node: null, Services: [] } as T;
    // Consul adds fields of its own.
    const Services = entries.map(({ Service }) => ({ ...Service, Tags: null, Weights: { Passing: 1, Warning: 1 } }));
    return { Node: { Node: first.Node, Address: first.Address, ID: '' }, Services } as T;
  }
}

/** Consul's blocking queries: a path answers when its value was set after the asker's index. */
export class FakeConsul {
  readonly catalog = new FakeCatalog();
  private readonly values = new Map<string, Answer<unknown>>();
  private readonly waiting = new Set<() => void>();
  private index = 1;

  set(path: string, value: unknown): void {
    this.index += 1;
    this.values.set(path, { value, index: this.index });
    for (const wake of this.waiting) wake();
  }

  async get<T>(path: string): Promise<T> {
    return this.catalog.get(path);
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
