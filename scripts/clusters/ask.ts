/** Questions to the cluster of a mesh before anything is changed there. */

import type { ClusterAccess } from '../../model/cluster';
import { kubectl } from '../kubectl';

/** Runs kubectl with these arguments; resolves with what it printed. Tests answer for clusters that are not at hand. */
export type Ask = (args: readonly string[]) => Promise<string>;

/** Milliseconds that the Kubernetes API has for one answer. */
const patience = 10_000;

export function askCluster(cluster: ClusterAccess): Ask {
  return async (args) => {
    const { stdout } = await kubectl(cluster, [`--request-timeout=${patience / 1000}s`, ...args], {
      // kubectl asks for the API's groups first, each with the patience of one request.
      timeout: 2 * patience,
      allow: args[0] === 'auth' ? [0, 1] : [0],
    });
    return stdout;
  };
}

/** Objects that `kubectl get` lists. */
export async function listed<T>(ask: Ask, args: readonly string[]): Promise<readonly T[]> {
  const text = await ask(['get', ...args, '-o', 'json']);
  return text.trim() === '' ? [] : ((JSON.parse(text) as { items?: readonly T[] }).items ?? []);
}

/** One object by its name; undefined when there is none. */
export async function one<T>(ask: Ask, args: readonly string[]): Promise<T | undefined> {
  const text = await ask(['get', ...args, '--ignore-not-found', '-o', 'json']);
  return text.trim() === '' ? undefined : (JSON.parse(text) as T);
}

/** What every object has. */
export interface Meta {
  readonly metadata: {
    readonly name: string;
    readonly namespace?: string;
    readonly labels?: Readonly<Record<string, string>>;
    readonly annotations?: Readonly<Record<string, string>>;
  };
}

/** Helm's word on who installed an object: `namespace/release`, or undefined when it was not Helm. */
export function helmOwner({ metadata: { annotations } }: Meta): string | undefined {
  const name = annotations?.['meta.helm.sh/release-name'];
  return name === undefined ? undefined : `${annotations?.['meta.helm.sh/release-namespace'] ?? ''}/${name}`;
}
