/** The way of an image to a node: from public registries, and from the region's own (ECR), whose layers lie in S3. */
import { inTurn } from './degree';
import type { Network } from './network';
import type { Way } from './way';
import { type Interfaces, interfacesOf, privateWays, waysOut } from './ways';

const httpsPort = 443;

/** For each subnet one way: it must bring images of every kind. */
export function registryWays(network: Network, from: Interfaces): Way[] {
  return from.subnets.map((subnet) => {
    const here: Interfaces = { ...from, subnets: [subnet] };
    const parts = [
      ...waysOut(network, here, httpsPort),
      // An endpoint with the service's own name takes all its calls, for better or worse.
      ...['ecr.api', 'ecr.dkr'].flatMap((service) => byEndpoint(network, here, service)),
    ];
    const gateway = network.endpoints.find(
      ({ kind, service, tables }) => kind === 'gateway' && service === 's3' && tables.includes(subnet.table),
    );
    return {
      over: 'internet',
      degree: inTurn(parts.map(({ degree }) => degree)),
      hops: [...parts.flatMap(({ hops }) => hops), ...(gateway === undefined ? [] : [`layers by ${gateway.id}`])],
      stops: parts.flatMap(({ stops }) => stops),
      sources: [subnet.cidr],
      assumed: parts.flatMap(({ assumed }) => assumed),
    };
  });
}

function byEndpoint(network: Network, from: Interfaces, service: string): Way[] {
  const vpcs = from.subnets.map(({ vpc }) => vpc);
  const endpoint = network.endpoints.find(
    (one) => one.kind === 'interface' && one.service === service && vpcs.includes(one.vpc) && one.privateName,
  );
  if (endpoint === undefined) return [];
  const ways = privateWays(network, from, interfacesOf(network, endpoint), httpsPort);
  // One of its addresses is enough: the name has the zone's own first.
  return ways.length === 0 ? [] : [ways.find(({ degree }) => degree === 'all') ?? ways[0]].flatMap((way) => way ?? []);
}
