/**
 * Requests to the Kubernetes API with a pod's projected token. Token and CA are read again for each request: kubelet
 * replaces them while the program runs.
 */
import { readFileSync } from 'node:fs';
import { Agent, request } from 'node:https';
import { join } from 'node:path';
import { ApiError, messageOf } from './errors';
import { ask } from './http';

/** What programs read of a Secret. Values are base64. */
export interface Secret {
  readonly metadata: {
    readonly annotations?: Readonly<Record<string, string>>;
    /** A write that names it fails with status 409 when somebody else wrote meanwhile. */
    readonly resourceVersion?: string;
  };
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

const patience = 10_000;

export class KubernetesApi {
  private readonly agent = new Agent({ keepAlive: true });

  constructor(private readonly options: KubernetesOptions) {}

  close(): void {
    this.agent.destroy();
  }

  /** Sends one request. Throws {@link ApiError} for every status but 2xx, and when there was no answer in time. */
  async call(method: string, path: string, body?: unknown, type?: string): Promise<unknown> {
    const name = `${method} ${path.split('?')[0]}`;
    const open = (signal: AbortSignal) => {
      const { host, port, credentials } = this.options;
      const token = readFileSync(join(credentials, 'token'), 'utf8').trim();
      const ca = readFileSync(join(credentials, 'ca.crt'));
      const headers = { authorization: `Bearer ${token}`, ...(type === undefined ? {} : { 'content-type': type }) };
      return request({ host, port, method, path, agent: this.agent, ca, headers, signal });
    };
    const { text } = await ask({ api: 'kubernetes', name, timeout: patience, open, body, reason });
    try {
      return text === '' ? undefined : JSON.parse(text);
    } catch (error) {
      throw new ApiError('kubernetes', name, 0, messageOf(error));
    }
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
