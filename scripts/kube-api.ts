/**
 * Requests to the API of a Kubernetes node of this machine, as its administrator, many a second: a kubectl for each would
 * take the machine.
 */
import { readFileSync } from 'node:fs';
import { Agent, request } from 'node:https';
import { text } from 'node:stream/consumers';
import { parse } from 'yaml';
import { kubeconfigFile } from '../model/names';

export interface ApiAnswer {
  readonly status: number;
  /** The object, or the API's Status. */
  readonly body: { readonly message?: string };
}

interface Kubeconfig {
  readonly clusters: readonly [
    { readonly cluster: { readonly server: string; readonly 'certificate-authority-data': string } },
  ];
  readonly users: readonly [
    { readonly user: { readonly 'client-certificate-data': string; readonly 'client-key-data': string } },
  ];
}

export class KubeApi {
  private readonly agent: Agent;
  private readonly server: string;

  constructor(lab: string, mesh: string) {
    const { clusters, users } = parse(readFileSync(kubeconfigFile(lab, mesh), 'utf8')) as Kubeconfig;
    const [{ cluster }] = clusters;
    const [{ user }] = users;
    const pem = (data: string) => Buffer.from(data, 'base64');
    this.server = cluster.server;
    this.agent = new Agent({
      keepAlive: true,
      ca: pem(cluster['certificate-authority-data']),
      cert: pem(user['client-certificate-data']),
      key: pem(user['client-key-data']),
    });
  }

  /** Every status is an answer; rejects when there is none. */
  send(method: string, path: string, body?: object, type = 'application/json'): Promise<ApiAnswer> {
    return new Promise((resolve, reject) => {
      const options = { method, agent: this.agent, headers: { 'content-type': type } };
      const sent = request(this.server + path, options, (response) => {
        text(response).then((read) => resolve({ status: response.statusCode ?? 0, body: JSON.parse(read) }), reject);
      });
      sent.on('error', reject);
      sent.end(body === undefined ? undefined : JSON.stringify(body));
    });
  }

  close(): void {
    this.agent.destroy();
  }
}
