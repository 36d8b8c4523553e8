/** `run`: starts the exchange and serves its pages until it is told to stop. */
import { readFileSync } from 'node:fs';
import type { PlaneConfig } from '../../model/federation';
import { messageOf } from '../common/errors';
import type { ObjectName } from '../common/kubernetes';
import { type Log, makeLog } from '../common/log';
import { metricsText } from '../common/metrics';
import type { Alarm } from './alarms';
import { targetsOf } from './config';
import { ConsulClient } from './consul';
import { PlaneError } from './errors';
import { Exchange } from './exchange';
import { KubernetesClient } from './kubernetes';
import type { Paths } from './paths';
import { serve } from './server';
import { Signer } from './signer';
import { isReady, samplesOf, statusOf } from './status';

export interface RunOptions {
  readonly config: PlaneConfig;
  readonly paths: Paths;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Aborted when the program shall end. */
  readonly signal: AbortSignal;
}

/** Resolves after `signal` was aborted and everything is closed. */
export async function run({ config, paths, env, signal }: RunOptions): Promise<void> {
  const log = makeLog('trust-exchange');
  const consul = new ConsulClient(paths.httpSocket, readToken(paths.readingToken));
  const catalog = new ConsulClient(paths.httpSocket, readToken(paths.catalogToken));
  const signer = new Signer(paths.grpcSocket, readToken(paths.signingToken));
  const kubernetes = new KubernetesClient({
    host: env.KUBERNETES_SERVICE_HOST ?? 'kubernetes.default.svc',
    port: Number(env.KUBERNETES_SERVICE_PORT ?? 443),
    credentials: paths.kubernetes,
  });
  const onAlarm = (alarm: Alarm) => announce(kubernetes, config, alarm, log);
  const exchange = new Exchange({ config, consul, catalog, kubernetes, sign: signer.sign, log, onAlarm });
  const server = await serve(
    {
      ready: () => isReady(exchange, Date.now()),
      status: () => statusOf(exchange, config, Date.now()),
      metrics: () => metricsText(samplesOf(exchange, config, Date.now())),
    },
    paths.statusSocket,
  );
  exchange.start();
  log.info(
    {
      peer: config.peer,
      secrets: exchange.targets.length,
      imports: config.imports.length,
      exports: config.exports.length,
    },
    'started',
  );
  await new Promise<void>((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener('abort', () => resolve(), { once: true });
  });
  await exchange.stop();
  server.closeAllConnections();
  server.close();
  signer.close();
  consul.close();
  catalog.close();
  kubernetes.close();
  log.info({}, 'stopped');
}

function readToken(file: string): string {
  try {
    return readFileSync(file, 'utf8').trim();
  } catch (error) {
    throw new PlaneError(
      `${file}: ${messageOf(error)}; the init container "bootstrap" writes it, readable by the pod's fsGroup`,
    );
  }
}

/** An Event on the Secret or ServiceEntry that was not updated. Failing to write one is no reason to stop. */
function announce(kubernetes: KubernetesClient, config: PlaneConfig, alarm: Alarm, log: Log): void {
  const involvedObject = objectOf(config, alarm.subject);
  if (involvedObject === undefined) return;
  const time = new Date(alarm.since).toISOString();
  const event = {
    apiVersion: 'v1',
    kind: 'Event',
    metadata: { generateName: `${involvedObject.name}-`, namespace: involvedObject.namespace },
    involvedObject,
    reason: 'NotCopied',
    message: `${alarm.kind}: ${alarm.message}`.slice(0, 1_000),
    type: 'Warning',
    source: { component: 'trust-exchange' },
    firstTimestamp: time,
    lastTimestamp: time,
    count: 1,
  };
  kubernetes.createEvent(involvedObject.namespace, event).catch((error: unknown) => log.warn({}, messageOf(error)));
}

/** The object that an alarm's subject names: a target's key or an import's name. */
function objectOf(config: PlaneConfig, subject: string): (ObjectName & Record<string, string>) | undefined {
  const target = targetsOf(config).find(({ key }) => key === subject);
  if (target !== undefined) {
    return { apiVersion: 'v1', kind: 'Secret', namespace: target.namespace, name: target.secret };
  }
  const item = config.imports.find(({ name }) => name === subject);
  if (item === undefined) return undefined;
  const { namespace, name } = item;
  return { apiVersion: 'networking.istio.io/v1', kind: 'ServiceEntry', namespace, name };
}
