/** Everything that enforces the access table on a raised lab, as it is written down: to see that all is as before. */
import { serverHostName } from '../../../../model/hosts';
import { hostFirewallTable } from '../../../../scripts/hosts/firewall';
import { kubectl } from '../../../../scripts/kubectl';
import type { Objects } from '../objects';
import { agentOf } from './consul';
import type { Ground } from './ground';
import { filterTable } from './looks';

const kinds = [
  ...['authorizationpolicies', 'peerauthentications', 'destinationrules', 'serviceentries', 'sidecars', 'envoyfilters'],
  ...['gateways.networking.istio.io', 'virtualservices', 'networkpolicies', 'roles', 'rolebindings', 'clusterroles'],
  ...['clusterrolebindings', 'validatingadmissionpolicies', 'validatingadmissionpolicybindings', 'serviceaccounts'],
  ...['mutatingwebhookconfigurations', 'validatingwebhookconfigurations', 'namespaces', 'configmaps'],
];

const entryKinds = ['service-intentions', 'service-defaults', 'exported-services', 'proxy-defaults', 'mesh'];

/** Text of each part by its name. */
export async function enforcement(ground: Ground): Promise<Objects> {
  const { cast } = ground;
  const api = ground.consul();
  const proxy = `${cast.provider.name}-sidecar-proxy`;
  const entries = await Promise.all(entryKinds.map((kind) => api.get<readonly Kept[]>(`/v1/config/${kind}`)));
  const border = await filterTable(ground, 'border', 'inet', 'isthmus');
  const server = await filterTable(ground, `${cast.east.name}-${serverHostName}`, 'inet', hostFirewallTable);
  const { [proxy]: sidecar } =
    await agentOf(ground).get<Record<string, { readonly Proxy: object }>>('/v1/agent/services');
  return new Map([
    ...(await objects(ground)),
    ...entries.flat().map((entry): [string, string] => [`${entry.Kind} ${entry.Name}`, text(entry)]),
    ['border', border],
    ['firewall of the server', server],
    // What the agent learns of the server besides comes and goes with its synchronisations.
    [proxy, text(sidecar?.Proxy ?? {})],
  ]);
}

interface Kept {
  readonly Kind: string;
  readonly Name: string;
}

interface Found {
  readonly kind: string;
  readonly metadata: Readonly<Record<string, unknown>>;
}

async function objects({ cluster }: Ground): Promise<[string, string][]> {
  const { stdout } = await kubectl(cluster, ['get', kinds.join(','), '--all-namespaces', '--output=json']);
  const { items } = JSON.parse(stdout) as { readonly items: readonly Found[] };
  return items.map(({ metadata, ...rest }) => {
    const { name, namespace = '', labels, annotations } = metadata;
    return [`${rest.kind} ${String(namespace)}/${String(name)}`, text({ ...rest, labels, annotations })];
  });
}

/** Without what every write counts up. */
function text(value: object): string {
  const counted = ['CreateIndex', 'ModifyIndex', 'Hash', 'status', 'control-plane.alpha.kubernetes.io/leader'];
  return JSON.stringify(value, (key, part: unknown) => (counted.includes(key) ? undefined : part));
}
