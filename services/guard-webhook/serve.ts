/** Answers admission reviews. Knows no token: what it serves is in files, and it calls nobody. */
import { guardCertificates, guardHost, guardPort } from '../../model/guard/webhook';
import type { Log } from '../common/log';
import { CertificateFiles } from './certificate-files';
import { makeGeneration } from './generation';
import { guardOf } from './guard';
import { Admissions, certificateEnd } from './metrics';
import { times } from './rotation';
import { WebhookServer } from './server';

/** Milliseconds in which the cluster learns that this replica ends, and that idle connections get after it. */
const drain = { settle: 5_000, limit: 10_000 };

/** Milliseconds between looks at the files. */
const look = 1_000;

/** Resolves once `told` has and all are served. */
export async function serve(env: NodeJS.ProcessEnv, log: Log, told: Promise<void>): Promise<void> {
  const guard = guardOf(env);
  const admissions = new Admissions();
  const first = await makeGeneration(guardHost, Date.now(), times.life);
  const server = new WebhookServer(
    {
      guard,
      admissions,
      ready: () => Date.now() < (files.notAfter ?? 0),
      metrics: () => admissions.text([certificateEnd(files.notAfter)]),
      log,
    },
    first,
  );
  const files = new CertificateFiles({
    folder: guardCertificates,
    host: guardHost,
    log,
    onGeneration: (generation) => server.serve(generation),
  });
  files.look();
  const looking = setInterval(() => files.look(), look);
  await server.listen(guardPort);
  log.info({ port: guardPort }, 'started');
  await told;
  log.info({}, 'stopping');
  await server.drain(drain.settle, drain.limit);
  clearInterval(looking);
}
