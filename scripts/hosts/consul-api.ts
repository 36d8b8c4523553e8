/** A thin client of Consul's HTTP API, over a unix socket or TLS. */
import { readFileSync } from 'node:fs';
import { type RequestOptions, request } from 'node:http';
import { request as secureRequest } from 'node:https';
import type { PeerCertificate } from 'node:tls';
import { consulSocket, managementTokenFile } from '../../model/hosts';
import { FailureError } from '../errors';

/** Consul answered with an error status. */
export class ConsulError extends FailureError {
  constructor(
    readonly status: number,
    readonly method: string,
    readonly path: string,
    readonly body: string,
  ) {
    super(`Consul: ${method} ${path} answered ${status}: ${body.trim().slice(0, 500)}`);
  }
}

/** A value and the index after which a blocking query waits for the next one. */
export interface Indexed<T> {
  readonly value: T;
  readonly index: number;
}

export interface WatchOptions {
  /** Index of the value already known; 0 answers at once. */
  readonly index: number;
  /** Seconds to wait for a change at most; 300 without it. */
  readonly wait?: number;
  readonly signal?: AbortSignal;
}

/** A Consul server behind a port of this machine's loopback address, such as one that is forwarded to its pod. */
export interface TlsPort {
  readonly port: number;
  /** PEM of the CA that Consul's agents have their certificates from. */
  readonly ca: string;
}

interface Answer {
  readonly status: number;
  readonly index: number;
  readonly body: string;
}

/** Milliseconds that a plain request may take. */
const patience = 15_000;

export class ConsulApi {
  /**
   * @param at path of the agent's HTTP socket, or a server's TLS port
   * @param token ACL token; anonymous (which may do nothing) without it
   */
  constructor(
    private readonly at: string | TlsPort,
    private readonly token?: string,
  ) {}

  /** Throws {@link ConsulError} on any status but 2xx, {@link FailureError} when nobody answers. */
  async get<T>(path: string): Promise<T> {
    return parse<T>(await this.call('GET', path));
  }

  /** Like {@link get}, but `undefined` when there is no such thing (404). */
  async find<T>(path: string): Promise<T | undefined> {
    const answer = await this.send('GET', path);
    return answer.status === 404 ? undefined : parse<T>(checked('GET', path, answer));
  }

  /** Blocking query: resolves when the value changed after `index`, or when `wait` is over. */
  async watch<T>(path: string, options: WatchOptions): Promise<Indexed<T>> {
    const wait = options.wait ?? 300;
    const url = `${path}${path.includes('?') ? '&' : '?'}index=${options.index}&wait=${wait}s`;
    // Consul adds up to a sixteenth of jitter to the wait.
    const answer = await this.send('GET', url, undefined, wait * 1_100 + patience, options.signal);
    return { value: parse<T>(checked('GET', path, answer)), index: answer.index };
  }

  /** @param timeout milliseconds to wait for the answer */
  async put<T = unknown>(path: string, body?: unknown, timeout = patience): Promise<T> {
    return parse<T>(checked('PUT', path, await this.send('PUT', path, body, timeout)));
  }

  async post<T = unknown>(path: string, body?: unknown): Promise<T> {
    return parse<T>(await this.call('POST', path, body));
  }

  async delete(path: string): Promise<void> {
    await this.call('DELETE', path);
  }

  private async call(method: string, path: string, body?: unknown): Promise<Answer> {
    return checked(method, path, await this.send(method, path, body));
  }

  private send(
    method: string,
    path: string,
    body?: unknown,
    timeout = patience,
    signal?: AbortSignal,
  ): Promise<Answer> {
    return new Promise((resolve, reject) => {
      const fail = (error: Error) =>
        reject(
          signal?.aborted
            ? error
            : new FailureError(`Consul: ${method} ${path} at ${place(this.at)}: ${error.message}`),
        );
      const sent = (typeof this.at === 'string' ? request : secureRequest)(
        {
          ...connection(this.at),
          method,
          path,
          timeout,
          headers: this.token === undefined ? {} : { 'X-Consul-Token': this.token },
          ...(signal === undefined ? {} : { signal }),
        },
        (response) => {
          let text = '';
          response.setEncoding('utf8');
          response.on('data', (chunk: string) => {
            text += chunk;
          });
          response.on('error', fail);
          response.on('end', () =>
            resolve({
              status: response.statusCode ?? 0,
              index: Number(response.headers['x-consul-index'] ?? 0),
              body: text,
            }),
          );
        },
      );
      sent.on('timeout', () => sent.destroy(new Error(`no answer within ${timeout / 1000} s`)));
      sent.on('error', fail);
      sent.end(body === undefined ? undefined : JSON.stringify(body));
    });
  }
}

/** Client of a mesh's Consul server with the right to everything. Throws when the server was never raised. */
export function managementApi(lab: string, mesh: string): ConsulApi {
  const path = managementTokenFile(lab, mesh);
  let token: string;
  try {
    token = readFileSync(path, 'utf8').trim();
  } catch {
    throw new FailureError(`lab ${lab} has no Consul mesh ${mesh} on this machine (no ${path}). What now: isthmus up`);
  }
  return new ConsulApi(consulSocket(lab, mesh), token);
}

function connection(at: string | TlsPort): RequestOptions & { ca?: string } {
  if (typeof at === 'string') return { socketPath: at };
  // A fresh connection each time: the forwarded port may be another server's by the next call.
  return { host: '127.0.0.1', port: at.port, ca: at.ca, checkServerIdentity: isServer, agent: false } as RequestOptions;
}

/** Consul's own rule (verify_server_hostname): only servers have a certificate with such a name. */
function isServer(_host: string, { subjectaltname = '' }: PeerCertificate): Error | undefined {
  const names = subjectaltname.split(', ');
  if (names.some((name) => /^DNS:server\.[^.*]+\.[^*]+$/.test(name))) return undefined;
  return new Error(`its certificate is not that of a Consul server: it is for ${subjectaltname || 'nobody'}`);
}

function place(at: string | TlsPort): string {
  return typeof at === 'string' ? at : `port ${at.port}`;
}

function checked(method: string, path: string, answer: Answer): Answer {
  if (answer.status >= 200 && answer.status < 300) return answer;
  throw new ConsulError(answer.status, method, path, answer.body);
}

/** Consul answers some writes with nothing or with plain text. */
function parse<T>(answer: Answer): T {
  try {
    return JSON.parse(answer.body) as T;
  } catch {
    return answer.body as T;
  }
}
