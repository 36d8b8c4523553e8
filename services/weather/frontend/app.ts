/** frontend: gives the page out and passes its questions on to backend. */
import { secureHeaders } from 'hono/secure-headers';
import type { Logger } from 'pino';
import { type Application, createApp, failure, type RequestContext } from '../common/app';
import type { Home } from '../common/served';
import { type Fetch, getJson, type UpstreamAnswer, UpstreamError } from '../common/upstream';
import type { PageFile } from './files';
import { staticFiles } from './static';

export interface FrontendParts {
  readonly files: readonly PageFile[];
  /** Base URL of backend, without a trailing slash. */
  readonly backend: string;
  readonly fetch: Fetch;
  /** Milliseconds that backend gets; 8000 without it, more than its own calls may take together. */
  readonly timeout?: number;
}

export function frontendApp(home: Home, parts: FrontendParts, log: Logger): Application {
  const app = createApp(home, log);
  app.use(
    secureHeaders({
      contentSecurityPolicy: {
        defaultSrc: ["'self'"],
        baseUri: ["'none'"],
        formAction: ["'self'"],
        frameAncestors: ["'none'"],
        objectSrc: ["'none'"],
      },
      referrerPolicy: 'no-referrer',
      // The lab's page is plain http on this machine; a browser told otherwise would not open it again.
      strictTransportSecurity: false,
    }),
  );
  app.get('/served', (c) => {
    c.header('cache-control', 'no-store');
    return c.json({ served: c.var.served });
  });
  app.get('/api/*', (c) => passOn(c, parts, log));
  app.get('*', staticFiles(parts.files));
  return app;
}

async function passOn(c: RequestContext, parts: FrontendParts, log: Logger): Promise<Response> {
  const { pathname, search } = new URL(c.req.url);
  const options = { fetch: parts.fetch, timeout: parts.timeout ?? 8_000, headers: c.var.trace };
  c.header('cache-control', 'no-store');
  try {
    return relayed(c, await getJson(`${parts.backend}${pathname}${search}`, options));
  } catch (error) {
    if (!(error instanceof UpstreamError)) throw error;
    log.warn({ detail: error.message }, "backend can't be reached");
    const status = error.kind === 'timeout' ? 504 : 502;
    return failure(c, status, `backend can't be reached: ${error.message}`);
  }
}

/** JSON goes on as it is. Anything else is a proxy's own text, such as a refusal, and becomes an error of that status. */
function relayed(c: RequestContext, answer: UpstreamAnswer): Response {
  if (answer.json !== undefined) return c.newResponse(JSON.stringify(answer.json), answerStatus(answer), jsonType);
  const said = answer.text.trim().split('\n')[0] ?? '';
  const error = `backend can't be reached: status ${answer.status}${said === '' ? '' : `, ${said}`}`;
  return c.newResponse(JSON.stringify({ error, served: c.var.served }), answerStatus(answer), jsonType);
}

const jsonType = { 'content-type': 'application/json' };

/** A status that may carry a body; a redirect or an empty 200 is no answer of backend's. */
function answerStatus(answer: UpstreamAnswer): 200 | 502 {
  const fine = answer.json === undefined ? answer.status >= 400 : answer.status === 200 || answer.status >= 400;
  return (fine ? answer.status : 502) as 200 | 502;
}
