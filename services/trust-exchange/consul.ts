/** Consul's HTTP API over a unix socket, as far as a plane needs it. */
import { Agent, request } from 'node:http';
import { ApiError } from '../common/errors';
import { ask } from '../common/http';

export interface Answer<T> {
  readonly value: T;
  /** Consul's index of the answer; 0 when it gave none. */
  readonly index: number;
}

export interface BlockingOptions {
  /** Index of the last answer; 0 asks for an answer at once. */
  readonly index: number;
  /** Seconds that Consul may hold the request. */
  readonly wait: number;
  readonly signal?: AbortSignal;
}

interface Call {
  readonly method: string;
  readonly path: string;
  readonly body?: unknown;
  /** Milliseconds. */
  readonly timeout: number;
  readonly signal?: AbortSignal;
}

const patience = 10_000;

export class ConsulClient {
  private readonly agent = new Agent({ keepAlive: true });

  /** @param token secret of an ACL token; an empty one makes anonymous calls */
  constructor(
    private readonly socket: string,
    private readonly token: string,
  ) {}

  /** Throws {@link ApiError}; status 404 is an error, too. */
  async get<T>(path: string): Promise<T> {
    return (await this.call<T>({ method: 'GET', path, timeout: patience })).value;
  }

  /** A blocking query: answers when the data differs from what `index` stands for, or when time is up. */
  async getWhenChanged<T>(path: string, { index, wait, signal }: BlockingOptions): Promise<Answer<T>> {
    const query = `${path.includes('?') ? '&' : '?'}index=${index}&wait=${wait}s`;
    // Consul adds up to a sixteenth to the wait.
    const timeout = wait * 1_063 + patience;
    return this.call<T>({ method: 'GET', path: path + query, timeout, ...(signal === undefined ? {} : { signal }) });
  }

  async put<T>(path: string, body: unknown): Promise<T> {
    return (await this.call<T>({ method: 'PUT', path, body, timeout: patience })).value;
  }

  async post<T>(path: string, body: unknown): Promise<T> {
    return (await this.call<T>({ method: 'POST', path, body, timeout: patience })).value;
  }

  async delete(path: string): Promise<void> {
    await this.call<unknown>({ method: 'DELETE', path, timeout: patience });
  }

  close(): void {
    this.agent.destroy();
  }

  private async call<T>({ method, path, body, timeout, signal }: Call): Promise<Answer<T>> {
    const name = `${method} ${path.split('?')[0]}`;
    const headers = { host: 'consul', ...(this.token === '' ? {} : { 'x-consul-token': this.token }) };
    const open = (limit: AbortSignal) => {
      const both = signal === undefined ? limit : AbortSignal.any([signal, limit]);
      return request({ socketPath: this.socket, agent: this.agent, method, path, headers, signal: both });
    };
    const { status, headers: told, text } = await ask({ api: 'consul', name, timeout, open, body });
    try {
      const value = (text.trim() === '' ? undefined : JSON.parse(text)) as T;
      return { value, index: Number(told['x-consul-index'] ?? 0) };
    } catch {
      throw new ApiError('consul', name, status, 'the answer is not JSON');
    }
  }
}

/** What this program reads of `GET /v1/connect/ca/roots`. */
export interface ConsulRoots {
  readonly ActiveRootID: string;
  readonly TrustDomain: string;
  readonly Roots: readonly { readonly ID: string; readonly RootCert: string; readonly Active: boolean }[];
}

/** What this program reads of `GET /v1/peering/NAME`. */
export interface ConsulPeering {
  readonly ID: string;
  readonly Name: string;
  readonly State: string;
  /** The peering's id on the peer's side, from the token. */
  readonly PeerID?: string;
  readonly PeerCAPems?: readonly string[] | null;
}
