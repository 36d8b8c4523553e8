/** Gateways, load balancers, addresses, endpoints, peerings. */
import { known, type Line, type Rule } from './line';
import { type Json, one, plain } from './plan';

const address = 'ipv4';

export const natGateway: Rule = (_resource, { assumptions: { natGb } }) => [
  { item: 'nat.hour', quantity: 1, what: 'NAT gateway' },
  { item: 'nat.data', quantity: natGb, what: `data through it, ${natGb} GB`, estimate: true },
];

export const elasticIp: Rule = () => [{ item: address, quantity: 1, what: 'public IPv4 address' }];

export const balancer: Rule = ({ values }, { assumptions: { lbLcu } }) => {
  const type = values.load_balancer_type ?? 'application';
  if (type !== 'network' && type !== 'application') return [{ missing: `load balancer of type ${String(type)}` }];
  return [
    { item: `lb.${type}.hour`, quantity: 1, what: `${type} load balancer ${plain(values.name) ?? ''}`.trimEnd() },
    { item: `lb.${type}.capacity`, quantity: lbLcu, what: `its use, ${lbLcu} capacity units`, estimate: true },
    ...(values.internal === true ? [] : balancerAddresses(values)),
  ];
};

/** One address for each subnet. An Elastic IP that is given is billed where it is held. */
function balancerAddresses({ subnets, subnet_mapping: mappings }: Json): Line[] {
  const mapped = Array.isArray(mappings) ? mappings.filter((entry) => one(entry)?.allocation_id === undefined) : [];
  const own = Array.isArray(mappings) && mappings.length > 0 ? mapped.length : length(subnets);
  return known(own, 'public IPv4 addresses: the number of subnets is known only then', (count) =>
    count === 0 ? [] : [{ item: address, quantity: count, what: `${count} public IPv4 addresses` }],
  );
}

export const endpoint: Rule = ({ values }, { assumptions: { endpointGb } }) => {
  const type = values.vpc_endpoint_type ?? 'Gateway';
  if (type === 'Gateway') return [];
  if (type !== 'Interface') return [{ missing: `endpoint of type ${String(type)}` }];
  const service = (plain(values.service_name) ?? '').replace(/^com\.amazonaws\.[a-z0-9-]+\./, '');
  const name = service === '' ? 'a service of the plan' : service;
  return known(length(values.subnet_ids), 'endpoint: the number of zones is known only then', (zones) => [
    { item: 'endpoint.hour', quantity: zones, what: `endpoint for ${name} in ${zones} zones` },
    { item: 'endpoint.data', quantity: endpointGb, what: `data through it, ${endpointGb} GB`, estimate: true },
  ]);
};

/** The connection is free and so is traffic within a zone. Between zones both ends pay. */
export const peering: Rule = (_resource, { assumptions: { zoneGb } }) => [
  {
    item: 'data.zone',
    quantity: 2 * zoneGb,
    what: `data between zones over the peering, ${zoneGb} GB each way`,
    estimate: true,
  },
];

/** Entries of a list; undefined when the plan has an expression in its place. */
function length(list: unknown): number | undefined {
  return Array.isArray(list) ? list.length : undefined;
}
