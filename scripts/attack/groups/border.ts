/** Direct ways from one network to the other, past every proxy: the border router passes gateways only. */

import { nodePorts } from '../../../model/aws';
import { federationGatewayPort, meshGatewayPort } from '../../../model/gateways';
import { serverGrpcTlsPort, sidecarPort } from '../../../model/hosts';
import { shortId } from '../../../model/lab';
import { pageNodePort } from '../../../model/local';
import { type Attack, type AttackRow, by, type Control, type Need, type Observation } from '../attack';
import type { Field } from '../field';
import { coordination } from '../references';
import { type Crossing, cross, listens, ownPort, reaches, scanStop, type Target } from '../steps/border';
import { istiodAddress, xdsPort } from '../steps/istiod';
import { observe } from '../steps/observe';
import type { Place } from '../vantage/places';

interface Row extends AttackRow {
  readonly from: Crossing['from'];
  readonly protocol?: 'udp';
  readonly localPort?: number;
  readonly target: (field: Field) => Promise<Target> | Target;
  readonly needs?: Need;
  /** Who proves that somebody listens there. @default - a process in the target's own network */
  readonly insider?: Place;
}

const server = (port: number, name: string) => (field: Field) => ({
  name: `Consul's server, ${name}`,
  host: field.cast.eastNetwork.server,
  port,
});
const node = (port: number, name: string) => (field: Field) => ({ name, host: field.cast.westNetwork.node, port });
const pod = async (field: Field): Promise<Target> => {
  const { consumer } = field.cast;
  return { name: `the pod of ${shortId(consumer)}`, host: await field.podAddress(consumer), port: consumer.port };
};
const istiod = (port: number) => async (field: Field) => ({
  name: 'istiod',
  host: await istiodAddress(field),
  port,
});
const sidecar = ({ cast }: Field): Target => ({
  name: `the sidecar of ${shortId(cast.provider)}`,
  host: cast.providerAddress,
  port: sidecarPort,
});

const isolation = ['M1', 'SP 800-207A'];

const rows: readonly Row[] = [
  {
    name: 'sidecar',
    title: "straight to the provider's sidecar, past the gateway",
    serves: isolation,
    from: 'west',
    target: sidecar,
  },
  {
    name: 'pod-to-sidecar',
    title: "from a pod straight to the provider's sidecar",
    serves: isolation,
    from: 'plain',
    target: sidecar,
  },
  {
    name: 'server-rpc',
    title: "Consul's RPC between agents",
    serves: coordination,
    from: 'west',
    target: server(8300, 'RPC'),
  },
  {
    name: 'server-gossip',
    title: "Consul's gossip",
    serves: coordination,
    from: 'west',
    target: server(8301, 'gossip'),
  },
  {
    name: 'server-grpc',
    title: "Consul's gRPC port, not through the gateway",
    serves: coordination,
    from: 'west',
    target: server(serverGrpcTlsPort, 'gRPC'),
    insider: 'gateway',
  },
  {
    name: 'gossip-udp',
    title: "Consul's gossip by datagrams",
    serves: coordination,
    from: 'west',
    protocol: 'udp',
    target: server(8301, 'gossip'),
  },
  { name: 'pod', title: "straight to a pod of Istio's mesh", serves: isolation, from: 'east', target: pod },
  {
    name: 'node-port',
    title: "the page's node port",
    needs: 'page',
    serves: isolation,
    from: 'east',
    target: node(pageNodePort, 'the node port'),
  },
  {
    name: 'kubernetes-api',
    title: 'the Kubernetes API',
    serves: coordination,
    from: 'east',
    target: node(6443, 'the Kubernetes API'),
  },
  { name: 'kubelet', title: 'the kubelet', serves: coordination, from: 'east', target: node(10250, 'the kubelet') },
  { name: 'istiod', title: "istiod's xDS port", serves: coordination, from: 'east', target: istiod(xdsPort) },
  {
    name: 'gateway-node-port',
    title: "the federation gateway's node port, not the port that the border has for it",
    serves: isolation,
    from: 'east',
    localPort: 10443,
    target: node(nodePorts.federationGateway, "the federation gateway's node port"),
    needs: 'export',
  },
  {
    name: 'gateway-source-port',
    title: "from the gateway's own port number, which a careless firewall takes for an answer",
    serves: isolation,
    from: 'east',
    localPort: meshGatewayPort,
    target: pod,
  },
];

