/** The guard's admission webhook. See README.md. */
import 'reflect-metadata';
import { guardHost, guardPort } from '../../model/guard/webhook';
import { messageOf } from '../common/errors';
import { makeLog } from '../common/log';
import { ClusterClient } from './cluster';
import { makeGeneration } from './generation';
import { guardOf } from './guard';
import { Keeper } from './keeper';
import { Admissions } from './metrics';
import { times } from './rotation';
import { WebhookServer } from './server';

/** Milliseconds in which the cluster learns that this replica ends, and that idle connections get after it. */
const drain = { settle: 5_000, limit: 10_000 };

async function main(env: NodeJS.ProcessEnv): Promise<void> {
  const log = makeLog('guard-webhook');
  const stop = new AbortController();
  const told = new Promise<void>((resolve) => {
    for (const signal of ['SIGTERM', 'SIGINT'] as const) process.once(signal, () => resolve());
  });
  const guard = guardOf(env);
  const cluster = new ClusterClient({
    host: env.KUBERNETES_SERVICE_HOST ?? 'kubernetes.default.svc',
    port: Number(env.KUBERNETES_SERVICE_PORT ?? 443),
    credentials: '/var/run/secrets/kubernetes.io/serviceaccount',
  });
  const admissions = new Admissions();
  const ready = () => keeper.trusted && Date.now() < (keeper.notAfter ?? 0);
  const metrics = () =>
    admissions.text([
      {
        name: 'guard_certificate_not_after_seconds',
        type: 'gauge',
        help: 'End of the certificate that is served, seconds since the epoch.',
        value: Math.round((keeper.notAfter ?? 0) / 1000),
      },
    ]);
  const first = await makeGeneration(guardHost, Date.now(), times.life);
  const server = new WebhookServer({ guard, admissions, ready, metrics, log }, first);
  const keeper = new Keeper({
    cluster,
    host: guardHost,
    times,
    log,
    onGeneration: (generation) => server.serve(generation),
  });
  await server.listen(guardPort);
  const kept = keeper.run(stop.signal);
  log.info({ port: guardPort }, 'started');
  await told;
  log.info({}, 'stopping');
  await server.drain(drain.settle, drain.limit);
  stop.abort();
  await kept;
  cluster.close();
  log.info({}, 'stopped');
}

main(process.env).catch((error: unknown) => {
  process.stderr.write(`guard-webhook: ${messageOf(error)}\n`);
  process.exitCode = 1;
});
