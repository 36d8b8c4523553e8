/** The webhook's one port: `/mutate`, `/validate`, `/healthz`, `/readyz` and `/metrics`, over TLS. */
import type { IncomingMessage, ServerResponse } from 'node:http';
import { createServer, type Server } from 'node:https';
import * as z from 'zod';
import { messageOf } from '../common/errors';
import type { Log } from '../common/log';
import type { Generation } from './generation';
import type { Admissions } from './metrics';
import {
  type AdmissionRequest,
  answerReview,
  type Guard,
  mutatePod,
  readReview,
  type Verdict,
  validatePod,
} from './review';

export interface Pages {
  readonly guard: Guard;
  readonly admissions: Admissions;
  readonly ready: () => boolean;
  readonly metrics: () => string;
  readonly log: Log;
}

/** Bytes of a review. Two pods of 1.5 MiB, the most that etcd takes, and what is around them. */
const largest = 4 * 2 ** 20;

export class WebhookServer {
  private readonly server: Server;
  private draining = false;

  /** @param first what to serve until there is better; nobody trusts it */
  constructor(
    private readonly pages: Pages,
    first: Generation,
  ) {
    this.server = createServer({ key: first.key, cert: first.certificate, minVersion: 'TLSv1.2' });
    this.server.on('request', (request, response) => {
      this.answer(request, response).catch((error: unknown) => {
        pages.log.error({ path: request.url }, messageOf(error));
        response.destroy();
      });
    });
    // Longer than API servers keep an idle connection (90 s), so that they close it and never write into its end.
    this.server.keepAliveTimeout = 120_000;
    this.server.headersTimeout = 125_000;
  }

  /** Resolves with where it listens; port 0 lets the system choose one. */
  listen(port: number): Promise<ReturnType<Server['address']>> {
    return new Promise((resolve, reject) => {
      this.server.once('error', reject);
      this.server.listen(port, '0.0.0.0', () => resolve(this.server.address()));
    });
  }

  /** New connections get this certificate; the others go on. */
  serve({ certificate, key }: Generation): void {
    this.server.setSecureContext({ key, cert: certificate, minVersion: 'TLSv1.2' });
  }

  /**
   * From now on each answer ends its connection. Resolves once nobody has one open; after `limit` milliseconds the
   * idle ones are closed.
   * @param settle milliseconds in which others may still send somebody here
   */
  async drain(settle: number, limit: number): Promise<void> {
    this.draining = true;
    await new Promise((resolve) => setTimeout(resolve, settle));
    const closed = new Promise<void>((resolve) => this.server.close(() => resolve()));
    const cut = setTimeout(() => this.server.closeAllConnections(), limit);
    await closed;
    clearTimeout(cut);
  }

  private async answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    if (this.draining) response.setHeader('connection', 'close');
    const path = (request.url ?? '').split('?')[0];
    if (request.method === 'POST' && path === '/mutate') return this.review(request, response, 'mutate', mutatePod);
    if (request.method === 'POST' && path === '/validate')
      return this.review(request, response, 'validate', validatePod);
    if (request.method !== 'GET') return end(response, 405, 'POST /mutate and /validate, GET the others\n');
    switch (path) {
      case '/healthz':
        return end(response, 200, 'ok\n');
      case '/readyz':
        return this.pages.ready() ? end(response, 200, 'ready\n') : end(response, 503, 'no trusted certificate yet\n');
      case '/metrics':
        return end(response, 200, this.pages.metrics());
      default:
        return end(response, 404, 'there are /mutate, /validate, /healthz, /readyz and /metrics\n');
    }
  }

  private async review(
    request: IncomingMessage,
    response: ServerResponse,
    path: 'mutate' | 'validate',
    decide: (request: AdmissionRequest, guard: Guard) => Verdict,
  ): Promise<void> {
    const { admissions, guard, log } = this.pages;
    const body = await readBody(request);
    if (body === undefined) return end(response, 413, `a review has at most ${largest} bytes\n`);
    const begin = performance.now();
    let asked: AdmissionRequest;
    try {
      asked = readReview(JSON.parse(body));
    } catch (error) {
      const what = error instanceof z.ZodError ? 'no AdmissionReview of a pod' : 'no JSON';
      log.warn({ path }, what);
      return end(response, 400, `${what}\n`);
    }
    const verdict = decide(asked, guard);
    const answer = JSON.stringify(answerReview(asked.uid, verdict));
    response.writeHead(200, { 'content-type': 'application/json' }).end(answer);
    const ms = performance.now() - begin;
    admissions.observe(path, verdict.allowed, ms);
    const { uid, namespace, operation, subResource, name, object } = asked;
    const pod = name || object?.metadata.name || object?.metadata.generateName;
    const fields = {
      path,
      uid,
      namespace,
      pod,
      operation,
      subResource,
      allowed: verdict.allowed,
      ms: Math.round(ms * 100) / 100,
    };
    if (verdict.allowed) log.info(fields, 'admission');
    else log.warn({ ...fields, reasons: verdict.reasons }, 'admission');
  }
}

/** The body's text; undefined when it is too large. */
async function readBody(request: IncomingMessage): Promise<string | undefined> {
  const parts: Buffer[] = [];
  let size = 0;
  for await (const part of request as AsyncIterable<Buffer>) {
    size += part.length;
    if (size > largest) return undefined;
    parts.push(part);
  }
  return Buffer.concat(parts).toString('utf8');
}

function end(response: ServerResponse, status: number, text: string): void {
  response.writeHead(status, { 'content-type': 'text/plain; charset=utf-8', 'cache-control': 'no-store' }).end(text);
}
