/**
 * Enforcement points, switched off one by one on the running lab. Each names attacks that must get through meanwhile:
 * an attack that nothing could let through would prove nothing. docs/guides/attacks.md lists them for people.
 */
import { chmodSync, readFileSync, statSync } from 'node:fs';
import { dirname } from 'node:path';
import { parse, stringify } from 'yaml';
import { serviceIntentions } from '../../../model/access/consul';
import { meshHosts, serviceHost } from '../../../model/consul-hosts';
import { guardLabel } from '../../../model/guard/webhook';
import { hostFiles } from '../../../model/hosts';
import { type Lab, mesh, service } from '../../../model/lab';
import { netns } from '../../../model/local';
import { clusterOf } from '../../../scripts/cluster';
import { ConsulApi, managementApi } from '../../../scripts/hosts/consul-api';
import { ensureFirewall } from '../../../scripts/hosts/firewall';
import { ensureRegistration } from '../../../scripts/hosts/registration';
import { kubectl } from '../../../scripts/kubectl';
import { run } from '../../../scripts/machine/exec';
import { mendBorder } from '../../../scripts/machine/network';

export interface Weakening {
  /** What is switched off, as the guide calls it. */
  readonly what: string;
  /** Ids of attacks that get further with it off. */
  readonly lets: readonly string[];
  /** Switches it off and returns how to switch it on again. */
  readonly weaken: (lab: Lab) => Promise<() => Promise<void>>;
}

type Restore = () => Promise<void>;

interface Kube {
  readonly kind: string;
  readonly name: string;
  /** @default - of the whole cluster */
  readonly namespace?: string;
}

const at = ({ kind, name, namespace }: Kube) => [
  kind,
  name,
  ...(namespace === undefined ? [] : ['--namespace', namespace]),
];

/** The object as it is, without what only the API server may write. */
async function saved(lab: Lab, object: Kube): Promise<Record<string, unknown>> {
  const { stdout } = await kubectl(clusterOf(lab, 'west'), ['get', ...at(object), '--output', 'json']);
  const { metadata, status: _status, ...rest } = JSON.parse(stdout);
  const { name, namespace, labels, annotations } = metadata;
  return { ...rest, metadata: { name, namespace, labels, annotations } };
}

async function put(lab: Lab, object: unknown): Promise<void> {
  const input = JSON.stringify(object);
  const cluster = clusterOf(lab, 'west');
  await kubectl(cluster, ['replace', '-f', '-'], { input }).catch(() =>
    kubectl(cluster, ['create', '-f', '-'], { input }),
  );
}

/** Takes an object away. */
function removed(...objects: readonly Kube[]): (lab: Lab) => Promise<Restore> {
  return async (lab) => {
    const before = await Promise.all(objects.map((object) => saved(lab, object)));
    for (const object of objects) await kubectl(clusterOf(lab, 'west'), ['delete', ...at(object)]);
    return async () => {
      for (const object of before) await put(lab, object);
    };
  };
}

/** Writes an object with something changed. */
function changed(
  object: Kube,
  change: (spec: Record<string, unknown>) => Record<string, unknown>,
): (lab: Lab) => Promise<Restore> {
  return async (lab) => {
    const before = await saved(lab, object);
    await put(lab, { ...before, ...change(before) });
    return () => put(lab, before);
  };
}

/** Makes an object that should not be. */
function added(object: Record<string, unknown>, where: Kube): (lab: Lab) => Promise<Restore> {
  return async (lab) => {
    await put(lab, object);
    return async () => {
      await kubectl(clusterOf(lab, 'west'), ['delete', ...at(where), '--ignore-not-found']);
    };
  };
}

async function openIntentions(lab: Lab): Promise<Restore> {
  const entry = serviceIntentions(lab, service(lab, 'east/info/info'));
  const api = managementApi(lab.name, 'east');
  const Sources = [...((entry?.Sources as object[] | undefined) ?? []), { Name: '*', Peer: 'west', Action: 'allow' }];
  await api.put('/v1/config', { ...entry, Sources });
  return async () => {
    await api.put('/v1/config', entry);
  };
}

async function withoutListener(lab: Lab): Promise<Restore> {
  const host = serviceHost(lab, service(lab, 'east/info/info'));
  const files = hostFiles(lab.name, 'east', 'info');
  const token = readFileSync(files.serviceToken, 'utf8').trim();
  if (host.registration === undefined) throw new Error('info is not registered');
  const { SidecarService } = host.registration.Connect as { SidecarService: { Proxy: object } };
  const Connect = { SidecarService: { ...SidecarService, Proxy: { ...SidecarService.Proxy, Config: {} } } };
  await new ConsulApi(files.httpSocket, token).put('/v1/agent/service/register', { ...host.registration, Connect });
  return async () => {
    await ensureRegistration(host, token);
  };
}

async function openBorder(lab: Lab): Promise<Restore> {
  await run('nft', ['insert', 'rule', 'inet', 'isthmus', 'forward', 'accept'], { netns: netns(lab.name, 'border') });
  return () => mendBorder(lab);
}

async function openHost(lab: Lab): Promise<Restore> {
  await run('nft', ['delete', 'table', 'inet', 'isthmus-host'], { netns: netns(lab.name, 'east-server') });
  const [server] = meshHosts(lab, mesh(lab, 'east'));
  if (server === undefined) throw new Error('no server');
  return () => ensureFirewall(server);
}

