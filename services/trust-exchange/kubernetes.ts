/** The few calls of the Kubernetes API that this program makes. */
import { ApiError, isAbsent } from '../common/errors';
import { KubernetesApi, type KubernetesOptions, type ObjectName, type Secret } from '../common/kubernetes';

/** What the exchange does with Kubernetes; all that its account may do besides writing Events. */
export type Kubernetes = Pick<
  KubernetesClient,
  | 'ping'
  | 'getSecret'
  | 'applySecret'
  | 'listWorkloadEntries'
  | 'applyWorkloadEntry'
  | 'deleteWorkloadEntry'
  | 'readyReplicas'
>;

/** Owner of the fields that this program writes. */
const fieldManager = 'isthmus-trust-exchange';

const entries = '/apis/networking.istio.io/v1/namespaces';

export class KubernetesClient {
  private readonly api: KubernetesApi;

  constructor(options: KubernetesOptions) {
    this.api = new KubernetesApi(options);
  }

  /** Whether the API answers at all; every account may ask for the version. */
  async ping(): Promise<void> {
    await this.api.call('GET', '/version');
  }

  /** Throws {@link ApiError} with status 404 when the plan has not made it. */
  async getSecret({ namespace, name }: ObjectName): Promise<Secret> {
    return (await this.api.call('GET', `/api/v1/namespaces/${namespace}/secrets/${name}`)) as Secret;
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
    return ((await this.api.call('GET', path)) as { items: readonly unknown[] }).items;
  }

  async applyWorkloadEntry({ namespace, name }: ObjectName, object: unknown): Promise<void> {
    await this.apply(`${entries}/${namespace}/workloadentries/${name}`, object);
  }

  /** An entry that is gone already is fine. */
  async deleteWorkloadEntry({ namespace, name }: ObjectName): Promise<void> {
    await this.api.call('DELETE', `${entries}/${namespace}/workloadentries/${name}`).catch((error: unknown) => {
      if (!(error instanceof ApiError && error.status === 404)) throw error;
    });
  }

  /** Ready pods of a Deployment; 0 when it is not there. */
  async readyReplicas({ namespace, name }: ObjectName): Promise<number> {
    try {
      const found = await this.api.call('GET', `/apis/apps/v1/namespaces/${namespace}/deployments/${name}`);
      return (found as { status?: { readyReplicas?: number } }).status?.readyReplicas ?? 0;
    } catch (error) {
      if (isAbsent(error)) return 0;
      throw error;
    }
  }

  async createEvent(namespace: string, event: unknown): Promise<void> {
    await this.api.call('POST', `/api/v1/namespaces/${namespace}/events`, event, 'application/json');
  }

  close(): void {
    this.api.close();
  }

  private async apply(path: string, object: unknown): Promise<void> {
    // Server-side apply takes YAML, of which JSON is a part.
    await this.api.call(
      'PATCH',
      `${path}?fieldManager=${fieldManager}&force=true`,
      object,
      'application/apply-patch+yaml',
    );
  }
}
