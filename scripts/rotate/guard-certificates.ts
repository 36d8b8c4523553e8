/** How far guard's keeper is with replacing the webhook's certificates, from its Secret; the keys are not asked for. */
import type { ClusterAccess } from '../../model/cluster';
import { guardConfiguration, guardNamespace, guardSecret } from '../../model/guard/webhook';
import { kubectl } from '../kubectl';

/** CAs as PEM texts; empty where there is none. */
export interface GuardCas {
  /** Of what serves. */
  readonly current: string;
  /** Trusted already; it serves next. */
  readonly next: string;
  /** Served before, and is still trusted. */
  readonly previous: string;
}

/** `prepared`: a new CA is trusted, the former certificate serves. `overlap`: the new one serves, both are trusted. */
export type GuardRotation = 'none' | 'prepared' | 'overlap';

const parts = ['ca\\.crt', 'next-ca\\.crt', 'previous-ca\\.crt'];

export async function guardCas(cluster: ClusterAccess, signal?: AbortSignal): Promise<GuardCas> {
  const template = parts.map((part) => `{.data.${part}}`).join('|');
  const args = ['get', 'secret', guardSecret, '--namespace', guardNamespace, `--output=jsonpath=${template}`];
  const { stdout } = await kubectl(cluster, args, signal === undefined ? {} : { signal });
  const [current = '', next = '', previous = ''] = stdout
    .split('|')
    .map((text) => Buffer.from(text, 'base64').toString());
  return { current, next, previous };
}

export function rotationOf({ next, previous }: GuardCas): GuardRotation {
  if (next !== '') return 'prepared';
  return previous === '' ? 'none' : 'overlap';
}

/** CAs that the API server takes the webhook's certificate of, as each of the two configurations says. */
export async function trustedCas(cluster: ClusterAccess, signal?: AbortSignal): Promise<string[]> {
  return Promise.all(
    ['mutating', 'validating'].map(async (kind) => {
      const path = '--output=jsonpath={.webhooks[0].clientConfig.caBundle}';
      const args = ['get', `${kind}webhookconfiguration`, guardConfiguration, path];
      const { stdout } = await kubectl(cluster, args, signal === undefined ? {} : { signal });
      return Buffer.from(stdout, 'base64').toString();
    }),
  );
}
