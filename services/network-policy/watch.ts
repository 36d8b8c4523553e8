/** Everything of one kind in the cluster, kept up to date by the API's own list and watch. */
import { Agent, request } from 'node:https';
import { createInterface } from 'node:readline';
import { ApiError, messageOf } from '../common/errors';

export interface ApiOptions {
  /** `https://HOST:PORT` */
  readonly server: string;
  /** PEM. */
  readonly ca: Buffer;
  readonly certificate: Buffer;
  readonly key: Buffer;
}

interface Meta {
  readonly metadata: { readonly uid: string; readonly resourceVersion: string };
}

interface WatchEvent<T> {
  readonly type: 'ADDED' | 'MODIFIED' | 'DELETED' | 'BOOKMARK' | 'ERROR';
  readonly object: T & Meta;
}

/** Milliseconds before the next try after the API was lost. */
const pause = 500;

/** Seconds after which the API ends a watch, and it begins anew with a list. */
const watchSeconds = 300;

export class Watch<T> {
  private objects = new Map<string, T & Meta>();
  private listed = false;

  /**
   * @param path of the collection, such as `/api/v1/pods`
   * @param changed called after each change, once the first list is complete
   * @param failed told why the API could not be asked; the last known objects stay
   */
  constructor(
    private readonly options: ApiOptions,
    private readonly path: string,
    private readonly changed: () => void,
    private readonly failed: (reason: string) => void,
  ) {}

  /** Undefined before the first list. */
  get all(): readonly T[] | undefined {
    return this.listed ? [...this.objects.values()] : undefined;
  }

  /** Never ends before `signal` is aborted. */
  async run(signal: AbortSignal): Promise<void> {
    const agent = new Agent({ ...this.credentials(), keepAlive: true });
    while (!signal.aborted) {
      try {
        await this.follow(agent, await this.list(agent, signal), signal);
      } catch (error) {
        if (signal.aborted) break;
        this.failed(messageOf(error));
        await new Promise((resolve) => setTimeout(resolve, pause));
      }
    }
    agent.destroy();
  }

  private credentials() {
    const { ca, certificate, key } = this.options;
    return { ca, cert: certificate, key };
  }

  private async list(agent: Agent, signal: AbortSignal): Promise<string> {
    let text = '';
    await this.lines(agent, '', signal, (line) => {
      text += line;
    });
    const { items, metadata } = JSON.parse(text) as {
      readonly items: readonly (T & Meta)[];
      readonly metadata: { readonly resourceVersion: string };
    };
    this.objects = new Map(items.map((item) => [item.metadata.uid, item]));
    this.listed = true;
    this.changed();
    return metadata.resourceVersion;
  }

  private follow(agent: Agent, version: string, signal: AbortSignal): Promise<void> {
    const query = `?watch=1&resourceVersion=${version}&timeoutSeconds=${watchSeconds}`;
    return this.lines(agent, query, signal, (line) => {
      const { type, object } = JSON.parse(line) as WatchEvent<T>;
      if (type === 'ERROR') throw new Error(`watch of ${this.path} ended: ${line.slice(0, 200)}`);
      if (type === 'BOOKMARK') return;
      if (type === 'DELETED') this.objects.delete(object.metadata.uid);
      else this.objects.set(object.metadata.uid, object);
      this.changed();
    });
  }

  private lines(agent: Agent, query: string, signal: AbortSignal, each: (line: string) => void): Promise<void> {
    return new Promise((resolve, reject) => {
      const outgoing = request(`${this.options.server}${this.path}${query}`, { agent, signal }, (incoming) => {
        const { statusCode = 0 } = incoming;
        incoming.on('error', reject);
        if (statusCode !== 200) {
          incoming.resume();
          reject(new ApiError('kubernetes', `GET ${this.path}`, statusCode, 'no list'));
          return;
        }
        const reader = createInterface({ input: incoming });
        reader.on('close', resolve);
        reader.on('line', (line) => {
          try {
            each(line);
          } catch (error) {
            reject(error);
            incoming.destroy();
          }
        });
      });
      outgoing.on('error', reject);
      outgoing.end();
    });
  }
}
