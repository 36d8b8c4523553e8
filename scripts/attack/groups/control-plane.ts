/** Control and telemetry ports, from tenants: around their own proxy, through it, and with tokens of their own. */

import { readyPort, serverGrpcTlsPort, sidecarPort } from '../../../model/hosts';
import { istioIdentity } from '../../../model/identity';
import { shortId } from '../../../model/lab';
import { field as logField } from '../../call/log';
import { type Attack, by, type Control, type How, type Observation, type Stop } from '../attack';
import type { Field } from '../field';
import { listens, type Target, within } from '../steps/border';
import { certificate, istiodAddress, ownCertificate, ownSecret, secret, xdsPort } from '../steps/istiod';
import { observe, statusOf } from '../steps/observe';
import { calls } from '../steps/program';

const coordination = ['M15', 'SP 800-204A SM-DR2'];
const admin = 'https://github.com/istio/istio/issues/61864';

interface PodRow {
  readonly name: string;
  readonly title: string;
  readonly serves: readonly string[];
  readonly target: (field: Field) => Promise<Target>;
}

const istiod = (port: number, name: string) => async (field: Field) => ({
  name,
  host: await istiodAddress(field),
  port,
});
const consumerPod = (port: number, name: string) => async (field: Field) => ({
  name,
  host: await field.podAddress(field.cast.consumer),
  port,
});

/** From a pod that has no proxy in its way. */
const direct: readonly PodRow[] = [
  {
    name: 'istiod-plaintext',
    title: "istiod's xDS in clear, 15010",
    serves: coordination,
    target: istiod(15010, 'xDS in clear'),
  },
  { name: 'istiod-http', title: "istiod's HTTP port, 8080", serves: coordination, target: istiod(8080, 'HTTP') },
  {
    name: 'istiod-monitoring',
    title: "istiod's metrics and debug endpoints, 15014",
    serves: ['M15', 'https://github.com/istio/istio/issues/20011'],
    target: istiod(15014, 'monitoring'),
  },
  {
    name: 'istiod-webhook',
    title: "istiod's webhooks, 15017, which are the API server's",
    serves: coordination,
    target: istiod(15017, 'webhooks'),
  },
  {
    name: 'istiod-ctrlz',
    title: "istiod's introspection, 9876",
    serves: coordination,
    target: istiod(9876, 'introspection'),
  },
  {
    name: 'proxy-admin',
    title: "the admin port of another pod's proxy, 15000",
    serves: ['M15', admin],
    target: consumerPod(15000, 'admin'),
  },
  {
    name: 'proxy-agent',
    title: "the agent of another pod's proxy, 15020: metrics and quitquitquit",
    serves: ['M15', admin],
    target: consumerPod(15020, 'agent'),
  },
  {
    name: 'proxy-debug',
    title: "the debug port of another pod's proxy, 15004",
    serves: ['M15', admin],
    target: consumerPod(15004, 'debug'),
  },
  {
    name: 'proxy-metrics',
    title: "the metrics of another pod's proxy, 15090",
    serves: coordination,
    target: consumerPod(15090, 'metrics'),
  },
];

/** istiod's own port for proxies is open to a pod of a namespace with injection. */
function reachesIstiod(field: Field): Promise<Control> {
  return istiodAddress(field).then((host) =>
    listens(field, 'plain', { name: "istiod's port for proxies", host, port: xdsPort }),
  );
}

function directAttack({ name, title, serves, target }: PodRow): Attack<Field> {
  return {
    id: `control-plane/${name}`,
    group: 'control-plane',
    title: `a pod without a proxy dials ${title}`,
    serves,
    attempt: async (field) => within(field, 'plain', await target(field)),
    refusedWhen: by('firewall'),
    control: reachesIstiod,
  };
}

interface ThroughRow {
  readonly name: string;
  readonly title: string;
  readonly serves: readonly string[];
  readonly target: (field: Field) => Promise<Target> | Target;
}

const through: readonly ThroughRow[] = [
  {
    name: 'through-xds',
    title: "istiod's port for proxies, 15012",
    serves: coordination,
    target: istiod(xdsPort, 'istiod'),
  },
  {
    name: 'through-plaintext',
    title: "istiod's xDS in clear",
    serves: coordination,
    target: istiod(15010, 'xDS in clear'),
  },
  { name: 'through-monitoring', title: "istiod's metrics", serves: coordination, target: istiod(15014, 'monitoring') },
  {
    name: 'through-kubelet',
    title: 'the kubelet',
    serves: coordination,
    target: ({ cast }) => ({ name: 'the kubelet', host: cast.westNetwork.node, port: 10250 }),
  },
  {
    name: 'through-api',
    title: 'the Kubernetes API',
    serves: coordination,
    target: ({ cast }) => ({ name: 'the Kubernetes API', host: cast.westNetwork.apiService, port: 443 }),
  },
  {
    name: 'through-metadata',
    title: "a cloud's metadata address, 169.254.169.254",
    serves: ['M8', 'SP 800-204A SM-DR8'],
    target: () => ({ name: 'the metadata address', host: '169.254.169.254', port: 80 }),
  },
  {
    name: 'through-outside',
    title: 'an address of the internet',
    serves: ['M8', 'SP 800-204A SM-DR8'],
    target: () => ({ name: 'an address outside', host: '203.0.113.7', port: 443 }),
  },
  {
    name: 'through-other-pod',
    title: "the agent port of another pod's proxy",
    serves: ['M15', admin],
    target: async (field) => ({ name: 'agent', host: await field.podAddress(field.cast.caller), port: 15020 }),
  },
];

