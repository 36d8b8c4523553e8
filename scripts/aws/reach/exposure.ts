/** What a plan exposes, and to whom: the answers of the reachability model for every listener, API and machine. */
import { type Cidr, formatCidr } from '../../../model/cidr';
import { type Network, type NetworkOptions, networkOf } from './network';
import { balancerOf, describe, meshesOf, type Place, placesOf } from './places';
import type { StackPlan } from './plan';
import { apiPort, openPorts, type PortRange } from './questions';
import type { Over } from './way';

export interface Exposed {
  /** `page of west`, `Kubernetes API of east`, … */
  readonly what: string;
  /** TCP port, or `first-last`. */
  readonly port: string;
  /** Ranges of the internet, and meshes with the way they come by. Empty: nobody from outside. */
  readonly toWhom: readonly string[];
}

export interface Exposure {
  readonly exposed: readonly Exposed[];
  /** What was taken for granted, because it is not of this plan. */
  readonly assumed: readonly string[];
  /** Resources that may let somebody in, or keep somebody out, that the model does not know. */
  readonly unmodelled: readonly string[];
}

/**
 * Everything that a plan lets in from outside a mesh's own network. Load balancers and APIs are listed also when
 * nobody reaches them from there; machines and endpoints only when somebody does.
 * @throws FailureError when an argument that decides is an expression that can not be followed
 */
export function exposureOf(stacks: readonly StackPlan[], options: NetworkOptions = {}): Exposure {
  const network = networkOf(stacks, options);
  const meshes = meshesOf(network);
  const asked = meshes.flatMap((mesh) => {
    const outside: readonly Place[] = [
      { kind: 'internet' },
      ...meshes.filter((other) => other !== mesh).map((other): Place => ({ kind: 'pods', mesh: other })),
    ];
    return placesOf(network, mesh).map((place) => ({
      place,
      open: outside.flatMap((from) =>
        openPorts(network, from, place).map((range) => ({ ...range, whom: whom(from, place, range) })),
      ),
    }));
  });
  const exposed = asked.flatMap(({ place, open }) => {
    const listed = [...new Set([...listeners(network, place).map(String), ...open.map(portOf)])];
    return listed.map((port) => ({
      what: describe(place),
      port,
      toWhom: [...new Set(open.filter((range) => portOf(range) === port).flatMap((range) => range.whom))],
    }));
  });
  const assumed = new Set(asked.flatMap(({ open }) => open.flatMap(({ answer }) => answer.assumed)));
  return { exposed, assumed: [...assumed], unmodelled: network.unmodelled };
}

const ways: Readonly<Record<Over, string>> = {
  vpc: 'in the same VPC',
  peering: 'by VPC peering',
  privatelink: 'by PrivateLink',
  internet: 'over the internet',
};

function whom(from: Place, to: Place, { answer }: PortRange): string[] {
  // Who reaches the API of somebody else's cluster is all guess; of a load balancer only the routes are.
  if (to.kind === 'api' && answer.assumed.length > 0) return ['not known'];
  if (from.kind === 'internet') return answer.sources.map(rangeName);
  return [`nodes and ${describe(from)} ${answer.over.map((one) => ways[one]).join(' and ')}`];
}

function rangeName(cidr: Cidr): string {
  return cidr.prefix === 0 ? 'the whole internet' : formatCidr(cidr);
}

/** Ports that a person expects to see listed. */
function listeners(network: Network, place: Place): readonly number[] {
  switch (place.kind) {
    case 'api':
      return [apiPort];
    case 'balancer':
      return balancerOf(network, place.mesh, place.role).listeners.map(({ port }) => port);
    default:
      return [];
  }
}

const portOf = ({ from, to }: PortRange) => (from === to ? String(from) : `${from}-${to}`);

/** For people: a line for each, then what the model can not tell. */
export function formatExposure({ exposed, assumed, unmodelled }: Exposure): string {
  const widest = Math.max(0, ...exposed.map(({ what }) => what.length));
  const lines = exposed.map(({ what, port, toWhom }) => {
    const who = toWhom.length === 0 ? 'nobody from outside its network' : toWhom.join(', ');
    return `${what.padEnd(widest)}  ${port.padStart(5)}  ${who}`;
  });
  return [
    ...lines,
    ...assumed.map((one) => `not known: ${one}`),
    ...unmodelled.map((one) => `not in the model: ${one}`),
  ].join('\n');
}