/** As a careless `chmod -R` leaves it. */
async function readableToken(lab: Lab): Promise<Restore> {
  const { serviceToken } = hostFiles(lab.name, 'east', 'info');
  const paths = [dirname(serviceToken), serviceToken];
  const before = paths.map((path) => statSync(path).mode);
  for (const path of paths) chmodSync(path, 0o755);
  return async () => {
    paths.forEach((path, index) => {
      chmodSync(path, before[index] ?? 0o600);
    });
  };
}

/** Istio's settings of the whole mesh. */
function meshConfig(
  change: (config: Record<string, unknown>) => Record<string, unknown>,
): (lab: Lab) => Promise<Restore> {
  return changed({ kind: 'configmap', name: 'istio', namespace: 'istio-system' }, ({ data }) => {
    const { mesh: text, ...rest } = data as Record<string, string>;
    return { data: { ...rest, mesh: stringify(change(parse(text ?? ''))) } };
  });
}

/** New pods of the consumer's namespace are not looked at any more. */
async function unguarded(lab: Lab): Promise<Restore> {
  const label = (value: string) =>
    kubectl(clusterOf(lab, 'west'), ['label', '--overwrite', 'namespace', 'backend', `${guardLabel}${value}`]);
  await label('-');
  return async () => {
    await label('=true');
  };
}

const secretsReader = {
  apiVersion: 'rbac.authorization.k8s.io/v1',
  kind: 'ClusterRoleBinding',
  metadata: { name: 'isthmus-weakening' },
  roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: 'cluster-admin' },
  subjects: [{ kind: 'ServiceAccount', name: 'backend', namespace: 'backend' }],
};

export const weakenings: readonly Weakening[] = [
  {
    what: 'mutual TLS is PERMISSIVE in Istio',
    lets: ['mesh-identity/plaintext'],
    weaken: changed({ kind: 'peerauthentication', name: 'default', namespace: 'istio-system' }, () => ({
      spec: { mtls: { mode: 'PERMISSIVE' } },
    })),
  },
  {
    what: "the consumer's AuthorizationPolicy allows everything",
    lets: ['paths/forbidden', 'mesh-identity/other-service', 'rules/program-caller-delete'],
    weaken: changed({ kind: 'authorizationpolicy', name: 'backend', namespace: 'backend' }, ({ spec }) => ({
      spec: { ...(spec as object), rules: [{}] },
    })),
  },
  {
    what: 'escaped slashes are not refused in Istio',
    lets: ['paths/escaped-slash'],
    weaken: removed({ kind: 'envoyfilter', name: 'refuse-escaped-slashes', namespace: 'istio-system' }),
  },
  {
    what: 'paths are not normalised in Istio',
    lets: ['paths/dot-dot'],
    weaken: meshConfig((config) => ({ ...config, pathNormalization: { normalization: 'NONE' } })),
  },
  {
    what: "Consul's intentions allow every caller of the peer",
    lets: ['identity/other-service', 'identity/unknown-service'],
    weaken: openIntentions,
  },
  {
    what: "the provider's public listener is gone",
    lets: ['rules/provider-post', 'identity/two-uris-front', 'identity/two-uris-behind'],
    weaken: withoutListener,
  },
  {
    what: 'the federation gateway checks no names',
    lets: ['reverse/other-service'],
    weaken: changed(
      { kind: 'gateway.networking.istio.io', name: 'backend-east', namespace: 'federation-gateway' },
      ({ spec }) => {
        const { servers, ...rest } = spec as { servers: { tls: Record<string, unknown> }[] };
        const open = servers.map(({ tls: { subjectAltNames: _names, ...tls }, ...server }) => ({ ...server, tls }));
        return { spec: { ...rest, servers: open } };
      },
    ),
  },
  {
    what: "the federation gateway's AuthorizationPolicy allows everything",
    lets: ['reverse/method', 'reverse/path'],
    weaken: changed(
      { kind: 'authorizationpolicy', name: 'backend-east', namespace: 'federation-gateway' },
      ({ spec }) => ({
        spec: { ...(spec as object), rules: [{}] },
      }),
    ),
  },
  {
    what: 'the border passes everything',
    lets: ['border/sidecar', 'border/kubernetes-api', 'border/node-port'],
    weaken: openBorder,
  },
  {
    what: 'NetworkPolicies of istio-system are gone',
    lets: ['control-plane/istiod-webhook'],
    weaken: removed(
      { kind: 'networkpolicy', name: 'default', namespace: 'istio-system' },
      { kind: 'networkpolicy', name: 'istiod', namespace: 'istio-system' },
    ),
  },
  { what: "the firewall of Consul's server is gone", lets: ['control-plane/consul-grpc'], weaken: openHost },
  {
    what: 'the trust exchange is held by no admission policy',
    lets: ['exchange/entry-outside', 'exchange/entry-local-label'],
    weaken: removed({ kind: 'validatingadmissionpolicybinding', name: 'plane-east-entries' }),
  },
  {
    what: "the consumer's account has every right in Kubernetes",
    lets: ['credentials/other-namespace-secrets', 'credentials/open-a-row'],
    weaken: added(secretsReader, { kind: 'clusterrolebinding', name: 'isthmus-weakening' }),
  },
  {
    what: "the consumer's namespace is not guarded",
    lets: ['guard/pod-net-admin', 'guard/pod-proxy-user', 'guard/pod-host-network'],
    weaken: unguarded,
  },
  { what: "a service's token is readable by its program", lets: ['machine/service-token'], weaken: readableToken },
];
