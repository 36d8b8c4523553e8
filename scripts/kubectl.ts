/** kubectl on a mesh of the lab. */
import { existsSync } from 'node:fs';
import { kubeconfigFile } from '../model/names';
import { FailureError } from './errors';
import { locate } from './machine/binaries';
import { type RunOptions, type RunResult, run } from './machine/exec';

/** Runs kubectl with the administrator's rights on a mesh. */
export function kubectl(
  lab: string,
  mesh: string,
  args: readonly string[],
  options: RunOptions = {},
): Promise<RunResult> {
  const kubeconfig = kubeconfigFile(lab, mesh);
  if (!existsSync(kubeconfig))
    return Promise.reject(new FailureError(`lab ${lab} is not up on this machine. What now: isthmus up`));
  return run(locate('kubectl'), [`--kubeconfig=${kubeconfig}`, ...args], options);
}

/** Objects that `kubectl get ... -o json` lists. */
export async function getObjects<T>(lab: string, mesh: string, args: readonly string[]): Promise<T[]> {
  const { stdout } = await kubectl(lab, mesh, ['get', ...args, '-o', 'json']);
  return (JSON.parse(stdout) as { items: T[] }).items;
}

interface Pod {
  readonly metadata: { readonly name: string; readonly deletionTimestamp?: string };
  readonly status: { readonly phase: string; readonly podIP?: string };
}

/** Name of a running pod of a workload; undefined when there is none. */
export async function runningPod(
  lab: string,
  mesh: string,
  namespace: string,
  app: string,
): Promise<string | undefined> {
  const pods = await getObjects<Pod>(lab, mesh, ['pods', '--namespace', namespace, '--selector', `app=${app}`]);
  return pods.find(({ metadata, status }) => status.phase === 'Running' && metadata.deletionTimestamp === undefined)
    ?.metadata.name;
}
