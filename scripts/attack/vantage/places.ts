/** Where attacks are made from, and an agent there. */
import { type HostUsers, hostUsers } from '../../../model/host-users';
import { netns } from '../../../model/local';
import { planeNamespace } from '../../../model/names';
import { podOf } from '../../call/proxies';
import { clusterOf, kubeconfigOf, kubectlFlags } from '../../cluster';
import { runnable } from '../../hosts/runnable';
import { locate } from '../../machine/binaries';
import { entered } from '../../machine/exec';
import { type Cast, insideIn } from '../cast';
import { Agent, agentProgram } from './agent';
import { attackerHost } from './host';
import { attackerContainer, attackersOf } from './pods';

export type Place =
  /** The consumer's and the caller's own containers, as if their programs were broken into. */
  | 'consumer'
  | 'caller'
  /** The container beside the consumer's own. */
  | 'companion'
  /** A pod of the mesh without a row, a pod without a proxy, and one without a row in the consumer's own namespace. */
  | 'neighbour'
  | 'plain'
  | 'sibling'
  /** A process without rights in the network of Istio's mesh. */
  | 'west'
  /** On the provider's host: the users of its program, of the proxy beside it and of the host's agent. */
  | 'provider'
  | 'sidecar'
  | 'agent'
  /** On the mesh gateway's host: the users of the gateway itself and of the host's agent. */
  | 'gateway'
  | 'gateway-agent'
  /** A process without rights on a machine of Consul's network that is nobody's, and on the border router. */
  | 'east'
  | 'border'
  /** The trust exchange's container in the federation plane's pod. */
  | 'exchange';

/** A user without any right. */
const nobody = 65534;

/** A container, or a user in a network namespace of the lab. */
type Seat =
  | { readonly namespace: string; readonly pod: string; readonly container: string }
  | { readonly part: string; readonly uid: number; readonly group?: number };

/** Starts an agent. Attackers' own pods and machine must be there. */
export async function startAgent(place: Place, cast: Cast): Promise<Agent> {
  const seat = await seatOf(place, cast);
  if ('part' in seat) {
    const name = `${place} (${seat.part})`;
    return Agent.start(name, ...entered(netns(cast.lab.name, seat.part), 'setpriv', asUser(seat, cast.lab.name)));
  }
  const { namespace, pod, container } = seat;
  const flags = kubectlFlags(await kubeconfigOf(clusterOf(cast.lab, cast.west)));
  const at = ['exec', '--stdin', pod, '--namespace', namespace, '--container', container, '--'];
  const args = [...flags, ...at, 'node', '-e', agentProgram];
  return Agent.start(`${place} (${namespace}/${pod})`, locate('kubectl'), args);
}

async function seatOf(place: Place, cast: Cast): Promise<Seat> {
  const { lab, east, eastNetwork, west, consumer, provider, providerAddress } = cast;
  switch (place) {
    case 'consumer':
      return { namespace: consumer.namespace, ...(await podOf(lab, consumer)) };
    case 'caller': {
      const { service } = insideIn(cast);
      return { namespace: service.namespace, ...(await podOf(lab, service)) };
    }
    case 'companion': {
      const { pod } = await podOf(lab, consumer);
      return { namespace: consumer.namespace, pod, container: consumer.containers[0]?.name ?? '' };
    }
    case 'neighbour':
    case 'plain':
    case 'sibling': {
      const { namespace, name } = attackersOf(cast)[place];
      return { namespace, pod: name, container: attackerContainer };
    }
    case 'exchange':
      return { namespace: planeNamespace(east.name), pod: 'plane-0', container: 'trust-exchange' };
    case 'provider':
      return onHost(cast, provider.name, providerAddress, 'program');
    case 'sidecar':
      return onHost(cast, provider.name, providerAddress, 'envoy');
    case 'agent':
      return onHost(cast, provider.name, providerAddress, 'consul');
    case 'gateway':
      return onHost(cast, 'mesh-gateway', eastNetwork.meshGateway, 'envoy');
    case 'gateway-agent':
      return onHost(cast, 'mesh-gateway', eastNetwork.meshGateway, 'consul');
    case 'east':
      return { part: `${east.name}-${attackerHost}`, uid: nobody };
    case 'west':
      return { part: west.name, uid: nobody };
    case 'border':
      return { part: 'border', uid: nobody };
  }
}

/** One of a host's own users, with what that user may: as if its program were broken into. */
function onHost({ lab, east }: Cast, host: string, address: string, who: keyof HostUsers): Seat {
  const users = hostUsers({ lab: lab.name, mesh: east.name, address });
  return { part: `${east.name}-${host}`, uid: users[who], group: users.group };
}

/** Arguments of setpriv that leave the agent no right but its user's. */
function asUser({ uid, group }: { readonly uid: number; readonly group?: number }, lab: string): string[] {
  const groups = group === undefined ? '--clear-groups' : `--groups=${group}`;
  const user = [`--reuid=${uid}`, `--regid=${uid}`, groups, '--no-new-privs'];
  return [...user, '--bounding-set=-all', '--inh-caps=-all', '--', runnable(lab, 'node'), '-e', agentProgram];
}
