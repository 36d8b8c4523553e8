/** Secrets of services: made from the environment of the person who raises the lab, never part of the plan. */
import type { ClusterAccess } from '../model/cluster';
import { type Lab, type Service, servicesOf } from '../model/lab';
import { clusterOf } from './cluster';
import { kubectl } from './kubectl';

/**
 * Makes the Secrets that services of a mesh name, from environment variables of the same name. One whose variable is
 * not set is removed. Pods that run already are restarted when their Secret changed.
 */
export async function makeSecrets(lab: Lab, mesh: string, environment: NodeJS.ProcessEnv): Promise<void> {
  const cluster = clusterOf(lab, mesh);
  for (const service of servicesOf(lab, { name: mesh })) {
    for (const [name, variables] of bySecret(service)) {
      const data = Object.fromEntries(variables.flatMap((key) => (environment[key] ? [[key, environment[key]]] : [])));
      const changed = await setSecret(cluster, service.namespace, name, data);
      if (changed) await restart(cluster, service);
    }
  }
}

function bySecret({ secrets }: Service): Map<string, string[]> {
  const grouped = new Map<string, string[]>();
  for (const [variable, secret] of Object.entries(secrets)) {
    grouped.set(secret, [...(grouped.get(secret) ?? []), variable]);
  }
  return grouped;
}

async function setSecret(
  cluster: ClusterAccess,
  namespace: string,
  name: string,
  data: Record<string, string>,
): Promise<boolean> {
  const at = ['--namespace', namespace];
  if (Object.keys(data).length === 0) {
    const { stdout } = await kubectl(cluster, ['delete', 'secret', name, ...at, '--ignore-not-found']);
    return stdout.trim() !== '';
  }
  const object = { apiVersion: 'v1', kind: 'Secret', metadata: { name, namespace }, stringData: data };
  // Server-side: the client's way would keep a copy of the values in an annotation.
  const { stdout } = await kubectl(cluster, ['get', 'secret', name, ...at, '--ignore-not-found', '-o', 'json']);
  const now = stdout.trim() === '' ? {} : ((JSON.parse(stdout) as { data?: Record<string, string> }).data ?? {});
  const same = Object.entries(data).every(([key, value]) => now[key] === Buffer.from(value).toString('base64'));
  if (same && Object.keys(now).length === Object.keys(data).length) return false;
  await kubectl(cluster, ['apply', '--server-side', '--force-conflicts', '--field-manager=isthmus', '-f', '-'], {
    input: JSON.stringify(object),
  });
  return true;
}

async function restart(cluster: ClusterAccess, { namespace, name }: Service): Promise<void> {
  const { stdout } = await kubectl(cluster, [
    'get',
    'deployment',
    name,
    '--namespace',
    namespace,
    '--ignore-not-found',
    '-o',
    'name',
  ]);
  if (stdout.trim() !== '')
    await kubectl(cluster, ['rollout', 'restart', `deployment/${name}`, '--namespace', namespace]);
}
