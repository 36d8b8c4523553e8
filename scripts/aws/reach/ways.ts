/** Ways of the kinds that a lab has: between subnets, through a load balancer, out to the internet and in from it. */
import type { Cidr } from '../../../model/cidr';
import { admitted, type Party } from './admission';
import { everywhere, inTurn, over } from './degree';
import type { Balancer, Cluster, Endpoint, Id, Network, Subnet, TargetGroup } from './network';
import { exitToInternet, peeringOf, routeBetween, routeToInternet } from './routing';
import { type Step, step, type Way, wayOf } from './way';

/** Network interfaces of one thing. */
export interface Interfaces {
  readonly name: string;
  readonly subnets: readonly Subnet[];
  readonly groups: readonly Id[];
}

const partyOf = ({ name, groups }: Interfaces, subnet: Subnet): Party => ({ name, groups, ranges: [subnet.cidr] });

/** Ways from each subnet of one thing to each of another, over private addresses. */
export function privateWays(
  network: Network,
  from: Interfaces,
  to: Interfaces,
  port: number,
  beyond: (party: Party, arrival: Subnet) => readonly Step[] = () => [],
): Way[] {
  return from.subnets.flatMap((start) =>
    to.subnets.map((end) => {
      const peering = peeringOf(network, start.vpc, end.vpc);
      const party = partyOf(from, start);
      return wayOf(
        start.vpc === end.vpc ? 'vpc' : 'peering',
        [start.cidr],
        [
          admitted(network, from.groups, 'egress', partyOf(to, end), port),
          ...(start.vpc === end.vpc
            ? []
            : [
                step(
                  peering?.accepted === true,
                  `${peering?.id}`,
                  `no accepted peering of ${start.vpc} and ${end.vpc}`,
                ),
              ]),
          routeBetween(network, start, end, 'route'),
          admitted(network, to.groups, 'ingress', party, port),
          ...beyond(party, end),
          routeBetween(network, end, start, 'return route'),
        ],
      );
    }),
  );
}

/** From a thing's subnets to the internet. */
export function waysOut(network: Network, from: Interfaces, port: number): Way[] {
  const internet: Party = { name: 'the internet', groups: [], ranges: [everywhere] };
  return from.subnets.map((subnet) =>
    wayOf(
      'internet',
      [subnet.cidr],
      [
        named(network, subnet),
        admitted(network, from.groups, 'egress', internet, port),
        exitToInternet(network, subnet, everywhere),
      ],
    ),
  );
}

/** Public names resolve only where the VPC's resolver is on. */
function named(network: Network, subnet: Subnet): Step {
  const off = network.vpcs.find(({ id }) => id === subnet.vpc)?.dns.support === false;
  return step(!off, 'names resolve', `${subnet.vpc} has enable_dns_support off: no name resolves`);
}

/** From a thing's subnets out to the internet and in again, as its NAT gateway's address. */
export function waysAround(
  network: Network,
  from: Interfaces,
  port: number,
  inward: (party: Party) => readonly Way[],
): Way[] {
  return from.subnets.flatMap((subnet) => {
    const exit = exitToInternet(network, subnet, everywhere);
    const out = waysOut(network, { ...from, subnets: [subnet] }, port);
    // An address that is made with the plan is in no given range, only in all.
    const party: Party = {
      name: `the public address of ${from.name}`,
      groups: [],
      ranges: [],
      elastic: exit.addresses,
    };
    return inward(party).flatMap((way) =>
      out.map(
        (first): Way => ({
          over: 'internet',
          degree: inTurn([first.degree, way.degree]),
          hops: [...first.hops, ...way.hops],
          stops: [...first.stops, ...way.stops],
          sources: first.sources,
          assumed: [...first.assumed, ...way.assumed],
        }),
      ),
    );
  });
}

/** From the internet to machines in subnets: they would need public addresses and a route back. */
export function waysIn(network: Network, source: Cidr, to: Interfaces, port: number): Way[] {
  const party: Party = { name: 'the internet', groups: [], ranges: [source] };
  return to.subnets.map((subnet) =>
    wayOf(
      'internet',
      [source],
      [
        step(
          subnet.publicAddresses,
          `${subnet.id} gives public addresses`,
          `${to.name} have no public address in ${subnet.id}`,
        ),
        routeToInternet(network, subnet, source),
        admitted(network, to.groups, 'ingress', party, port),
      ],
    ),
  );
}

/** From the internet, or from a public address of our own, to a load balancer and the nodes behind. */
export function waysInByBalancer(network: Network, party: Party, balancer: Balancer, port: number): Way[] {
  return subnetsOf(network, balancer.subnets).map((subnet) =>
    wayOf('internet', party.ranges, [
      step(balancer.public, `${balancer.name} is internet-facing`, `${balancer.name} is internal`),
      routeToInternet(network, subnet, party.ranges[0] ?? everywhere),
      admitted(network, balancer.groups, 'ingress', party, port),
      ...behind(network, balancer, party, subnet, port),
    ]),
  );
}

