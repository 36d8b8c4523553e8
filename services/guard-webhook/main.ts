/** The guard's admission webhook (`serve`) and the keeper of its certificates (`keep`). See README.md. */
import 'reflect-metadata';
import { messageOf } from '../common/errors';
import { makeLog } from '../common/log';
import { keep } from './keep';
import { serve } from './serve';

async function main([role]: readonly string[], env: NodeJS.ProcessEnv): Promise<void> {
  const told = new Promise<void>((resolve) => {
    for (const signal of ['SIGTERM', 'SIGINT'] as const) process.once(signal, () => resolve());
  });
  const roles: Readonly<Record<string, typeof serve>> = { serve, keep };
  const run = roles[role ?? ''];
  if (run === undefined) throw new Error(`argument ${role ?? '(none)'} is neither serve nor keep`);
  const log = makeLog(`guard-${role}`);
  await run(env, log, told);
  log.info({}, 'stopped');
}

main(process.argv.slice(2), process.env).catch((error: unknown) => {
  process.stderr.write(`guard-webhook: ${messageOf(error)}\n`);
  process.exitCode = 1;
});
