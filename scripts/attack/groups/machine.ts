/** What a program on a host of Consul's mesh, or in a pod of Istio's, finds on its own machine. */
import { existsSync } from 'node:fs';
import { hostFiles, managementTokenFile, meshSecretsFolder } from '../../../model/hosts';
import { shortId } from '../../../model/lab';
import { kubeconfigFile } from '../../../model/names';
import { type Attack, by, type Control, type How, type Observation, type Stop } from '../attack';
import type { Field, Place } from '../field';
import { observe } from '../steps/observe';
import type { Attempt, Seen } from '../vantage/agent';

const isolation = ['M8', 'SP 800-204B SAUZ-SR-1'];

interface FileRow {
  readonly name: string;
  readonly title: string;
  readonly path: (field: Field) => string;
}

const ownHost = ({ cast }: Field) => hostFiles(cast.lab.name, cast.east.name, cast.provider.name);

const files: readonly FileRow[] = [
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
];

function fileAttack({ name, title, path }: FileRow): Attack<Field> {
  return {
    id: `machine/${name}`,
    group: 'machine',
    title: `the provider's program reads ${title}`,
    serves: isolation,
    attempt: async (field) => {
      const seen = await field.from('provider', { kind: 'file', path: path(field) });
      return observe(`reads ${path(field)}`, seen, { stop: denied(seen) });
    },
    refusedWhen: by('permission'),
    control: async (field) => ({
      ok: existsSync(path(field)),
      evidence: `${path(field)} ${existsSync(path(field)) ? 'is there' : 'is not there'}`,
    }),
  };
}

function denied({ end }: Seen): Stop | undefined {
  return ['EACCES', 'EPERM'].includes(end) ? { how: 'permission', who: 'the kernel', what: end } : undefined;
}

const sockets: readonly (readonly [
  name: string,
  title: string,
  socket: (field: Field) => string,
  path: string,
  method: string,
])[] = [
  [
    'envoy-admin',
    "its own proxy's admin interface: all certificates",
    (field) => ownHost(field).envoyAdminSocket,
    '/config_dump',
    'GET',
  ],
  [
    'envoy-quit',
    "its own proxy's admin interface: to end it",
    (field) => ownHost(field).envoyAdminSocket,
    '/quitquitquit',
    'POST',
  ],
  [
    'envoy-drain',
    "its own proxy's admin interface: to drain it",
    (field) => ownHost(field).envoyAdminSocket,
    '/drain_listeners',
    'POST',
  ],
  ['consul-api', "its host's Consul API", (field) => ownHost(field).httpSocket, '/v1/agent/self', 'GET'],
  ['consul-xds', "its host's xDS", (field) => ownHost(field).grpcSocket, '/', 'POST'],
];

function socketAttack([name, title, socket, path, method]: (typeof sockets)[number]): Attack<Field> {
  return {
    id: `machine/${name}`,
    group: 'machine',
    title: `the provider's program reaches ${title}`,
    serves: ['M15', 'https://github.com/istio/istio/issues/61864'],
    attempt: async (field) => {
      const seen = await field.from('provider', { kind: 'ask', socketPath: socket(field), path, method });
      return observe(`${method} ${path} at ${socket(field)}`, seen, { stop: denied(seen) });
    },
    refusedWhen: by('permission'),
    control: async (field) => ({
      ok: existsSync(socket(field)),
      evidence: `${socket(field)} ${existsSync(socket(field)) ? 'is there' : 'is not there'}`,
    }),
  };
}

interface PodRow {
  readonly name: string;
  readonly title: string;
  readonly serves: readonly string[];
  readonly attempt: Attempt;
  readonly stop: (seen: Seen) => Stop | undefined;
  readonly how: How;
}

const kernel = (seen: Seen) => denied(seen);

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
    serves: ['M14', 'https://github.com/istio/istio/issues/4286'],
    attempt: { kind: 'become', uid: 1337 },
    stop: kernel,
    how: 'permission',
  },
  {
    name: 'gid-proxy',
    title: "the consumer's program becomes the proxy's group, whom Istio's capture lets pass",
    serves: ['M14', 'https://github.com/istio/istio/issues/4286'],
    attempt: { kind: 'become', gid: 1337 },
    stop: kernel,
    how: 'permission',
  },
  {
    name: 'uid-root',
    title: "the consumer's program becomes root",
    serves: ['M14', 'SP 800-204B AHLC-SR-1'],
    attempt: { kind: 'become', uid: 0 },
    stop: kernel,
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
    control: (field) => runs(field, 'consumer'),
  };
}

/** The program that tries is alive and is who it should be. */
async function runs(field: Field, place: Place): Promise<Control> {
  const seen = await field.from(place, { kind: 'whoami' });
  const service = place === 'provider' ? field.cast.provider : field.cast.consumer;
  return { ok: seen.end === 'told', evidence: `the same process in ${shortId(service)}: ${seen.text ?? seen.end}` };
}

export const machineAttacks: readonly Attack<Field>[] = [
  ...files.map(fileAttack),
  ...sockets.map(socketAttack),
  ...podRows.map(podAttack),
];
