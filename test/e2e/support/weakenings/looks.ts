/** What is in force where it is enforced, read there: proxies' own configuration, packet filters, the API's answers. */

import { hostFiles } from '../../../../model/hosts';
import { podLabels } from '../../../../model/lab';
import { netns } from '../../../../model/local';
import { federationGateway } from '../../../../model/names';
import { envoyAdmin } from '../../../../scripts/hosts/envoy';
import { kubectl, runningPods } from '../../../../scripts/kubectl';
import { run } from '../../../../scripts/machine/exec';
import type { Ground } from './ground';
import type { Ref } from './kubernetes';

interface Listener {
  readonly name: string;
  readonly error_state?: unknown;
  readonly active_state?: { readonly listener: unknown };
}

type Proxy = 'consumer' | 'gateway';

/** Asks a proxy's admin interface. */
type Admin = (path: string) => Promise<string>;

/** Listeners of the proxy of the consumer, or of the federation gateway. */
export function istioProxy(ground: Ground, whose: Proxy): Promise<unknown> {
  return inForce(ground, (path) => askProxy(ground, whose, path));
}

interface Cluster {
  readonly cluster: { readonly name: string };
}

/** Clusters of the consumer's proxy: how it calls. */
export async function consumerClusters(ground: Ground): Promise<unknown> {
  const stdout = await askProxy(ground, 'consumer', 'config_dump?resource=dynamic_active_clusters');
  const { configs = [] } = JSON.parse(stdout.slice(stdout.search(/^\{/m))) as { readonly configs?: readonly Cluster[] };
  return Object.fromEntries(configs.map(({ cluster }) => [cluster.name, cluster]));
}

async function askProxy(ground: Ground, whose: Proxy, path: string): Promise<string> {
  const { consumer } = ground.cast;
  const [namespace, labels] =
    whose === 'consumer'
      ? [consumer.namespace, podLabels(consumer)]
      : [federationGateway, { istio: federationGateway }];
  const [pod] = await runningPods(ground.cluster, namespace, labels);
  if (pod === undefined) throw new Error(`no running pod of the ${whose}`);
  const at = ['exec', pod.metadata.name, '--namespace', namespace, '--container', 'istio-proxy', '--'];
  return (await kubectl(ground.cluster, [...at, 'pilot-agent', 'request', 'GET', path])).stdout;
}

/** Listeners of the proxy on a host of the Consul mesh. */
export function hostProxy(ground: Ground, host: string): Promise<unknown> {
  const { envoyAdminSocket } = hostFiles(ground.lab.name, ground.cast.east.name, host);
  return inForce(ground, (path) => envoyAdmin(envoyAdminSocket, `/${path}`));
}

/**
 * A proxy's listeners by name, without versions and times, and without certificates: these change by themselves.
 * Callers' proxies keep connections, which go on by the rules that they began with: resolves when none is left.
 */
async function inForce(ground: Ground, admin: Admin): Promise<unknown> {
  const dump = await admin('config_dump?resource=dynamic_listeners');
  await ground.until('a proxy still has connections of before its listeners changed', () => drained(admin));
  // Istio's agent may say something of its own first.
  const { configs = [] } = JSON.parse(dump.slice(dump.search(/^\{/m)), withoutPem) as {
    readonly configs?: readonly Listener[];
  };
  const named = configs.map((entry): [string, unknown] => {
    if (entry.error_state !== undefined) throw new Error(`Envoy refused listener ${entry.name}`);
    return [entry.name, entry.active_state?.listener];
  });
  return Object.fromEntries(named.filter(([, active]) => active !== undefined));
}

async function drained(admin: Admin): Promise<boolean> {
  const stats = await admin('stats?filter=^listener_manager.total_.*_draining$');
  const counts = [...stats.matchAll(/_draining: (\d+)/g)].map(([, count]) => count);
  return counts.length === 2 && counts.every((count) => count === '0');
}

function withoutPem(key: string, value: unknown): unknown {
  return key === 'inline_string' && typeof value === 'string' && value.includes('-----BEGIN') ? '' : value;
}

/** A packet filter's table in a network of the lab, without its counters and its order. */
export async function filterTable(ground: Ground, part: string, family: 'inet' | 'ip', table: string): Promise<string> {
  const { stdout } = await run('nft', ['list', 'table', family, table], { netns: netns(ground.lab.name, part) });
  const lines = stdout.replaceAll(/ packets \d+ bytes \d+/g, '').split('\n');
  // Rules follow the age of what they are made of; what is made again is younger.
  return lines.sort().join('\n');
}

/** Whether the API has an object. */
export async function exists(ground: Ground, [resource, name, namespace]: Ref): Promise<boolean> {
  const at = namespace === undefined ? [] : ['--namespace', namespace];
  return (await kubectl(ground.cluster, ['get', resource, name, ...at, '--ignore-not-found'])).stdout !== '';
}

/** Whether an account may do something, as the API itself decides. */
export async function mayDo(ground: Ground, account: string, ...what: readonly string[]): Promise<boolean> {
  const ask = ['auth', 'can-i', ...what, `--as=system:serviceaccount:${account}`];
  return (await kubectl(ground.cluster, ask, { allow: [0, 1] })).status === 0;
}

/** Whether the API would take an object from an account. Nothing is made. */
export async function takes(ground: Ground, account: string, object: object): Promise<boolean> {
  const ask = ['create', '--dry-run=server', `--as=system:serviceaccount:${account}`, '--filename', '-'];
  return (await kubectl(ground.cluster, ask, { input: JSON.stringify(object), allow: [0, 1] })).status === 0;
}
