/** What every weather program does for every request: a log line, a health path, GET only, errors as JSON. */
import { randomUUID } from 'node:crypto';
import { type Context, Hono, type MiddlewareHandler } from 'hono';
import type { Logger } from 'pino';
import type { ErrorAnswer, Served } from './answers';
import { type Home, servedBy } from './served';
import { traceId, tracing } from './trace';

export interface Variables {
  readonly Variables: { served: Served; trace: Record<string, string> };
}

export type Application = Hono<Variables>;
export type RequestContext = Context<Variables>;

/** Path of the health check. It is answered, not logged: a probe each second would bury the rest. */
const healthPath = '/healthz';

/** An application without routes of its own. `c.var.served` says who answers, `c.var.trace` what to pass upstream. */
export function createApp(home: Home, log: Logger): Application {
  const app: Application = new Hono<Variables>();
  app.get(healthPath, (c) => c.json({ ok: true }));
  app.use(logged(home, log), getOnly);
  app.notFound((c) => failure(c, 404, `no such path: ${c.req.path}`));
  app.onError((error, c) => {
    log.error({ err: error, path: c.req.path }, 'request failed');
    return failure(c, 500, 'internal error; the log of this program says more');
  });
  return app;
}

/** An error answer. */
export function failure(c: RequestContext, status: 400 | 404 | 405 | 500 | 502 | 504, error: string): Response {
  return c.json({ error, served: c.var.served } satisfies ErrorAnswer, status);
}

function logged(home: Home, log: Logger): MiddlewareHandler<Variables> {
  return async (c, next) => {
    const started = performance.now();
    const headers = c.req.raw.headers;
    const requestId = headers.get('x-request-id') || randomUUID();
    const trace = { ...tracing(headers), 'x-request-id': requestId.slice(0, 128) };
    const served = servedBy(home, headers.get('x-forwarded-client-cert') ?? undefined);
    c.set('trace', trace);
    c.set('served', served);
    await next();
    c.header('x-request-id', trace['x-request-id']);
    log.info(
      {
        requestId: trace['x-request-id'],
        traceId: traceId(headers),
        method: c.req.method,
        // The path alone: a query is what a person typed, and may hold what they should not have typed.
        path: c.req.path,
        status: c.res.status,
        ms: Math.round((performance.now() - started) * 10) / 10,
        caller: served.caller,
      },
      'request',
    );
  };
}

const getOnly: MiddlewareHandler<Variables> = async (c, next) => {
  if (c.req.method === 'GET' || c.req.method === 'HEAD') return next();
  c.header('allow', 'GET, HEAD');
  return failure(c, 405, `${c.req.method} is not allowed here; allowed: GET`);
};
