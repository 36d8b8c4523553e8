/** Requests to the API of a Kubernetes node of this machine, many a second: a kubectl for each would take the machine. */
import { readFileSync } from 'node:fs';
import { Agent, request } from 'node:https';
import { text } from 'node:stream/consumers';
import { parse } from 'yaml';
import { kubeconfigFile } from '../model/names';

/** What the administrators' kubeconfigs of nodes on this machine hold. */
interface Kubeconfig {
  readonly clusters: readonly [
    { readonly cluster: { readonly server: string; readonly 'certificate-authority-data': string } },
  ];
  readonly users: readonly [
    { readonly user: { readonly 'client-certificate-data': string; readonly 'client-key-data': string } },
  ];
}

export interface ApiAnswer {
  readonly status: number;
  /** The API's own words, where the answer is a Status or no object; else empty. */
  readonly message: string;
  /** The object; empty when the answer is none. */
  readonly body: { readonly message?: string };
}

export interface SendOptions {
  /** Content type of the body. @default - a JSON merge patch for PATCH, else JSON */
  readonly type?: string;
  /** Bearer token of a service account. @default - none */
  readonly token?: string;
}

/** Milliseconds until an API that says nothing counts as gone. */
const patience = 30_000;

/** The API as its administrator, or as `nobody` but whom a token tells. */
export class KubeApi {
  private readonly agent: Agent;
  private readonly server: string;

  constructor(lab: string, mesh: string, as: 'administrator' | 'nobody' = 'administrator') {
    const { clusters, users } = parse(readFileSync(kubeconfigFile(lab, mesh), 'utf8')) as Kubeconfig;
    const [{ cluster }] = clusters;
    const [{ user }] = users;
    const pem = (data: string) => Buffer.from(data, 'base64');
    const client = { cert: pem(user['client-certificate-data']), key: pem(user['client-key-data']) };
    const ca = pem(cluster['certificate-authority-data']);
    this.server = cluster.server;
    this.agent = new Agent({ keepAlive: true, ca, ...(as === 'administrator' ? client : {}) });
  }

  /** Every status is an answer; rejects when there is none. */
  send(method: string, path: string, body?: unknown, { type, token }: SendOptions = {}): Promise<ApiAnswer> {
    const headers = {
      'content-type': type ?? (method === 'PATCH' ? 'application/merge-patch+json' : 'application/json'),
      accept: 'application/json',
      ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
    };
    return new Promise((resolve, reject) => {
      const options = { method, agent: this.agent, headers, timeout: patience };
      const sent = request(this.server + path, options, (response) => {
        text(response).then((said) => resolve(answerOf(response.statusCode ?? 0, said)), reject);
      });
      sent.on('timeout', () => {
        sent.destroy(new Error(`no answer of the Kubernetes API within ${patience / 1000} s: ${method} ${path}`));
      });
      sent.on('error', reject);
      sent.end(body === undefined ? undefined : JSON.stringify(body));
    });
  }

  close(): void {
    this.agent.destroy();
  }
}

function answerOf(status: number, said: string): ApiAnswer {
  try {
    const body = JSON.parse(said) as ApiAnswer['body'];
    return { status, message: body.message ?? '', body };
  } catch {
    return { status, message: said.trim(), body: {} };
  }
}
