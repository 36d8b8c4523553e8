/** The Kubernetes API with whatever credentials an attacker holds: one request, no kubectl. */
import { readFileSync } from 'node:fs';
import { Agent as HttpsAgent, request } from 'node:https';
import { text } from 'node:stream/consumers';
import { parse } from 'yaml';
import { z } from 'zod';

const kubeconfigSchema = z.object({
  clusters: z
    .array(z.object({ cluster: z.object({ server: z.string(), 'certificate-authority-data': z.string() }) }))
    .min(1),
  users: z
    .array(z.object({ user: z.object({ 'client-certificate-data': z.string(), 'client-key-data': z.string() }) }))
    .min(1),
});

export interface KubeAnswer {
  readonly status: number;
  /** The API's own words, for an answer that is a Status. */
  readonly message: string;
  readonly body: unknown;
}

export interface KubeCall {
  readonly method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  readonly path: string;
  readonly body?: unknown;
  /** @default - none: an anonymous caller */
  readonly token?: string;
}

export class KubeApi {
  private readonly server: URL;
  private readonly ca: Buffer;
  private readonly admin: { readonly cert: Buffer; readonly key: Buffer };
  private readonly anonymous = new HttpsAgent({ keepAlive: true });
  private readonly administrator = new HttpsAgent({ keepAlive: true });

  /** @param file the administrator's kubeconfig: tells where the API is, and makes tokens */
  constructor(file: string) {
    const { clusters, users } = kubeconfigSchema.parse(parse(readFileSync(file, 'utf8')));
    const [first, user] = [clusters[0]?.cluster, users[0]?.user];
    this.server = new URL(first?.server ?? '');
    this.ca = Buffer.from(first?.['certificate-authority-data'] ?? '', 'base64');
    this.admin = {
      cert: Buffer.from(user?.['client-certificate-data'] ?? '', 'base64'),
      key: Buffer.from(user?.['client-key-data'] ?? '', 'base64'),
    };
  }

  /** As whoever holds the token. */
  as(call: KubeCall): Promise<KubeAnswer> {
    return this.send(call, this.anonymous, {});
  }

  /** As the administrator. */
  asAdmin(call: KubeCall): Promise<KubeAnswer> {
    return this.send(call, this.administrator, this.admin);
  }

  /** A token of a service account, as a thief would find it in the account's pod. */
  async tokenOf(namespace: string, account: string, audience?: string): Promise<string> {
    const spec = { expirationSeconds: 600, ...(audience === undefined ? {} : { audiences: [audience] }) };
    const path = `/api/v1/namespaces/${namespace}/serviceaccounts/${account}/token`;
    const { body, message } = await this.asAdmin({ method: 'POST', path, body: { spec } });
    const token = (body as { status?: { token?: string } }).status?.token;
    if (token === undefined) throw new Error(`no token of account ${namespace}/${account}: ${message}`);
    return token;
  }

  close(): void {
    this.anonymous.destroy();
    this.administrator.destroy();
  }

  private send({ method, path, body, token }: KubeCall, agent: HttpsAgent, client: object): Promise<KubeAnswer> {
    const type = method === 'PATCH' ? 'application/merge-patch+json' : 'application/json';
    const headers = {
      'content-type': type,
      accept: 'application/json',
      ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
    };
    const { hostname, port } = this.server;
    return new Promise((resolve, reject) => {
      const sent = request(
        { hostname, port, path, method, headers, agent, ca: this.ca, timeout: 10_000, ...client },
        (response) => {
          text(response).then((said) => {
            const parsed = parsedJson(said);
            const message = (parsed as { message?: string } | undefined)?.message ?? '';
            resolve({ status: response.statusCode ?? 0, message, body: parsed });
          }, reject);
        },
      );
      sent.on('timeout', () =>
        sent.destroy(new Error(`no answer of the Kubernetes API within 10 s: ${method} ${path}`)),
      );
      sent.on('error', reject);
      sent.end(body === undefined ? undefined : JSON.stringify(body));
    });
  }
}

function parsedJson(said: string): unknown {
  try {
    return JSON.parse(said);
  } catch {
    return said;
  }
}
