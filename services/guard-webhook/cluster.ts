/** The few calls of the Kubernetes API that the keeper makes; all that its account may do. */
import { guardConfiguration, guardNamespace, guardSecret } from '../../model/guard/webhook';
import { KubernetesApi, type KubernetesOptions, type Secret } from '../common/kubernetes';

interface Configuration {
  readonly webhooks?: readonly { readonly clientConfig: { readonly caBundle?: string } }[];
}

export type Cluster = Pick<ClusterClient, 'getSecret' | 'replaceSecret' | 'trust'>;

const secretPath = `/api/v1/namespaces/${guardNamespace}/secrets/${guardSecret}`;
const configurations = ['mutatingwebhookconfigurations', 'validatingwebhookconfigurations'].map(
  (kind) => `/apis/admissionregistration.k8s.io/v1/${kind}/${guardConfiguration}`,
);

export class ClusterClient {
  private readonly api: KubernetesApi;

  constructor(options: KubernetesOptions) {
    this.api = new KubernetesApi(options);
  }

  async getSecret(): Promise<Secret> {
    return (await this.api.call('GET', secretPath)) as Secret;
  }

  /** Throws an ApiError with status 409 when somebody else wrote since it was read. */
  async replaceSecret(secret: Secret): Promise<void> {
    await this.api.call('PUT', secretPath, secret, 'application/json');
  }

  /** Makes both configurations trust these CAs (PEM). Resolves with how many had to be changed. */
  async trust(bundle: string): Promise<number> {
    const wanted = Buffer.from(bundle, 'utf8').toString('base64');
    const changes = await Promise.all(
      configurations.map(async (path) => {
        const { webhooks = [] } = (await this.api.call('GET', path)) as Configuration;
        const patch = webhooks.flatMap(({ clientConfig: { caBundle } }, index) =>
          // "add" also replaces; the plan leaves the field out.
          caBundle === wanted ? [] : [{ op: 'add', path: `/webhooks/${index}/clientConfig/caBundle`, value: wanted }],
        );
        if (patch.length === 0) return 0;
        await this.api.call('PATCH', path, patch, 'application/json-patch+json');
        return 1;
      }),
    );
    return changes.reduce<number>((sum, changed) => sum + changed, 0);
  }

  close(): void {
    this.api.close();
  }
}
