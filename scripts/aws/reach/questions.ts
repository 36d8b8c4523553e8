/** Who reaches what, by TCP, in the network that a plan makes; and how, or what stops it. */
import { type Cidr, formatCidr } from '../../../model/cidr';
import { FailureError } from '../../errors';
import { admitted, type Party } from './admission';
import { type Degree, distinct, either, everywhere, over } from './degree';
import type { Cluster, Network, Rule } from './network';
import { balancerOf, clusterOf, describe, endpointOf, meshesOf, nodesOf, type Place, placesOf } from './places';
import { registryWays } from './registries';
import { publicSources } from './routing';
import { type Over, step, unknownStep, type Way, wayOf } from './way';
import {
  behind,
  type Interfaces,
  interfacesOf,
  privateWays,
  waysAround,
  waysByEndpoint,
  waysIn,
  waysInByBalancer,
  waysOut,
} from './ways';

export interface Answer {
  /** `all`: from every address asked about, in every zone. `some`: from part of them. */
  readonly reaches: Degree;
  /** The kinds of way that lead there. */
  readonly over: readonly Over[];
  /** The best way, hop by hop; empty when there is none. */
  readonly path: readonly string[];
  /** What stops it, or part of it. */
  readonly stops: readonly string[];
  /** From the internet: the addresses that get through. */
  readonly sources: readonly Cidr[];
  /** What was taken for granted, because it is not of this plan. */
  readonly assumed: readonly string[];
}

/**
 * Whether one place reaches another on a TCP port. Routes must lead there and back.
 * @throws FailureError when the plan has no such place, or the question has no meaning
 */
export function canReach(network: Network, from: Place, to: Place, port: number): Answer {
  return answer(network, from, waysBetween(network, from, to, port));
}

function waysBetween(network: Network, from: Place, to: Place, port: number): readonly Way[] {
  switch (from.kind) {
    case 'internet':
      return fromInternet(network, from.from ?? everywhere, to, port);
    case 'nodes':
    case 'pods':
      return fromInside(network, nodesOf(network, from.mesh), to, port);
    case 'api':
      return fromInside(network, interfacesOf(network, clusterOf(network, from.mesh)), to, port);
    case 'endpoint':
    case 'balancer':
    case 'registries':
      throw new FailureError(`${describe(from)} calls nobody by itself. Ask from the internet, nodes, pods or an api.`);
  }
}

function fromInternet(network: Network, source: Cidr, to: Place, port: number): readonly Way[] {
  const party: Party = { name: 'the internet', groups: [], ranges: [source] };
  switch (to.kind) {
    case 'nodes':
    case 'pods':
      return waysIn(network, source, nodesOf(network, to.mesh), port);
    case 'api':
      return [publicApi(clusterOf(network, to.mesh), party, port)];
    case 'balancer':
      return waysInByBalancer(network, party, balancerOf(network, to.mesh, to.role), port);
    case 'endpoint': {
      // Endpoints have private addresses, whatever their subnet gives to machines.
      const { name, subnets, groups } = endpointOf(network, to.id);
      const hidden = subnets.map((subnet) => ({ ...subnet, publicAddresses: false }));
      return waysIn(network, source, { name, groups, subnets: hidden }, port);
    }
    case 'internet':
    case 'registries':
      throw new FailureError(`how the internet reaches ${describe(to)} is not a question about this plan`);
  }
}

function fromInside(network: Network, from: Interfaces, to: Place, port: number): readonly Way[] {
  switch (to.kind) {
    case 'internet':
      return waysOut(network, from, port);
    case 'registries':
      return registryWays(network, from);
    case 'nodes':
    case 'pods':
      return privateWays(network, from, nodesOf(network, to.mesh), port);
    case 'endpoint':
      return privateWays(network, from, endpointOf(network, to.id), port);
    case 'api': {
      const cluster = clusterOf(network, to.mesh);
      return [
        ...(port === apiPort && cluster.private
          ? privateWays(network, from, interfacesOf(network, cluster), port)
          : []),
        ...waysAround(network, from, port, (party) => [publicApi(cluster, party, port)]),
      ];
    }
    case 'balancer': {
      const balancer = balancerOf(network, to.mesh, to.role);
      return [
        ...privateWays(network, from, interfacesOf(network, balancer), port, (party, arrival) =>
          behind(network, balancer, party, arrival, port),
        ),
        ...waysByEndpoint(network, from, balancer, port),
        ...waysAround(network, from, port, (party) => waysInByBalancer(network, party, balancer, port)),
      ];
    }
  }
}

/** EKS' API listens here. */
export const apiPort = 443;

