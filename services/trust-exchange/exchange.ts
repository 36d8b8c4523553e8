/** The trust exchange: level-triggered, one queue, blocking queries in, server-side apply out. */
import type { PlaneConfig } from '../../model/federation';
import { isAbsent, messageOf } from '../common/errors';
import type { Log } from '../common/log';
import { Counters } from '../common/metrics';
import { backoff, WorkQueue } from '../common/queue';
import { type Alarm, Alarms } from './alarms';
import type { ExportHealth } from './catalog';
import { type Target, targetsOf } from './config';
import type { Answer, ConsulClient, ConsulPeering, ConsulRoots } from './consul';
import type { Endpoint, HealthEntry } from './endpoints';
import type { Kubernetes } from './kubernetes';
import { noPeering, Observed, peeringFrom } from './observed';
import { reconcileImport, reconcileSecret, type SecretState } from './reconcile';
import { reconcileExports } from './reconcile-exports';
import type { Sign } from './signer';
import { watch } from './watch';

export interface ExchangeOptions {
  readonly config: PlaneConfig;
  readonly consul: Pick<ConsulClient, 'get' | 'getWhenChanged'>;
  /** With the right to keep the exports' entries in the catalog. */
  readonly catalog: Pick<ConsulClient, 'put'>;
  readonly kubernetes: Kubernetes;
  readonly sign: Sign;
  readonly log: Log;
  /** Called once for each alarm that is raised; must not throw. */
  readonly onAlarm: (alarm: Alarm) => void;
}

type Kind = 'secret' | 'import' | 'catalog' | 'ping';

/** One thing to keep up to date; `key` is its name in the queue. */
interface Task {
  readonly key: string;
  readonly kind: Kind;
  /** Resolves with whether anything was written. */
  readonly run: () => Promise<boolean>;
}

/** Milliseconds between two looks at an object in Kubernetes that somebody might have edited. */
const resync = 5_000;

export class Exchange {
  readonly observed = new Observed();
  readonly counters = new Counters();
  readonly alarms: Alarms;
  readonly targets: readonly Target[];
  /** Target key → how its Secret stands. */
  readonly secrets = new Map<string, SecretState>();
  /** Import name → endpoints that Istio has. */
  readonly endpoints = new Map<string, readonly Endpoint[]>();
  /** How the exports stand; undefined until all of it was looked at. */
  exportHealth: ExportHealth | undefined;
  /** Seconds from the news to the write, of the last write of each kind. */
  readonly lag = new Map<Kind, number>();
  /** When each API last answered; milliseconds since the epoch. */
  readonly heard = { consul: 0, kubernetes: 0 };
  private readonly tasks: ReadonlyMap<string, Task>;
  private readonly news = new Map<string, number>();
  private readonly queue: WorkQueue;
  private readonly stopping = new AbortController();
  private watches: Promise<unknown> = Promise.resolve();

  constructor(private readonly options: ExchangeOptions) {
    const { config, log } = options;
    this.targets = targetsOf(config);
    this.tasks = new Map(this.makeTasks().map((task) => [task.key, task]));
    this.alarms = new Alarms(
      (alarm) => {
        log.error({ alarm: alarm.kind, subject: alarm.subject }, alarm.message);
        options.onAlarm(alarm);
      },
      (alarm) => log.info({ alarm: alarm.kind, subject: alarm.subject }, 'the alarm is over'),
    );
    this.queue = new WorkQueue({
      handle: (key) => this.handle(key),
      onError: (key, error, failures) => this.failed(key, error, failures),
      backoff: (failures) => backoff(failures, Math.random()),
    });
  }

  start(): void {
    const { config } = this.options;
    const peer = encodeURIComponent(config.peer);
    this.watches = Promise.all([
      this.follow<ConsulRoots>('/v1/connect/ca/roots', 20, (value) => this.sawRoots(value)),
      // The state of the stream is no data that wakes a blocking query, so the wait is short; new roots do wake it.
      this.follow<ConsulPeering | undefined>(`/v1/peering/${peer}`, 2, (value) => this.sawPeering(value)),
      ...config.imports.map((item) => {
        const path = `/v1/health/connect/${encodeURIComponent(item.service)}?peer=${peer}`;
        return this.follow<readonly HealthEntry[]>(path, 20, (value) => this.sawGateways(item.name, value));
      }),
    ]);
    for (const key of this.tasks.keys()) this.queue.add(key);
  }

  /** Ends the watches and waits for the object in hand. */
  async stop(): Promise<void> {
    this.stopping.abort();
    await this.queue.stop();
    await this.watches;
  }

