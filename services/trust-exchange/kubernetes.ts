/**
 * The few calls of the Kubernetes API that this program makes, with the pod's projected token. Token and CA are read
 * again for each call: kubelet replaces them while the program runs.
 */
import { readFileSync } from 'node:fs';
import { Agent, request } from 'node:https';
import { join } from 'node:path';
import { ApiError, messageOf } from './errors';

/** What this program reads of a Secret. Values are base64. */
export interface Secret {
  readonly metadata: { readonly annotations?: Readonly<Record<string, string>> };
  readonly data?: Readonly<Record<string, string>>;
}

export interface ObjectName {
  readonly namespace: string;
  readonly name: string;
}

export interface KubernetesOptions {
  readonly host: string;
  readonly port: number;
  /** Folder with `token` and `ca.crt`. */
  readonly credentials: string;
}

/** What the exchange does with Kubernetes; all that its account may do besides writing Events. */
export type Kubernetes = Pick<
  KubernetesClient,
  'ping' | 'getSecret' | 'applySecret' | 'listWorkloadEntries' | 'applyWorkloadEntry' | 'deleteWorkloadEntry'
>;

/** Owner of the fields that this program writes. */
const fieldManager = 'isthmus-trust-exchange';

const patience = 10_000;
const entries = '/apis/networking.istio.io/v1/namespaces';

export class KubernetesClient {
  private readonly agent = new Agent({ keepAlive: true });

  constructor(private readonly options: KubernetesOptions) {}

  /** Whether the API answers at all; every account may ask for the version. */
  async ping(): Promise<void> {
    await this.call('GET', '/version');
  }

  /** Throws {@link ApiError} with status 404 when the plan has not made it. */
  async getSecret({ namespace, name }: ObjectName): Promise<Secret> {
    return (await this.call('GET', `/api/v1/namespaces/${namespace}/secrets/${name}`)) as Secret;
  }

  /** Writes values and annotations of a Secret in one request; it needs no right to create one. */
  async applySecret({ namespace, name }: ObjectName, content: Secret): Promise<void> {
    await this.apply(`/api/v1/namespaces/${namespace}/secrets/${name}`, {
      apiVersion: 'v1',
      kind: 'Secret',
      metadata: { name, namespace, ...content.metadata },
      data: content.data ?? {},
    });
  }

  async listWorkloadEntries(namespace: string, selector: string): Promise<readonly unknown[]> {
    const path = `${entries}/${namespace}/workloadentries?labelSelector=${encodeURIComponent(selector)}`;
    return ((await this.call('GET', path)) as { items: readonly unknown[] }).items;
  }

  async applyWorkloadEntry({ namespace, name }: ObjectName, object: unknown): Promise<void> {
    await this.apply(`${entries}/${namespace}/workloadentries/${name}`, object);
  }

  /** An entry that is gone already is fine. */
  async deleteWorkloadEntry({ namespace, name }: ObjectName): Promise<void> {
    await this.call('DELETE', `${entries}/${namespace}/workloadentries/${name}`).catch((error: unknown) => {
      if (!(error instanceof ApiError && error.status === 404)) throw error;
    });
  }

  async createEvent(namespace: string, event: unknown): Promise<void> {
    await this.call('POST', `/api/v1/namespaces/${namespace}/events`, event, 'application/json');
  }

  close(): void {
    this.agent.destroy();
  }

  private async apply(path: string, object: unknown): Promise<void> {
    // Server-side apply takes YAML, of which JSON is a part.
    await this.call('PATCH', `${path}?fieldManager=${fieldManager}&force=true`, object, 'application/apply-patch+yaml');
  }

  private call(method: string, path: string, body?: unknown, type?: string): Promise<unknown> {
    const name = `${method} ${path.split('?')[0]}`;
    return new Promise((resolve, reject) => {
      const limit = AbortSignal.timeout(patience);
      const fail = (error: unknown) =>
        reject(
          new ApiError('kubernetes', name, 0, limit.aborted ? `no answer within ${patience} ms` : messageOf(error)),
        );
      try {
        const { host, port, credentials } = this.options;
        const token = readFileSync(join(credentials, 'token'), 'utf8').trim();
        const outgoing = request(
          {
            host,
            port,
            method,
            path,
            agent: this.agent,
            ca: readFileSync(join(credentials, 'ca.crt')),
            headers: { authorization: `Bearer ${token}`, ...(type === undefined ? {} : { 'content-type': type }) },
            signal: limit,
          },
          (incoming) => {
            let text = '';
            incoming.setEncoding('utf8');
            incoming.on('data', (chunk: string) => {
              text += chunk;
            });
            incoming.on('error', fail);
            incoming.on('end', () => {
              const status = incoming.statusCode ?? 0;
              if (status < 200 || status > 299) return reject(new ApiError('kubernetes', name, status, reason(text)));
              try {
                resolve(text === '' ? undefined : JSON.parse(text));
              } catch (error) {
                fail(error);
              }
            });
          },
        );
        outgoing.on('error', fail);
        outgoing.end(body === undefined ? undefined : JSON.stringify(body));
      } catch (error) {
        fail(error);
      }
    });
  }
}

/** The message of a Kubernetes Status; never more of the answer, which might quote what was sent. */
function reason(text: string): string {
  try {
    return (JSON.parse(text) as { message?: string }).message ?? 'no message';
  } catch {
    return 'the answer is not JSON';
  }
}