function attackOf({ target, from, insider, name, title, serves, protocol, localPort, needs }: Row): Attack<Field> {
  const inside: Place = from === 'east' ? 'west' : 'east';
  return {
    id: `border/${name}`,
    group: 'border',
    title,
    serves,
    attempt: async (field) =>
      cross(field, {
        from,
        ...(await target(field)),
        ...(protocol === undefined ? {} : { protocol }),
        ...(localPort === undefined ? {} : { localPort }),
      }),
    ...(needs === undefined ? {} : { needs }),
    refusedWhen: by('firewall'),
    control: async (field) => listens(field, insider ?? inside, await target(field)),
  };
}

/** Ports that programs of both meshes are known to use, and some that nobody uses. */
const known = [
  22, 53, 80, 111, 179, 443, 2379, 2380, 4240, 5000, 6443, 7946, 8000, 8080, 8300, 8301, 8302, 8500, 8501, 8502, 8503,
  8600, 9090, 9153, 9411, 9470, 10249, 10250, 10255, 10256, 10257, 10259, 14250, 15000, 15001, 15004, 15006, 15008,
  15010, 15012, 15014, 15017, 15020, 15021, 15053, 15090, 15443, 16685, 19000, 19001, 20000, 20200, 20300, 21000, 21255,
  30080, 31400, 32000, 50051, 65535,
];

function scan(
  name: string,
  title: string,
  from: 'west' | 'east',
  host: (field: Field) => string,
  pass: (port: number) => boolean,
): Attack<Field> {
  return {
    id: `border/${name}`,
    group: 'border',
    title,
    serves: isolation,
    attempt: async (field): Promise<Observation> => {
      const closed = known.filter((port) => !pass(port));
      const [source, localPort, began] = [await field.ownAddress(from), ownPort(), Date.now()];
      const seen = await field.from(from, {
        kind: 'ports',
        host: host(field),
        ports: closed,
        localPort,
        timeout: 2_000,
      });
      const wanted = `tcp and src host ${source} and src port ${localPort} and dst host ${host(field)}`;
      const packets = await field.capture('border').packets(wanted, began);
      const stop = scanStop(packets, seen, closed);
      const counted = Object.entries(seen.counted ?? {}).map(([end, count]) => `${count} ${end}`);
      return observe(
        `TCP to ${closed.length} ports of ${host(field)}`,
        { ...seen, end: seen.open === undefined ? seen.end : `${seen.open.length} open, ${counted.join(', ')}` },
        {
          notes: [`border: ${packets.length} packets, for example`, ...packets.slice(0, 3)],
          stop,
        },
      );
    },
    refusedWhen: by('firewall'),
    control: (field): Promise<Control> => (from === 'west' ? reaches(field, 'west', gateway(field)) : opened(field)),
  };
}

const gateway = ({ cast }: Field): Target => ({
  name: 'the mesh gateway',
  host: cast.eastNetwork.meshGateway,
  port: meshGatewayPort,
});

/** The one port of the node that Consul's network may reach; without an export there is none, only its own gateway. */
function opened(field: Field): Promise<Control> {
  const target =
    field.cast.exports.length > 0 ? node(federationGatewayPort, "Istio's federation gateway")(field) : gateway(field);
  return reaches(field, 'east', target);
}

export const borderAttacks: readonly Attack<Field>[] = [
  ...rows.map(attackOf),
  scan(
    'gateway-ports',
    'every other port of the mesh gateway, the only machine that may be called',
    'west',
    ({ cast }) => cast.eastNetwork.meshGateway,
    (port) => port === meshGatewayPort,
  ),
  scan(
    'node-ports',
    "every other port of Istio's node",
    'east',
    ({ cast }) => cast.westNetwork.node,
    (port) => port === federationGatewayPort,
  ),
];
