/** The Kubernetes API with whatever credentials an attacker holds. */
import { type ApiAnswer, KubeApi } from '../../kube-api';

export interface KubeCall {
  readonly method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  readonly path: string;
  /** @default - none */
  readonly body?: unknown;
}

export class KubeClient {
  private readonly administrator: KubeApi;
  private readonly nobody: KubeApi;

  constructor(lab: string, mesh: string) {
    this.administrator = new KubeApi(lab, mesh);
    this.nobody = new KubeApi(lab, mesh, 'nobody');
  }

  /** As whoever holds a token; without one as an anonymous caller. */
  as(token: string | undefined, { method, path, body }: KubeCall): Promise<ApiAnswer> {
    return this.nobody.send(method, path, body, token === undefined ? {} : { token });
  }

  asAdmin({ method, path, body }: KubeCall): Promise<ApiAnswer> {
    return this.administrator.send(method, path, body);
  }

  /** A token of a service account, as a thief would find it in the account's pod. */
  async tokenOf(namespace: string, account: string, audience?: string): Promise<string> {
    const spec = { expirationSeconds: 600, ...(audience === undefined ? {} : { audiences: [audience] }) };
    const path = `/api/v1/namespaces/${namespace}/serviceaccounts/${account}/token`;
    const { body, message } = await this.asAdmin({ method: 'POST', path, body: { spec } });
    const { token } = (body as { status?: { token?: string } }).status ?? {};
    if (token === undefined) throw new Error(`no token of account ${namespace}/${account}: ${message}`);
    return token;
  }

  close(): void {
    this.nobody.close();
    this.administrator.close();
  }
}
