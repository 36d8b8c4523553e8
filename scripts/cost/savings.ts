/** What would make a lab cheaper, as far as its plan shows it. */
import { hourly, type Micros } from '../../model/price/money';
import { findPrice, priceFamily } from '../../model/price/table';
import { logGroup, logTypes } from './compute';
import type { Estimate } from './estimate';
import { numeric, one, type Plan } from './plan';

export interface Saving {
  /** What to write into the lab file. */
  readonly advice: string;
  /** What it saves; undefined when the table does not tell. */
  readonly perMonth: Micros | undefined;
}

/** Savings that apply to a plan. */
export function savings(plan: Plan, estimate: Estimate): Saving[] {
  return [spot(plan), oneNat(plan, estimate), fewerLogs(plan, estimate)].flat();
}

function spot({ resources }: Plan): Saving[] {
  const groups = resources.filter(
    ({ type, values }) => type === 'aws_eks_node_group' && (values.capacity_type ?? 'ON_DEMAND') === 'ON_DEMAND',
  );
  if (groups.length === 0) return [];
  const each = groups.map(({ region = '', values }) => {
    const [type] = Array.isArray(values.instance_types) ? values.instance_types : [];
    const now = findPrice(`${priceFamily.onDemand}.${String(type)}`, region);
    const then = findPrice(`${priceFamily.spot}.${String(type)}`, region);
    const nodes = numeric(one(values.scaling_config)?.desired_size);
    if (now === undefined || then === undefined || nodes === undefined) return undefined;
    return hourly(now.usd - then.usd, nodes).perMonth;
  });
  return [{ advice: "aws.nodes.spot: true – AWS may take a node back at two minutes' notice", perMonth: sum(each) }];
}

/** All but one gateway of each network, with the addresses they hold. */
function oneNat({ resources }: Plan, estimate: Estimate): Saving[] {
  const gateways = resources.filter(({ type }) => type === 'aws_nat_gateway');
  const first = new Map(gateways.toReversed().map((gateway) => [gateway.stack, gateway.address]));
  const spare = gateways.filter(({ stack, address }) => first.get(stack) !== address);
  if (spare.length === 0) return [];
  const hours = estimate.items.filter(
    ({ address, estimate: use }) => !use && spare.some((gateway) => gateway.address === address),
  );
  const addresses = spare.map(({ region = '' }) => {
    const price = findPrice('ipv4', region);
    return price === undefined ? undefined : hourly(price.usd, 1).perMonth;
  });
  return [
    {
      advice: 'aws.nat: one – no way out for all zones when the zone of the gateway fails',
      perMonth: sum([...hours.map(({ perMonth }) => perMonth), ...addresses]),
    },
  ];
}

function fewerLogs({ resources }: Plan, estimate: Estimate): Saving[] {
  const kinds = Math.max(0, ...resources.map(({ values }) => logTypes(values)));
  if (kinds < 2) return [];
  const rows = estimate.items.filter(
    ({ address, what }) => address.includes(`/${logGroup}.`) && what.startsWith('control plane'),
  );
  const saved = rows.map(({ perMonth }) => Math.round((perMonth * (kinds - 1)) / kinds));
  return [{ advice: 'aws.logs.types: [audit] – one kind of control-plane log', perMonth: sum(saved) }];
}

function sum(amounts: readonly (Micros | undefined)[]): Micros | undefined {
  if (amounts.length === 0 || amounts.some((amount) => amount === undefined)) return undefined;
  return amounts.reduce<Micros>((all, amount) => all + (amount ?? 0), 0);
}
