/** A plan → what it costs, item by item, and what nobody can tell from it. */
import { type Assumptions, defaultAssumptions } from '../../model/price/assumptions';
import { dollars, type Micros, type Rate, total } from '../../model/price/money';
import { currency, findPrice, newest, rate } from '../../model/price/table';
import { claim, release } from './claims';
import { cluster, logGroup, nodeGroup } from './compute';
import { freeBecause } from './free';
import type { Billed, Context, Line, Rule } from './line';
import { balancer, elasticIp, endpoint, natGateway, peering } from './network';
import type { Plan, Resource } from './plan';
import { ebsVolume, flowLog, key, logGroupRule } from './storage';

export interface Item extends Rate {
  readonly address: string;
  readonly what: string;
  readonly region: string;
  /** Page with the price, and its date. */
  readonly source: string;
  readonly asOf: string;
  /** A price that moves, or an assumed quantity. */
  readonly estimate: boolean;
}

/** Something that costs money, or may, without a price. */
export interface Gap {
  readonly address: string;
  readonly what: string;
}

export interface Estimate extends Rate {
  readonly items: readonly Item[];
  readonly gaps: readonly Gap[];
  readonly assumptions: Assumptions;
}

export interface EstimateOptions {
  /** @default - those of a lab that people look at */
  readonly assumptions?: Assumptions;
  /** Whether a Kubernetes version of EKS has left standard support. @default - nobody knows: it is assumed not to */
  readonly extended?: Context['extended'];
}

const rules: Readonly<Record<string, Rule>> = {
  aws_eks_cluster: cluster,
  aws_eks_node_group: nodeGroup,
  aws_nat_gateway: natGateway,
  aws_eip: elasticIp,
  aws_lb: balancer,
  aws_vpc_endpoint: endpoint,
  aws_vpc_peering_connection: peering,
  aws_kms_key: key,
  [logGroup]: logGroupRule,
  aws_flow_log: flowLog,
  aws_ebs_volume: ebsVolume,
  helm_release: release,
  kubernetes_persistent_volume_claim: claim,
  kubernetes_persistent_volume_claim_v1: claim,
};

/** Types that {@link estimate} prices. */
export const pricedTypes = Object.keys(rules);

/** Prices every resource of a plan. */
export function estimate(plan: Plan, options: EstimateOptions = {}): Estimate {
  const assumptions = options.assumptions ?? defaultAssumptions;
  const context: Context = { plan, assumptions, extended: options.extended ?? (() => undefined) };
  const found = plan.resources.flatMap((resource) => priceResource(resource, context));
  const items = found.flatMap((entry) => ('source' in entry ? [entry] : []));
  const gaps = found.flatMap((entry) => ('source' in entry ? [] : [entry]));
  return { items, gaps, assumptions, ...total(items) };
}

function priceResource(resource: Resource, context: Context): (Item | Gap)[] {
  const { address, type, count } = resource;
  const rule = rules[type];
  if (rule === undefined) {
    const silent = !type.startsWith('aws_') || freeBecause(type) !== undefined;
    return silent ? [] : [{ address, what: `no rule for resources of type ${type}` }];
  }
  const lines = rule(resource, context);
  if (lines.length === 0 || count === 0) return [];
  if (count === undefined) return [{ address, what: 'how many there are is known only when the plan is applied' }];
  return lines.map((line) => priceLine(resource, line, count));
}

function priceLine({ address, region }: Resource, line: Line, count: number): Item | Gap {
  if ('missing' in line) return { address, what: line.missing };
  if (region === undefined) return { address, what: `${line.what}: its region is known only when the plan is applied` };
  const price = findPrice(line.item, region);
  if (price === undefined) return { address, what: `${line.what}: no price of ${line.item} in ${region}` };
  const { source, asOf } = price;
  const what = count === 1 ? line.what : `${count} × ${line.what}`;
  return { address, what, region, source, asOf, estimate: isEstimate(line), ...rate(price, line.quantity * count) };
}

function isEstimate({ estimate: said }: Billed): boolean {
  return said === true;
}

/** Regions of what is priced. */
export function regionsOf({ items }: Estimate): string[] {
  return [...new Set(items.map(({ region }) => region))].toSorted();
}

/** First and last date of the prices in use; the table's newest when none is. */
export function datesOf({ items }: Estimate): { readonly first: string; readonly last: string } {
  const dates = items.map(({ asOf }) => asOf).toSorted();
  return { first: dates[0] ?? newest, last: dates.at(-1) ?? newest };
}

/** What `--json` prints. */
export function costJson(found: Estimate): unknown {
  const amounts = ({ perHour, perMonth }: { perHour: Micros; perMonth: Micros }) => ({
    perHour: dollars(perHour),
    perMonth: dollars(perMonth),
  });
  const { first } = datesOf(found);
  return {
    currency,
    region: regionsOf(found).join(', '),
    asOf: first,
    ...amounts(found),
    items: found.items.map((item) => ({
      address: item.address,
      what: item.what,
      ...amounts(item),
      source: item.source,
      asOf: item.asOf,
      estimate: item.estimate,
    })),
    unpriced: [...new Set(found.gaps.map(({ address }) => address))],
    missing: found.gaps,
    assumptions: found.assumptions,
  };
}
