/** cache: keeps small texts for a while, for the container beside it. `GET` and `PUT /entries/KEY?ttl=SECONDS`. */
import { Hono } from 'hono';
import type { Logger } from 'pino';
import type { Application } from '../common/app';
import type { Store } from './store';

/** Bytes of an entry. With the store's size they bound the memory. */
const largest = 16 * 1024;
const longestKey = 200;
/** Seconds. */
const longestLife = 3_600;

export function cacheApp(store: Store, log: Logger): Application {
  const app: Application = new Hono();
  app.get('/healthz', (c) => c.json({ ok: true }));
  app.use(async (c, next) => {
    await next();
    // The path holds what a person typed; the log does not need it.
    log.info({ method: c.req.method, status: c.res.status }, 'request');
  });

  app.get('/entries/:key', (c) => {
    const text = store.get(c.req.param('key'));
    return text === undefined ? c.json({ error: 'no such entry' }, 404) : c.text(text);
  });

  app.put('/entries/:key', async (c) => {
    const key = c.req.param('key');
    const ttl = Number(c.req.query('ttl'));
    if (key.length > longestKey) return c.json({ error: `a key has at most ${longestKey} characters` }, 400);
    if (!Number.isInteger(ttl) || ttl < 1 || ttl > longestLife) {
      return c.json({ error: `ttl must be a whole number of seconds from 1 to ${longestLife}` }, 400);
    }
    if (Number(c.req.header('content-length') ?? Number.NaN) > largest) return tooLarge();
    const text = await c.req.text();
    if (Buffer.byteLength(text) > largest) return tooLarge();
    store.put(key, text, ttl * 1_000);
    return c.body(null, 204);
  });

  const tooLarge = () =>
    new Response(JSON.stringify({ error: `an entry has at most ${largest} bytes` }), { status: 413 });

  app.notFound((c) => c.json({ error: 'there are /healthz and /entries/KEY' }, 404));
  return app;
}