  private makeTasks(): Task[] {
    const { config, kubernetes, sign, log, consul, catalog } = this.options;
    const reconciler = { config, kubernetes, sign, observed: this.observed };
    const secrets = this.targets.map((target): Task => {
      const run = async () => {
        const { alarms, state, wrote } = await reconcileSecret(reconciler, target);
        this.alarms.set(target.key, alarms, Date.now());
        const before = this.secrets.get(target.key);
        this.secrets.set(target.key, state);
        // The peer hears at once of a leaf that came, went, or became known after a start.
        if (before?.leafNotAfter !== state.leafNotAfter) this.queue.add('catalog');
        const { key: secret, identity } = target;
        if (wrote !== undefined) log.info({ secret, identity, why: wrote }, 'the Secret was written');
        return wrote !== undefined;
      };
      return { key: `secret ${target.key}`, kind: 'secret', run };
    });
    const imports = config.imports.map((item): Task => {
      const run = async () => {
        const { alarms, endpoints, wrote } = await reconcileImport(reconciler, item);
        this.alarms.set(item.name, alarms, Date.now());
        this.endpoints.set(item.name, endpoints);
        if (wrote) log.info({ import: item.name, endpoints: endpoints.length }, 'the endpoints were written');
        return wrote;
      };
      return { key: `import ${item.name}`, kind: 'import', run };
    });
    const exported: Task = {
      key: 'catalog',
      kind: 'catalog',
      run: async () => {
        const outcome = await reconcileExports({ config, kubernetes, consul, catalog }, this.secrets, Date.now());
        this.exportHealth = outcome.health ?? this.exportHealth;
        if (outcome.wrote) log.info({ exports: config.exports.length }, 'the catalog entries were written');
        return outcome.wrote;
      },
    };
    // Without any import something must still prove that the API answers.
    const ping: Task = { key: 'ping', kind: 'ping', run: () => kubernetes.ping().then(() => false) };
    return [...secrets, ...imports, exported, ping];
  }

  private follow<T>(path: string, wait: number, onValue: (value: T) => void): Promise<void> {
    const { consul, log } = this.options;
    return watch<T>({
      wait,
      signal: this.stopping.signal,
      fetch: (options) => consul.getWhenChanged<T>(path, options).catch(absentAsUndefined<T>),
      onValue: (value) => {
        this.heard.consul = Date.now();
        onValue(value);
      },
      onError: (error) => {
        this.counters.add('isthmus_exchange_errors_total', { source: 'consul' });
        log.warn({ path }, messageOf(error));
      },
    });
  }

  private sawRoots(value: ConsulRoots): void {
    const active = value.Roots.find((root) => root.ID === value.ActiveRootID)?.RootCert;
    if (active === undefined || active === this.observed.activeRoot) return;
    this.observed.activeRoot = active;
    this.changed('secret');
  }

  private sawPeering(value: ConsulPeering | undefined): void {
    const peering = value === undefined ? noPeering : peeringFrom(value);
    if (!this.observed.setPeering(peering, Date.now())) return;
    this.options.log.info({ state: peering.state, roots: peering.roots.length }, 'the peering changed');
    this.changed('secret');
    this.changed('import');
  }

  private sawGateways(name: string, value: readonly HealthEntry[]): void {
    const before = this.observed.gateways.get(name);
    this.observed.gateways.set(name, value);
    if (JSON.stringify(before) !== JSON.stringify(value)) this.changed('import', `import ${name}`);
  }

  private changed(kind: Kind, only?: string): void {
    for (const task of this.tasks.values()) {
      if (task.kind !== kind || (only !== undefined && task.key !== only)) continue;
      if (!this.news.has(task.key)) this.news.set(task.key, Date.now());
      this.queue.add(task.key);
    }
  }

  private async handle(key: string): Promise<number> {
    const task = this.tasks.get(key);
    if (task === undefined) return resync;
    const since = this.news.get(key);
    this.news.delete(key);
    const wrote = await task.run().catch((error: unknown) => {
      if (since !== undefined) this.news.set(key, since);
      throw error;
    });
    this.heard.kubernetes = Date.now();
    this.counters.add('isthmus_exchange_reconciles_total', {
      object: task.kind,
      result: wrote ? 'written' : 'unchanged',
    });
    if (wrote && since !== undefined) this.lag.set(task.kind, (Date.now() - since) / 1_000);
    return resync;
  }

  private failed(key: string, error: unknown, failures: number): void {
    const task = this.tasks.get(key);
    const kind = task?.kind ?? 'ping';
    this.counters.add('isthmus_exchange_reconciles_total', { object: kind, result: 'failed' });
    this.counters.add('isthmus_exchange_errors_total', { source: kind });
    this.options.log.warn({ object: key, failures }, messageOf(error));
    const target = this.targets.find((item) => key === `secret ${item.key}`);
    if (target !== undefined) {
      this.secrets.set(target.key, { ...this.secrets.get(target.key), fault: messageOf(error) });
    }
  }
}

/** The plane answers 404 while it has no peering of that name. */
function absentAsUndefined<T>(error: unknown): Answer<T> {
  if (isAbsent(error)) return { value: undefined as T, index: 0 };
  throw error;
}
