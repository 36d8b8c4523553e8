/** The federation plane's programs: one bundle, one subcommand each. See README.md. */
import 'reflect-metadata';
import { text } from 'node:stream/consumers';
import { messageOf } from '../common/errors';
import { makeLog } from '../common/log';
import { bootstrap } from './bootstrap';
import { loadConfig } from './config';
import { ConsulClient } from './consul';
import { establish, unpair } from './pairing';
import { type Paths, pathsFrom } from './paths';
import { prepare, readPlaneTokens } from './prepare';
import { rotateRoot } from './rotate';
import { run } from './run';
import { planeState } from './state';

const usage = 'usage: main.js prepare | bootstrap | run | establish < TOKEN | unpair | rotate | state';

async function main(command: string | undefined): Promise<number> {
  const paths = pathsFrom(process.env);
  const config = () => loadConfig(paths.config);
  switch (command) {
    case 'prepare':
      makeLog('prepare').info({ made: prepare(paths.aclFragment) }, 'the bootstrap tokens are there');
      return 0;
    case 'bootstrap':
      await bootstrap(config(), paths, makeLog('bootstrap'));
      return 0;
    case 'run':
      await run({ config: config(), paths, env: process.env, signal: terminated() });
      return 0;
    case 'establish': {
      const token = await text(process.stdin);
      return print(
        await withManagement(paths, async (consul) => {
          const { Name, State } = await establish(consul, config(), token);
          return { name: Name, state: State };
        }),
      );
    }
    case 'unpair':
      await withManagement(paths, (consul) => unpair(consul, config()));
      return print({ name: config().peer, state: 'absent' });
    case 'rotate':
      return print(await withManagement(paths, (consul) => rotateRoot(consul, config(), Date.now())));
    case 'state':
      return print(await withManagement(paths, (consul) => planeState(consul, config(), paths.statusSocket)));
    default:
      process.stderr.write(`${usage}\n`);
      return 2;
  }
}

async function withManagement<T>(paths: Paths, action: (consul: ConsulClient) => Promise<T>): Promise<T> {
  const consul = new ConsulClient(paths.httpSocket, readPlaneTokens(paths.aclFragment).management);
  try {
    return await action(consul);
  } finally {
    consul.close();
  }
}

function print(result: object): number {
  process.stdout.write(`${JSON.stringify(result)}\n`);
  return 0;
}

/** Aborted by SIGTERM or SIGINT. */
function terminated(): AbortSignal {
  const stop = new AbortController();
  for (const signal of ['SIGTERM', 'SIGINT'] as const) process.once(signal, () => stop.abort());
  return stop.signal;
}

function exitStatus(error: unknown): number {
  const status = (error as { exitCode?: unknown } | undefined)?.exitCode;
  return typeof status === 'number' ? status : 1;
}

main(process.argv[2]).then(
  (status) => {
    process.exitCode = status;
  },
  (error: unknown) => {
    process.stderr.write(`${messageOf(error)}\n`);
    process.exitCode = exitStatus(error);
  },
);