function throughAttack({ name, title, serves, target }: ThroughRow): Attack<Field> {
  return {
    id: `control-plane/${name}`,
    group: 'control-plane',
    title: `the consumer's program reaches, through its own proxy, ${title}`,
    serves,
    attempt: async (field) => throughProxy(field, await target(field)),
    refusedWhen: by('no-way'),
    control: (field) => calls(field, 'provider'),
  };
}

/** The proxy takes the connection, finds that it knows no such place, and says so in its log. */
async function throughProxy(field: Field, { name, host, port }: Target): Promise<Observation> {
  const log = await field.log('consumer');
  const send = ['GET / HTTP/1.1\r\nHost: elsewhere.invalid\r\nConnection: close\r\n\r\n'];
  const seen = await field.from('consumer', { kind: 'raw', host, port, send, timeout: 5_000 });
  const line = await log.line((entry) => logField(entry, 'remote') === seen.local);
  const who = `${shortId(field.cast.consumer)}'s own proxy`;
  const kept = line !== undefined && logField(line, 'upstream') === null;
  const status = statusOf(seen);
  const nothing = status === undefined || status === 502;
  const stop: Stop | undefined =
    kept && nothing
      ? {
          how: 'no-way',
          who,
          what: `knows no such place (${logField(line, 'details') ?? ''} ${logField(line, 'flags') ?? ''})`.replaceAll(
            '  ',
            ' ',
          ),
        }
      : undefined;
  return observe(`TCP to ${name}, ${host}:${port}`, seen, { log: line, stop });
}

interface IstiodRow {
  readonly name: string;
  readonly title: string;
  readonly serves: readonly string[];
  readonly ask: (field: Field) => Promise<Observation>;
  readonly how: readonly How[];
  readonly control: (field: Field) => Promise<Control>;
}

const callerName = ({ cast }: Field) => istioIdentity(cast.west.trustDomain, cast.caller.namespace, cast.caller.name);

const istiodRows: readonly IstiodRow[] = [
  {
    name: 'certificate-without-token',
    title: "asks istiod for the caller's certificate without a token",
    serves: ['M8', 'SP 800-204A SM-DR16'],
    ask: (field) => certificate(field, callerName(field), {}),
    how: ['unauthorized'],
    control: ownCertificate,
  },
  {
    name: 'certificate-other-name',
    title: "asks istiod for the caller's certificate with the consumer's token",
    serves: ['M8', 'SP 800-204B SAUZ-SR-1'],
    ask: (field) => certificate(field, callerName(field), { as: field.cast.consumer }),
    how: ['unauthorized', 'not-believed'],
    control: ownCertificate,
  },
  {
    name: 'certificate-impersonated',
    title: "asks istiod to act for the caller, with the consumer's token",
    serves: ['M8', 'SP 800-204B SAUZ-SR-1'],
    ask: (field) => certificate(field, callerName(field), { as: field.cast.consumer, impersonates: callerName(field) }),
    how: ['unauthorized', 'not-believed'],
    control: ownCertificate,
  },
  {
    name: 'certificate-api-token',
    title: 'asks istiod for a certificate with a token that is for the Kubernetes API',
    serves: ['M8', 'SP 800-204A SM-DR16'],
    ask: (field) =>
      certificate(field, callerName(field), {
        as: field.cast.caller,
        audience: 'https://kubernetes.default.svc.cluster.local',
      }),
    how: ['unauthorized'],
    control: ownCertificate,
  },
  {
    name: 'secret-without-token',
    title: "asks istiod for the consumer's federation key without a token",
    serves: ['M8', 'SP 800-204A SM-DR16'],
    ask: async (field) => (await secret(field, field.cast.consumerSecret, field.cast.consumer, {})).observation,
    how: ['unauthorized'],
    control: ownSecret,
  },
  {
    name: 'secret-other-namespace',
    title: "asks istiod for the consumer's federation key as the caller's proxy",
    serves: ['M8', 'SP 800-204B SAUZ-SR-1'],
    ask: async (field) => {
      const { consumerSecret, caller } = field.cast;
      return (await secret(field, consumerSecret, caller, { as: caller })).observation;
    },
    how: ['unauthorized'],
    control: ownSecret,
  },
  {
    name: 'secret-other-node',
    title: "asks istiod for the consumer's federation key as the consumer's proxy, with the caller's token",
    serves: ['M8', 'SP 800-204B SAUZ-SR-1'],
    ask: async (field) =>
      (await secret(field, field.cast.consumerSecret, field.cast.consumer, { as: field.cast.caller })).observation,
    how: ['unauthorized'],
    control: ownSecret,
  },
  {
    name: 'secret-named-namespace',
    title: "asks istiod for the consumer's federation key by namespace and name",
    serves: ['M8', 'SP 800-204B SAUZ-SR-1'],
    ask: async (field) => {
      const { consumer, consumerSecret, caller } = field.cast;
      return (await secret(field, `${consumer.namespace}/${consumerSecret}`, caller, { as: caller })).observation;
    },
    how: ['unauthorized'],
    control: ownSecret,
  },
];

