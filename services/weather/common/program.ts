/** Starts a program: environment in, listening server out, a clean end on SIGTERM. */
import { serve } from '@hono/node-server';
import { type Logger, pino } from 'pino';
import type { Application } from './app';
import { type Environment, EnvironmentError, readEnvironment } from './environment';

/** Milliseconds that open requests get after SIGTERM before their connections are cut. */
const grace = 8_000;

/** Makes the application. Throws {@link EnvironmentError} or another error when it can't start. */
export type Build = (environment: Environment, log: Logger) => Application;

/** Runs a program until SIGTERM or SIGINT. Ends with status 2 when its environment is wrong, 1 when it can't listen. */
export function runProgram(service: string, build: Build, env: NodeJS.ProcessEnv = process.env): void {
  try {
    const environment = readEnvironment(env);
    const log = pino({
      level: environment.logLevel,
      base: { service, mesh: environment.mesh },
      timestamp: pino.stdTimeFunctions.isoTime,
    });
    listen(build(environment, log), environment, log);
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    process.stderr.write(`${service}: ${message}\n`);
    process.exitCode = error instanceof EnvironmentError ? 2 : 1;
  }
}

function listen(app: Application, environment: Environment, log: Logger): void {
  const server = serve({ fetch: app.fetch, hostname: environment.host, port: environment.port }, (address) => {
    log.info({ address: address.address, port: address.port }, 'listening');
  });
  server.on('error', (error) => {
    log.error({ err: error }, `can't listen on ${environment.host}:${environment.port}; HOST and PORT say where`);
    process.exitCode = 1;
  });
  const stop = (signal: NodeJS.Signals) => {
    log.info({ signal }, 'stopping');
    server.close(() => log.info('stopped'));
    // Idle keep-alive connections end with close(); busy ones get the grace.
    setTimeout(() => {
      if ('closeAllConnections' in server) server.closeAllConnections();
    }, grace).unref();
  };
  process.once('SIGTERM', stop);
  process.once('SIGINT', stop);
}
