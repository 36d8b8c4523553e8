/** What the exchange says about itself: `/status` for people and programs, samples for `/metrics`. */
import type { PlaneConfig } from '../../model/federation';
import type { Sample } from '../common/metrics';
import { targetKey } from './config';
import type { Exchange } from './exchange';

/** Milliseconds after which an API that was not heard of counts as unreachable. */
const staleAfter = 40_000;

interface ImportStatus {
  /** Import name. */
  readonly service: string;
  /** Secret, as `namespace/name`, of the consumer. */
  readonly consumer: string;
  readonly identity: string;
  readonly endpoints: readonly string[];
  /** ISO 8601; absent while there is no leaf. */
  readonly leafExpires?: string;
  readonly healthy: boolean;
  /** Why it is not healthy. */
  readonly fault?: string;
}

interface ExportStatus {
  /** Export name. */
  readonly service: string;
  readonly identity: string;
  /** `address:port` at which the peer is told to call. */
  readonly gateway: string;
  /** ISO 8601; absent while there is no leaf. */
  readonly leafExpires?: string;
  readonly healthy: boolean;
  /** Why it is not healthy. */
  readonly fault?: string;
}

export interface ExchangeStatus {
  readonly peer: string;
  readonly peering: string;
  readonly consul: boolean;
  readonly kubernetes: boolean;
  readonly imports: readonly ImportStatus[];
  readonly exports: readonly ExportStatus[];
  readonly alarms: readonly { kind: string; subject: string; message: string; since: string }[];
}

/** Ready: both APIs answer. An unpaired plane is ready, too; what its imports lack is in `imports`. */
export function isReady(exchange: Pick<Exchange, 'heard'>, now: number): boolean {
  return isFresh(exchange.heard.consul, now) && isFresh(exchange.heard.kubernetes, now);
}

export function statusOf(exchange: Exchange, config: PlaneConfig, now: number): ExchangeStatus {
  return {
    peer: config.peer,
    peering: exchange.observed.peering.state,
    consul: isFresh(exchange.heard.consul, now),
    kubernetes: isFresh(exchange.heard.kubernetes, now),
    imports: importStatuses(exchange, config, now),
    exports: exportStatuses(exchange, config, now),
    alarms: exchange.alarms.all().map(({ kind, subject, message, since }) => ({
      kind,
      subject,
      message,
      since: new Date(since).toISOString(),
    })),
  };
}

export function samplesOf(exchange: Exchange, config: PlaneConfig, now: number): readonly Sample[] {
  const gauge = (name: string, help: string, value: number, labels: Readonly<Record<string, string>> = {}): Sample => ({
    name: `isthmus_exchange_${name}`,
    type: 'gauge',
    help,
    value,
    labels,
  });
  const { bundleSeen, peering } = exchange.observed;
  const imports = importStatuses(exchange, config, now);
  return [
    gauge('ready', 'Whether Consul and Kubernetes answer.', isReady(exchange, now) ? 1 : 0),
    gauge('peering_active', 'Whether the peering stream works.', peering.state === 'ACTIVE' ? 1 : 0),
    gauge('bundle_roots', 'Roots that the peer announces.', peering.roots.length),
    ...(bundleSeen === undefined
      ? []
      : [
          gauge(
            'bundle_age_seconds',
            'Time since roots were last seen over a working stream.',
            (now - bundleSeen) / 1e3,
          ),
        ]),
    ...[...exchange.secrets].flatMap(([secret, { leafNotAfter }]) =>
      leafNotAfter === undefined
        ? []
        : [
            gauge('leaf_expiry_seconds', 'Time until the leaf in a Secret ends.', (leafNotAfter - now) / 1e3, {
              secret,
            }),
          ],
    ),
    ...[...exchange.endpoints].map(([name, endpoints]) =>
      gauge('endpoints', 'Gateways that Istio has for an import.', endpoints.length, { import: name }),
    ),
    ...imports.map(({ service, consumer, healthy }) =>
      gauge('import_healthy', 'Whether an import has leaf, roots, endpoints and no alarm.', healthy ? 1 : 0, {
        import: service,
        consumer,
      }),
    ),
    ...exportStatuses(exchange, config, now).map(({ service, healthy }) =>
      gauge('export_healthy', 'Whether an export has leaf, roots, a running gateway and no alarm.', healthy ? 1 : 0, {
        export: service,
      }),
    ),
    ...exchange.alarms
      .all()
      .map(({ kind, subject }) => gauge('alarm', 'Something of the peer that was not copied.', 1, { kind, subject })),
    ...[...exchange.lag].map(([object, seconds]) =>
      gauge('sync_lag_seconds', 'From the news in Consul to the write in Kubernetes, last time.', seconds, { object }),
    ),
    ...exchange.counters.samples({
      isthmus_exchange_reconciles_total: 'Objects looked at, by result.',
      isthmus_exchange_errors_total: 'Errors, by source.',
    }),
    {
      name: 'process_resident_memory_bytes',
      type: 'gauge',
      help: 'Resident memory.',
      value: process.memoryUsage.rss(),
    },
  ];
}

function importStatuses(exchange: Exchange, config: PlaneConfig, now: number): readonly ImportStatus[] {
  return config.imports.flatMap((item) =>
    item.consumers.map((consumer): ImportStatus => {
      const key = targetKey(consumer);
      const { leafNotAfter, fault } = exchange.secrets.get(key) ?? {};
      const endpoints = exchange.endpoints.get(item.name) ?? [];
      const usable = leafNotAfter !== undefined && leafNotAfter > now;
      const alarm = [...exchange.alarms.of(item.name), ...exchange.alarms.of(key)][0];
      const why = alarm?.message ?? fault ?? (endpoints.length === 0 ? 'no gateway of the peer is known' : undefined);
      return {
        service: item.name,
        consumer: key,
        identity: consumer.identity,
        endpoints: endpoints.map(({ address, port }) => `${address}:${port}`),
        ...(leafNotAfter === undefined ? {} : { leafExpires: new Date(leafNotAfter).toISOString() }),
        healthy: usable && why === undefined,
        ...(why === undefined ? {} : { fault: why }),
      };
    }),
  );
}

function exportStatuses(exchange: Exchange, config: PlaneConfig, now: number): readonly ExportStatus[] {
  const { exportHealth } = exchange;
  return config.exports.map((item): ExportStatus => {
    const key = targetKey(item);
    const { leafNotAfter, fault } = exchange.secrets.get(key) ?? {};
    const [alarm] = exchange.alarms.of(key);
    const unknown = exportHealth === undefined ? 'not looked at yet' : undefined;
    const why = alarm?.message ?? fault ?? unknown ?? exportHealth?.gateway ?? exportHealth?.faults.get(item.name);
    return {
      service: item.name,
      identity: item.identity,
      gateway: `${config.gateway?.address}:${config.gateway?.port}`,
      ...(leafNotAfter === undefined ? {} : { leafExpires: new Date(leafNotAfter).toISOString() }),
      healthy: leafNotAfter !== undefined && leafNotAfter > now && why === undefined,
      ...(why === undefined ? {} : { fault: why }),
    };
  });
}

function isFresh(heard: number, now: number): boolean {
  return now - heard < staleAfter;
}
