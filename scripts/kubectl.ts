/** kubectl and Helm on a cluster. */
import type { ClusterAccess } from '../model/cluster';
import { helmFlags, kubeconfigOf, kubectlFlags } from './cluster';
import { locate } from './machine/binaries';
import { type RunOptions, type RunResult, run } from './machine/exec';

/** Runs kubectl with the rights that the kubeconfig gives. */
export async function kubectl(
  cluster: ClusterAccess,
  args: readonly string[],
  options: RunOptions = {},
): Promise<RunResult> {
  return run(locate('kubectl'), [...kubectlFlags(await kubeconfigOf(cluster)), ...args], options);
}

/** Runs Helm with the rights that the kubeconfig gives. */
export async function helm(
  cluster: ClusterAccess,
  args: readonly string[],
  options: RunOptions = {},
): Promise<RunResult> {
  return run(locate('helm'), [...helmFlags(await kubeconfigOf(cluster)), ...args], options);
}

/** A kubeconfig with this cluster alone, as the current context, with all that it refers to inside. */
export async function kubeconfigText(cluster: ClusterAccess): Promise<string> {
  const { stdout } = await kubectl(cluster, ['config', 'view', '--raw', '--minify', '--flatten']);
  return stdout.trimEnd();
}

/** Objects that `kubectl get ... -o json` lists. */
export async function getObjects<T>(
  cluster: ClusterAccess,
  args: readonly string[],
  options: RunOptions = {},
): Promise<T[]> {
  const { stdout } = await kubectl(cluster, ['get', ...args, '-o', 'json', '--request-timeout=15s'], options);
  return (JSON.parse(stdout) as { items: T[] }).items;
}

export interface Pod {
  readonly metadata: { readonly name: string; readonly uid: string; readonly deletionTimestamp?: string };
  readonly spec: { readonly containers: readonly { readonly name: string }[] };
  readonly status: { readonly phase: string; readonly podIP?: string };
}

/** Running pods with these labels. */
export async function runningPods(
  cluster: ClusterAccess,
  namespace: string,
  labels: Readonly<Record<string, string>>,
): Promise<Pod[]> {
  const selector = Object.entries(labels)
    .map(([key, value]) => `${key}=${value}`)
    .join(',');
  const pods = await getObjects<Pod>(cluster, ['pods', '--namespace', namespace, '--selector', selector]);
  return pods.filter(({ metadata, status }) => status.phase === 'Running' && metadata.deletionTimestamp === undefined);
}
