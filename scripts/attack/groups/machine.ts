/** What a program on a host of Consul's mesh, or in a pod of Istio's, finds on its own machine. */
import { existsSync } from 'node:fs';
import { hostFiles, managementTokenFile, meshSecretsFolder } from '../../../model/hosts';
import { kubeconfigFile } from '../../../model/names';
import { type Attack, type AttackRow, by, type How, type Observation, type Stop } from '../attack';
import type { Field } from '../field';
import { leastPrivilege, proxyAdmin, proxyUser } from '../references';
import { observe } from '../steps/observe';
import { deniedByKernel } from '../steps/permission';
import { consumerRuns } from '../steps/pod';
import type { Attempt, Seen } from '../vantage/agent';

/** A file of the provider's host, or a socket, that only others may open. */
interface HostRow {
  readonly name: string;
  readonly title: string;
  readonly path: (field: Field) => string;
  /** What is asked at a socket. @default - it is a file, which is read */
  readonly request?: { readonly method: string; readonly path: string };
}

const ownHost = ({ cast }: Field) => hostFiles(cast.lab.name, cast.east.name, cast.provider.name);
const ownAdmin = (field: Field) => ownHost(field).envoyAdminSocket;

const hostRows: readonly HostRow[] = [
  {
    name: 'service-token',
    title: "its own service's token, which could register it anew",
    path: (field) => ownHost(field).serviceToken,
  },
  { name: 'agent-token', title: "its host's agent token", path: (field) => ownHost(field).agentToken },
  { name: 'agent-key', title: "its host's TLS key between agents", path: (field) => ownHost(field).key },
  { name: 'agent-secrets', title: 'the gossip key', path: (field) => ownHost(field).agentSecrets },
  {
    name: 'proxy-bootstrap',
    title: "its proxy's bootstrap, with the token inside",
    path: (field) => ownHost(field).envoyBootstrap,
  },
  {
    name: 'management-token',
    title: "Consul's management token",
    path: ({ cast }) => managementTokenFile(cast.lab.name, cast.east.name),
  },
  {
    name: 'agent-ca',
    title: "the key of the agents' CA",
    path: ({ cast }) => `${meshSecretsFolder(cast.lab.name, cast.east.name)}/agent-ca`,
  },
  {
    name: 'kubeconfig',
    title: "the administrator's kubeconfig of Istio's mesh",
    path: ({ cast }) => kubeconfigFile(cast.lab.name, cast.west.name),
  },
  {
    name: 'envoy-admin',
    title: "its own proxy's admin interface: all certificates",
    path: ownAdmin,
    request: { method: 'GET', path: '/config_dump' },
  },
  {
    name: 'envoy-quit',
    title: "its own proxy's admin interface: to end it",
    path: ownAdmin,
    request: { method: 'POST', path: '/quitquitquit' },
  },
  {
    name: 'envoy-drain',
    title: "its own proxy's admin interface: to drain it",
    path: ownAdmin,
    request: { method: 'POST', path: '/drain_listeners' },
  },
  {
    name: 'consul-api',
    title: "its host's Consul API",
    path: (field) => ownHost(field).httpSocket,
    request: { method: 'GET', path: '/v1/agent/self' },
  },
  {
    name: 'consul-xds',
    title: "its host's xDS",
    path: (field) => ownHost(field).grpcSocket,
    request: { method: 'POST', path: '/' },
  },
];

function hostAttack({ name, title, path, request }: HostRow): Attack<Field> {
  return {
    id: `machine/${name}`,
    group: 'machine',
    title: `the provider's program ${request === undefined ? 'reads' : 'reaches'} ${title}`,
    serves: request === undefined ? leastPrivilege : ['M15', proxyAdmin],
    attempt: async (field) => {
      const file = path(field);
      const [tried, attempt]: [string, Attempt] =
        request === undefined
          ? [`reads ${file}`, { kind: 'file', path: file }]
          : [`${request.method} ${request.path} at ${file}`, { kind: 'ask', socketPath: file, ...request }];
      const seen = await field.from('provider', attempt);
      return observe(tried, seen, { stop: deniedByKernel(seen) });
    },
    refusedWhen: by('permission'),
    control: async (field) => {
      const ok = existsSync(path(field));
      return { ok, evidence: `${path(field)} ${ok ? 'is there' : 'is not there'}` };
    },
  };
}

interface PodRow extends AttackRow {
  readonly attempt: Attempt;
  readonly stop: (seen: Seen) => Stop | undefined;
  readonly how: How;
}

const podRows: readonly PodRow[] = [
  {
    name: 'pod-token',
    title: "the consumer's program looks for its account's token",
    serves: ['M8', 'SP 800-204B AHLC-SR-1'],
    attempt: { kind: 'file', path: '/var/run/secrets/kubernetes.io/serviceaccount/token' },
    stop: ({ end }) =>
      end === 'ENOENT' ? { how: 'absent', who: 'the pod', what: 'mounts no token (ENOENT)' } : undefined,
    how: 'absent',
  },
  {
    name: 'uid-proxy',
    title: "the consumer's program becomes the proxy's user, whom Istio's capture lets pass",
    serves: ['M14', proxyUser],
    attempt: { kind: 'become', uid: 1337 },
    stop: deniedByKernel,
    how: 'permission',
  },
  {
    name: 'gid-proxy',
    title: "the consumer's program becomes the proxy's group, whom Istio's capture lets pass",
    serves: ['M14', proxyUser],
    attempt: { kind: 'become', gid: 1337 },
    stop: deniedByKernel,
    how: 'permission',
  },
  {
    name: 'uid-root',
    title: "the consumer's program becomes root",
    serves: ['M14', 'SP 800-204B AHLC-SR-1'],
    attempt: { kind: 'become', uid: 0 },
    stop: deniedByKernel,
    how: 'permission',
  },
];

function podAttack({ name, title, serves, attempt, stop, how }: PodRow): Attack<Field> {
  return {
    id: `machine/${name}`,
    group: 'machine',
    title,
    serves,
    attempt: async (field): Promise<Observation> => {
      const seen = await field.from('consumer', attempt);
      return observe(title, seen, { stop: stop(seen) });
    },
    refusedWhen: by(how),
    control: consumerRuns,
  };
}

export const machineAttacks: readonly Attack<Field>[] = [...hostRows.map(hostAttack), ...podRows.map(podAttack)];
