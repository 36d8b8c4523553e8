/** What one leftover costs while it is there, from the same table as `isthmus cost`. */
import { dollars } from '../../../model/price/money';
import { findPrice, priceFamily, rate } from '../../../model/price/table';
import { supportWindows, unsupportedAt } from '../../../model/support';
import { freeBecause } from '../../cost/free';
import type { Resource } from './resource';

/** Types that cost nothing themselves: what they hold or lead to is billed, and listed, for itself. */
const bare: readonly string[] = [
  'aws_autoscaling_group',
  'aws_eks_node_group',
  'aws_flow_log',
  'aws_network_interface',
  'aws_vpc_peering_connection',
];

/** What a gp3 volume brings along; more is billed. */
const gp3 = { iops: 3_000, throughput: 125 };

/**
 * USD an hour; traffic and use come on top. Undefined when the table has no price for it.
 * @param today decides whether a Kubernetes version is still in standard support
 */
export function priceOfLeftover(found: Resource, region: string, today = new Date()): number | undefined {
  const { type, facts = {} } = found;
  const { gib = 0, zones = 0, kind = '' } = facts;
  const price = (item: string, quantity = 1) => priceOfItem(item, Number(quantity), region);
  if (bare.includes(type) || freeBecause(type) !== undefined) return 0;
  switch (type) {
    case 'aws_eks_cluster':
      return clusterPrice(String(facts.version), region, today);
    case 'aws_instance':
      if (facts.state === 'stopped') return 0;
      return price(`${kind === 'spot' ? priceFamily.spot : priceFamily.onDemand}.${facts.instanceType}`);
    case 'aws_ebs_volume': {
      const faster = Number(facts.iops) > gp3.iops || Number(facts.throughput) > gp3.throughput;
      return faster ? undefined : price(`${priceFamily.volume}.${facts.volumeType}`, Number(gib));
    }
    case 'aws_nat_gateway':
      return price('nat.hour');
    case 'aws_eip':
      return price('ipv4');
    case 'aws_lb':
      return sum([price(`lb.${kind}.hour`), price('ipv4', Number(facts.addresses))]);
    case 'aws_vpc_endpoint':
      if (kind === 'Gateway') return 0;
      return kind === 'Interface' ? price('endpoint.hour', Number(zones)) : undefined;
    case 'aws_kms_key':
      return price('kms.key');
    case 'aws_cloudwatch_log_group':
      return gib === 0 ? 0 : undefined;
    default:
      return undefined;
  }
}

function clusterPrice(version: string, region: string, today: Date): number | undefined {
  const windows = supportWindows.filter(({ product, line }) => product === 'Amazon EKS' && line === version);
  if (windows.length === 0) return undefined;
  return priceOfItem(unsupportedAt(today, windows).length > 0 ? 'eks.extended' : 'eks.standard', 1, region);
}

function priceOfItem(item: string, quantity: number, region: string): number | undefined {
  const price = findPrice(item, region);
  return price === undefined ? undefined : dollars(rate(price, quantity).perHour);
}

/** Undefined when a part is. */
function sum(parts: readonly (number | undefined)[]): number | undefined {
  return parts.reduce((total, part) => (total === undefined || part === undefined ? undefined : total + part), 0);
}