/** To a load balancer through an endpoint in the caller's VPC. */
export function waysByEndpoint(network: Network, from: Interfaces, balancer: Balancer, port: number): Way[] {
  const services = network.endpointServices.filter(({ balancers }) => balancers.includes(balancer.id));
  return network.endpoints
    .flatMap((endpoint) =>
      services.filter(({ id }) => id === endpoint.service).map((service) => ({ endpoint, service })),
    )
    .filter(({ endpoint }) => from.subnets.some((subnet) => subnet.vpc === endpoint.vpc))
    .flatMap(({ endpoint, service }) =>
      privateWays(network, from, interfacesOf(network, endpoint), port, (party) => [
        step(
          !service.asks || endpoint.accepts,
          `endpoint service ${service.id}`,
          `${service.id} asks for acceptance, and nobody accepts ${endpoint.id}`,
        ),
        // The groups judge the caller's own address, not the endpoint's:
        // https://docs.aws.amazon.com/elasticloadbalancing/latest/network/load-balancer-security-groups.html
        ...(balancer.judgesPrivateLink
          ? [admitted(network, balancer.groups, 'ingress', { ...party, groups: [] }, port)]
          : []),
        ...throughBalancer(network, balancer, port),
      ]).map((way): Way => ({ ...way, over: 'privatelink' })),
    );
}

/** The caller's address ends at PrivateLink, so behind the load balancer only its own counts. */
function throughBalancer(network: Network, balancer: Balancer, port: number): Step[] {
  const party: Party = { name: balancer.name, groups: [], ranges: [] };
  const each = subnetsOf(network, balancer.subnets).map((subnet) => {
    const own = { ...party, ranges: [subnet.cidr] };
    const steps = behind(network, balancer, own, subnet, port);
    return wayOf(
      'vpc',
      own.ranges,
      steps.map(({ sources: _sources, ...kept }) => kept),
    );
  });
  return [
    {
      degree: over(each.map(({ degree }) => degree)),
      hop: [...new Set(each.flatMap(({ hops }) => hops))].join('; '),
      stop: [...new Set(each.flatMap(({ stops }) => stops))].join('; '),
    },
  ];
}

/** From a load balancer's listener to the nodes. `caller` has passed its security groups. */
export function behind(network: Network, balancer: Balancer, caller: Party, at: Subnet, port: number): Step[] {
  const listener = balancer.listeners.find((one) => one.port === port);
  if (listener === undefined) return [step(false, '', `${balancer.name} has no listener on port ${port}`)];
  const targets = network.targetGroups.filter(({ id }) => listener.targetGroups.includes(id));
  const steps = targets.flatMap((target) =>
    network.nodeGroups
      .filter(({ id }) => target.nodeGroups.includes(id))
      .flatMap((nodes) =>
        subnetsOf(network, nodes.subnets)
          .filter((subnet) => near(network, balancer, subnet))
          .map((subnet) =>
            toTarget(
              network,
              { balancer, caller, at, target },
              { name: `nodes in ${subnet.id}`, subnets: [subnet], groups: nodes.groups },
            ),
          ),
      ),
  );
  return [
    step(true, `listener ${listener.id} on port ${port}`, ''),
    ...(steps.length === 0 ? [step(false, '', `no node is behind ${listener.id}`)] : [together(steps)]),
  ];
}

/** A load balancer leads to zones that it is in itself, or else to all of them. */
function near(network: Network, balancer: Balancer, { zone }: Subnet): boolean {
  const zones = subnetsOf(network, balancer.subnets).map((subnet) => subnet.zone);
  return balancer.crossZone || zone === undefined || zones.includes(undefined) || zones.includes(zone);
}

interface Hop {
  readonly balancer: Balancer;
  readonly caller: Party;
  readonly at: Subnet;
  readonly target: TargetGroup;
}

function toTarget(network: Network, { balancer, caller, at, target }: Hop, nodes: Interfaces): Way {
  const node: Party = { name: nodes.name, groups: nodes.groups, ranges: nodes.subnets.map(({ cidr }) => cidr) };
  const own: Party = { name: balancer.name, groups: balancer.groups, ranges: [at.cidr] };
  // A rule that names the load balancer's group holds for what it forwards even when the caller's address is kept:
  // https://docs.aws.amazon.com/elasticloadbalancing/latest/network/load-balancer-security-groups.html
  const seen: Party = target.preservesClient
    ? { ...caller, name: `${caller.name} through ${balancer.name}`, groups: balancer.groups }
    : own;
  const { sources: _own, ...health } = admitted(network, nodes.groups, 'ingress', own, target.health);
  const { sources, ...arrival } = admitted(network, nodes.groups, 'ingress', seen, target.port);
  return wayOf('vpc', caller.ranges, [
    admitted(network, balancer.groups, 'egress', node, target.port),
    // Where no target is healthy all of them get calls, so this alone closes nothing.
    health.degree === 'all'
      ? { ...health, hop: `health checks of ${target.id} arrive` }
      : {
          ...health,
          degree: 'some',
          hop: `health checks of ${target.id} fail`,
          stop: `health checks of ${target.id} fail: ${health.stop}`,
        },
    { ...arrival, ...(target.preservesClient && sources !== undefined && { sources }) },
  ]);
}

/** What holds for several targets, as one step. */
function together(ways: readonly Way[]): Step {
  const best = ways.find(({ degree }) => degree === 'all') ?? ways.find(({ degree }) => degree === 'some');
  return {
    degree: over(ways.map(({ degree }) => degree)),
    hop: (best?.hops ?? []).join('; '),
    stop: [...new Set(ways.flatMap(({ stops }) => stops))].join('; '),
    sources: ways.flatMap(({ sources }) => sources),
  };
}

export function subnetsOf(network: Network, ids: readonly Id[]): Subnet[] {
  return network.subnets.filter(({ id }) => ids.includes(id));
}

/** Interfaces of a load balancer, an interface endpoint or a control plane. */
export function interfacesOf(network: Network, thing: Balancer | Endpoint | Cluster): Interfaces {
  return {
    name: 'name' in thing ? thing.name : thing.id,
    subnets: subnetsOf(network, thing.subnets),
    groups: thing.groups,
  };
}
