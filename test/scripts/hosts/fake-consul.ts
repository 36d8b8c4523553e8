/** An HTTP server on a unix socket that plays a Consul agent. */
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

export interface Asked {
  readonly method: string;
  readonly url: string;
  readonly token: string | undefined;
  readonly body: unknown;
}

export interface Answered {
  readonly status?: number;
  readonly body?: unknown;
  readonly index?: number;
  /** Never answers. */
  readonly hang?: boolean;
}

export class FakeConsul {
  readonly asked: Asked[] = [];
  readonly socket: string;
  private readonly folder: string;
  private readonly server: Server;

  private constructor(answer: (asked: Asked) => Answered) {
    this.folder = mkdtempSync(join(tmpdir(), 'fake-consul-'));
    this.socket = join(this.folder, 'http.sock');
    this.server = createServer((request, response) => {
      let text = '';
      request.on('data', (chunk: Buffer) => {
        text += chunk.toString();
      });
      request.on('end', () => {
        const token = request.headers['x-consul-token'];
        const asked: Asked = {
          method: request.method ?? '',
          url: request.url ?? '',
          token: typeof token === 'string' ? token : undefined,
          body: text === '' ? undefined : JSON.parse(text),
        };
        this.asked.push(asked);
        const { status = 200, body, index = 1, hang = false } = answer(asked);
        if (hang) return;
        response.writeHead(status, { 'X-Consul-Index': String(index) });
        response.end(body === undefined ? '' : typeof body === 'string' ? body : JSON.stringify(body));
      });
    });
  }

  static async start(answer: (asked: Asked) => Answered): Promise<FakeConsul> {
    const fake = new FakeConsul(answer);
    await new Promise<void>((resolve) => fake.server.listen(fake.socket, resolve));
    return fake;
  }

  async stop(): Promise<void> {
    this.server.closeAllConnections();
    await new Promise((resolve) => this.server.close(resolve));
    rmSync(this.folder, { recursive: true, force: true });
  }
}
