/** Keeps the certificates, in a pod that nobody calls: its token could turn the webhook against the cluster. */
import { createServer } from 'node:http';
import { guardHost, guardKeeperPort } from '../../model/guard/webhook';
import type { Log } from '../common/log';
import { metricsText } from '../common/metrics';
import { ClusterClient } from './cluster';
import { Keeper } from './keeper';
import { certificateEnd } from './metrics';
import { times } from './rotation';

/** Resolves once `told` has and the step under way is taken. */
export async function keep(env: NodeJS.ProcessEnv, log: Log, told: Promise<void>): Promise<void> {
  const cluster = new ClusterClient({
    host: env.KUBERNETES_SERVICE_HOST ?? 'kubernetes.default.svc',
    port: Number(env.KUBERNETES_SERVICE_PORT ?? 443),
    credentials: '/var/run/secrets/kubernetes.io/serviceaccount',
  });
  const stop = new AbortController();
  const keeper = new Keeper({ cluster, host: guardHost, times, log });
  const kept = keeper.run(stop.signal);
  // For the kubelet's probes, asked inside the pod; takes no input, and says nothing secret.
  const server = createServer(({ url }, response) => {
    const ready = keeper.trusted && Date.now() < (keeper.notAfter ?? 0);
    const status = url === '/readyz' && !ready ? 503 : 200;
    const body = url === '/metrics' ? metricsText([certificateEnd(keeper.notAfter)]) : `${status}\n`;
    response.writeHead(status, { 'content-type': 'text/plain; charset=utf-8' }).end(body);
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(guardKeeperPort, '127.0.0.1', resolve);
  });
  log.info({ port: guardKeeperPort }, 'started');
  await told;
  stop.abort();
  await kept;
  server.close();
  server.closeAllConnections();
  cluster.close();
}