const nodeRows: readonly {
  readonly name: string;
  readonly title: string;
  readonly port: number;
  readonly path: string;
}[] = [
  { name: 'kubelet', title: 'asks the kubelet for its pods without a certificate', port: 10250, path: '/pods' },
  {
    name: 'kubelet-run',
    title: 'asks the kubelet to run a program without a certificate',
    port: 10250,
    path: '/run/istio-system/istiod/discovery',
  },
  {
    name: 'api-anonymous',
    title: 'asks the Kubernetes API for Secrets without a token',
    port: 6443,
    path: '/api/v1/secrets',
  },
];

/** Consul's ports that its agents and gateways reach, from a machine of its network that is nobody's. */
const hostRows: readonly {
  readonly name: string;
  readonly title: string;
  readonly target: (field: Field) => Target;
  readonly host: string;
}[] = [
  {
    name: 'consul-grpc',
    title: "Consul's gRPC port, which is the mesh gateway's",
    target: ({ cast }) => ({ name: "Consul's server, gRPC", host: cast.eastNetwork.server, port: serverGrpcTlsPort }),
    host: 'server',
  },
  {
    name: 'proxy-ready',
    title: "the health port of the mesh gateway's proxy",
    target: ({ cast }) => ({ name: 'the health port', host: cast.eastNetwork.meshGateway, port: readyPort }),
    host: 'mesh-gateway',
  },
];

async function heldOffHost(field: Field, target: Target, host: string): Promise<Observation> {
  const before = await field.refusals(host);
  const seen = await field.from('east', { kind: 'raw', ...target, quiet: 300, timeout: 2_000 });
  const after = await field.refusals(host);
  const who = `the firewall of host ${field.cast.east.name}/${host}`;
  const stop: Stop | undefined =
    seen.end === 'ECONNREFUSED' && after > before
      ? { how: 'firewall', who, what: `refused it (${before} → ${after} packets)` }
      : undefined;
  return observe(`TCP to ${target.name}, ${target.host}:${target.port}`, seen, { stop });
}

export const controlPlaneAttacks: readonly Attack<Field>[] = [
  ...direct.map(directAttack),
  ...hostRows.map(
    ({ name, title, target, host }): Attack<Field> => ({
      id: `control-plane/${name}`,
      group: 'control-plane',
      title: `a machine of Consul's network that is nobody's dials ${title}`,
      serves: coordination,
      attempt: (field) => heldOffHost(field, target(field), host),
      refusedWhen: by('firewall'),
      control: (field) =>
        listens(field, 'east', { name: "the provider's sidecar", host: field.cast.providerAddress, port: sidecarPort }),
    }),
  ),
  ...through.map(throughAttack),
  ...istiodRows.map(
    ({ name, title, serves, ask, how, control }): Attack<Field> => ({
      id: `control-plane/${name}`,
      group: 'control-plane',
      title,
      serves,
      attempt: ask,
      refusedWhen: by(...how),
      control,
    }),
  ),
  ...nodeRows.map(
    ({ name, title, port, path }): Attack<Field> => ({
      id: `control-plane/${name}`,
      group: 'control-plane',
      title: `a pod without a proxy ${title}`,
      serves: ['M15', 'SP 800-204A SM-DR16'],
      attempt: async (field) => {
        const host = field.cast.westNetwork.node;
        const send = [`GET ${path} HTTP/1.1\r\nHost: ${host}\r\nConnection: close\r\n\r\n`];
        const seen = await field.from('plain', { kind: 'raw', host, port, secure: {}, send });
        const status = statusOf(seen);
        const stop: Stop | undefined =
          status === 401 || status === 403
            ? { how: 'unauthorized', who: port === 10250 ? 'the kubelet' : 'the Kubernetes API', what: String(status) }
            : undefined;
        return observe(`GET ${path} at ${host}:${port}`, seen, { stop });
      },
      refusedWhen: by('unauthorized', 'firewall'),
      control: reachesIstiod,
    }),
  ),
];
