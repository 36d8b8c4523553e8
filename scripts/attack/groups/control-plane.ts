/** Control and telemetry ports, from tenants: around their own proxy, and through it. */
import { readyPort, serverGrpcTlsPort, sidecarPort } from '../../../model/hosts';
import { shortId } from '../../../model/lab';
import { field as logField } from '../../call/log';
import { type Attack, type AttackRow, by, type Need, type Observation, type Stop } from '../attack';
import { insideIn } from '../cast';
import type { Field } from '../field';
import { coordination, proxyAdmin } from '../references';
import { listens, type Target, within } from '../steps/border';
import { istiodAddress, reachesIstiod, xdsPort } from '../steps/istiod';
import { observe, statusOf } from '../steps/observe';
import { calls } from '../steps/program';

interface TargetRow extends AttackRow {
  readonly target: (field: Field) => Promise<Target> | Target;
  readonly needs?: Need;
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
const direct: readonly TargetRow[] = [
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
    serves: ['M15', proxyAdmin],
    target: consumerPod(15000, 'admin'),
  },
  {
    name: 'proxy-agent',
    title: "the agent of another pod's proxy, 15020: metrics and quitquitquit",
    serves: ['M15', proxyAdmin],
    target: consumerPod(15020, 'agent'),
  },
  {
    name: 'proxy-debug',
    title: "the debug port of another pod's proxy, 15004",
    serves: ['M15', proxyAdmin],
    target: consumerPod(15004, 'debug'),
  },
  {
    name: 'proxy-metrics',
    title: "the metrics of another pod's proxy, 15090",
    serves: coordination,
    target: consumerPod(15090, 'metrics'),
  },
];

function directAttack({ name, title, serves, target }: TargetRow): Attack<Field> {
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

/** From the consumer's program, by way of its proxy. */
const through: readonly TargetRow[] = [
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
    needs: 'inside',
    serves: ['M15', proxyAdmin],
    target: async (field) => ({
      name: 'agent',
      host: await field.podAddress(insideIn(field.cast).service),
      port: 15020,
    }),
  },
];

function throughAttack({ name, title, serves, target, needs }: TargetRow): Attack<Field> {
  return {
    id: `control-plane/${name}`,
    group: 'control-plane',
    title: `the consumer's program reaches, through its own proxy, ${title}`,
    serves,
    attempt: async (field) => throughProxy(field, await target(field)),
    refusedWhen: by('no-way'),
    control: (field) => calls(field, 'provider'),
    ...(needs === undefined ? {} : { needs }),
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
];
