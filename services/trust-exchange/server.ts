/**
 * `/healthz`, `/readyz`, `/status` and `/metrics`: nothing secret, read only. On a unix socket of the pod, so that none
 * of it is ever on a wire.
 */
import { chmodSync, rmSync } from 'node:fs';
import { createServer, type Server } from 'node:http';

export interface Pages {
  readonly ready: () => boolean;
  readonly status: () => object;
  readonly metrics: () => string;
}

/** @param socket path of the socket; one that a former process left is replaced */
export function serve(pages: Pages, socket: string): Promise<Server> {
  const server = createServer((request, response) => {
    const { status, type, body } = page(pages, request.method ?? '', request.url ?? '');
    response.writeHead(status, { 'content-type': type, 'cache-control': 'no-store' }).end(body);
  });
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    rmSync(socket, { force: true });
    server.listen(socket, () => {
      // The folder's group is the pod's: `state` runs as Consul's user.
      chmodSync(socket, 0o660);
      resolve(server);
    });
  });
}

function page(pages: Pages, method: string, url: string): { status: number; type: string; body: string } {
  const text = 'text/plain; charset=utf-8';
  if (method !== 'GET') return { status: 405, type: text, body: 'only GET\n' };
  switch (url.split('?')[0]) {
    case '/healthz':
      return { status: 200, type: text, body: 'ok\n' };
    case '/readyz':
      return pages.ready()
        ? { status: 200, type: text, body: 'ready\n' }
        : { status: 503, type: text, body: 'not ready: see /status\n' };
    case '/status':
      return { status: 200, type: 'application/json', body: `${JSON.stringify(pages.status(), undefined, 2)}\n` };
    case '/metrics':
      return { status: 200, type: 'text/plain; version=0.0.4; charset=utf-8', body: pages.metrics() };
    default:
      return { status: 404, type: text, body: 'there are /healthz, /readyz, /status and /metrics\n' };
  }
}