/** The public endpoint is AWS' own: it knows ranges, and neither route nor security group of ours. */
function publicApi(cluster: Cluster, party: Party, port: number): Way {
  if (cluster.foreign) {
    const known = step(port === apiPort, `port ${port}`, `the Kubernetes API listens on ${apiPort} only`);
    return wayOf('internet', party.ranges, [
      known,
      unknownStep(`who reaches ${cluster.name}, which is not of this plan`),
    ]);
  }
  const rules = cluster.publicFrom.map((peer): Rule => {
    return { id: `public endpoint of ${cluster.name}`, direction: 'ingress', ports: [apiPort, apiPort], peer };
  });
  const groups = [{ id: cluster.id, vpc: '', rules }];
  return wayOf('internet', party.ranges, [
    step(port === apiPort, `port ${port}`, `the Kubernetes API listens on ${apiPort} only`),
    step(
      cluster.publicFrom.length > 0,
      `${cluster.name} has a public endpoint`,
      `${cluster.name} has no public endpoint`,
    ),
    admitted({ groups }, [cluster.id], 'ingress', party, port),
  ]);
}

/** One answer from the ways that there are. Ways over the same kind are parts of one: zones. */
function answer(network: Network, from: Place, ways: readonly Way[]): Answer {
  const fromOutside = from.kind === 'internet';
  // What comes with an inner address does not come from the internet.
  const real = ways.map((way): Way => {
    const sources = fromOutside ? publicSources(network, way.sources) : way.sources;
    return fromOutside && sources.length === 0 ? { ...way, degree: 'none', sources } : { ...way, sources };
  });
  const kinds = [...new Set(real.map((way) => way.over))].map((kind) => {
    const parts = real.filter((way) => way.over === kind);
    return { kind, degree: over(parts.map(({ degree }) => degree)), parts };
  });
  const reaches = either(kinds.map(({ degree }) => degree));
  const best = kinds.find(({ degree }) => degree === reaches)?.parts.find(({ degree }) => degree !== 'none');
  return {
    reaches,
    over: kinds.filter(({ degree }) => degree !== 'none').map(({ kind }) => kind),
    path: reaches === 'none' ? [] : (best?.hops ?? []),
    stops: reaches === 'all' ? [] : [...new Set(real.flatMap(({ stops }) => stops))],
    sources: fromOutside ? distinct(real.flatMap(({ sources }) => sources)) : [],
    assumed: [...new Set(real.flatMap(({ degree, assumed }) => (degree === 'none' ? [] : assumed)))],
  };
}

export interface PortRange {
  readonly from: number;
  readonly to: number;
  readonly answer: Answer;
}

/** All TCP ports on which a place reaches another. Exact: between two ports that the plan names, all are alike. */
export function openPorts(network: Network, from: Place, to: Place): PortRange[] {
  const named = [
    ...network.groups.flatMap(({ rules }) => rules.flatMap(({ ports }) => [ports[0], ports[1] + 1])),
    ...network.balancers.flatMap(({ listeners }) => listeners.flatMap(({ port }) => [port, port + 1])),
    apiPort,
    apiPort + 1,
  ];
  const starts = [...new Set([1, ...named])].filter((port) => port >= 1 && port <= 65535).toSorted((a, b) => a - b);
  const ranges: PortRange[] = [];
  starts.forEach((start, index) => {
    const found = canReach(network, from, to, start);
    if (found.reaches === 'none') return;
    const last = ranges.at(-1);
    const joined = last !== undefined && last.to + 1 === start && alike(last.answer, found) ? ranges.pop() : undefined;
    ranges.push({ from: start, answer: found, ...joined, to: (starts[index + 1] ?? 65536) - 1 });
  });
  return ranges;
}

/** Whether the same callers come by the same ways. */
function alike(a: Answer, b: Answer): boolean {
  const mark = ({ reaches, over: kinds, sources }: Answer) => JSON.stringify([reaches, kinds, sources]);
  return mark(a) === mark(b);
}

export interface Crossing extends PortRange {
  readonly place: Place;
}

/** What nodes and pods of one mesh reach of the other, on any port: over the border, and over the internet. */
export function crossings(network: Network, from: string, to: string): Crossing[] {
  return placesOf(network, to).flatMap((place) =>
    openPorts(network, { kind: 'nodes', mesh: from }, place).map((range) => ({ place, ...range })),
  );
}

/** What the internet reaches, on any port. */
export function openToInternet(network: Network): Crossing[] {
  return meshesOf(network).flatMap((mesh) =>
    placesOf(network, mesh).flatMap((place) =>
      openPorts(network, { kind: 'internet' }, place).map((range) => ({ place, ...range })),
    ),
  );
}

/** An answer for people: yes, in part or no; then hop by hop, or what stops it. */
export function explain({ reaches, path, stops, sources }: Answer): string {
  const [word, lines] =
    reaches === 'none' ? ['no', stops] : reaches === 'all' ? ['yes', path] : ['in part', [...path, ...stops]];
  const who = sources.length === 0 ? '' : ` from ${sources.map(formatCidr).join(', ')}`;
  return [`${word}${who}`, ...lines.map((line) => `  ${line}`)].join('\n');
}
