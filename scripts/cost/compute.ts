/** Control planes and nodes. */
import { priceFamily } from '../../model/price/table';
import { type Context, known, type Line, type Rule } from './line';
import { blocks, type Json, numeric, one, plain, type Resource } from './plan';

/** Volume that EKS gives a node when the plan does not say, GiB. */
const defaultDisk = 20;
/** What a gp3 volume brings along; more is billed. */
const gp3 = { iops: 3_000, throughput: 125 };

export const cluster: Rule = ({ values }, context) => {
  const version = plain(values.version);
  // With this policy AWS upgrades a version that leaves standard support instead of charging for it.
  const upgrades = one(values.upgrade_policy)?.support_type === 'STANDARD';
  const over = version === undefined || upgrades ? false : context.extended(version);
  const extended = over === true;
  const support = `${version ?? 'newest version'}, ${extended ? 'extended' : 'standard'} support${over === undefined ? ' assumed' : ''}`;
  return [
    {
      item: extended ? 'eks.extended' : 'eks.standard',
      quantity: 1,
      what: `control plane (${support})`,
      estimate: over === undefined,
    },
    ...(one(values.compute_config)?.enabled === true ? [{ missing: 'nodes that EKS Auto Mode makes' }] : []),
    ...ownLogs(values, context),
  ];
};

/** Control-plane logs are billed with their log group. One that is not in the plan is made by EKS all the same. */
function ownLogs(values: Json, { plan }: Context): Line[] {
  const group = `/aws/eks/${plain(values.name)}/cluster`;
  const planned = plan.resources.some(({ type, values: { name } }) => type === logGroup && name === group);
  return logTypes(values) === 0 || planned ? [] : [{ missing: `logs into ${group}, which EKS makes itself` }];
}

export const logGroup = 'aws_cloudwatch_log_group';

/** Kinds of log that a control plane writes. */
export function logTypes({ enabled_cluster_log_types: types }: Json): number {
  return Array.isArray(types) ? types.length : 0;
}

/** Ingestion of so many kinds of log. */
export function logs(kinds: number, whose: string, gb: number): Line {
  const each = kinds === 1 ? '' : `${kinds} kinds × `;
  return { item: 'logs.ingest', quantity: kinds * gb, what: `${whose} logs, ${each}${gb} GB`, estimate: true };
}

export const nodeGroup: Rule = (resource, context) => {
  const { values } = resource;
  const template = context.plan.follow(resource, launchTemplate(values));
  return known(numeric(one(values.scaling_config)?.desired_size), 'nodes: their number is known only then', (nodes) => [
    ...instances(values, template, nodes),
    ...disks(values, template, nodes),
  ]);
};

function launchTemplate(values: Json): unknown {
  const block = one(values.launch_template);
  return block?.id ?? block?.name;
}

function instances(values: Json, template: Resource | undefined, nodes: number): Line[] {
  const listed = Array.isArray(values.instance_types) ? values.instance_types : [];
  const types = listed.length > 0 ? listed : [template?.values.instance_type ?? 't3.medium'];
  const spot = values.capacity_type === 'SPOT';
  // EKS takes the first that is to be had. On spot it may be any of them.
  const [type] = types;
  if (plain(type) === undefined) return [{ missing: 'nodes: their instance type is known only then' }];
  const family = spot ? priceFamily.spot : priceFamily.onDemand;
  const others = types.length > 1 ? `, or ${types.slice(1).join(', ')}` : '';
  const what = `${nodes} × ${type}${spot ? ' spot (estimate)' : ''}${others}`;
  return [
    { item: `${family}.${type}`, quantity: nodes, what, estimate: spot },
    ...(one(template?.values.monitoring)?.enabled === true ? [{ missing: 'detailed monitoring of the nodes' }] : []),
  ];
}

/** Root volumes: from the launch template, or the group's own setting where it has none. */
function disks(values: Json, template: Resource | undefined, nodes: number): Line[] {
  if (launchTemplate(values) === undefined)
    return volume(numeric(values.disk_size ?? defaultDisk), 'gp3', nodes, 'root volume');
  if (template === undefined) return [{ missing: 'root volumes of the nodes: the launch template is not in the plan' }];
  const volumes = blocks(template.values.block_device_mappings).flatMap(({ ebs }) => blocks(ebs));
  if (volumes.length === 0) return [{ missing: 'root volumes of the nodes: the launch template does not say' }];
  return volumes.flatMap((ebs) => [
    ...volume(numeric(ebs.volume_size), plain(ebs.volume_type) ?? 'of unknown type', nodes, 'root volume'),
    ...extras(ebs),
  ]);
}

/** So many volumes of a size in GiB. */
export function volume(size: number | undefined, type: string, pieces: number, what: string): Line[] {
  return known(size, `${what}: its size is known only then`, (gib) => [
    {
      item: `${priceFamily.volume}.${type}`,
      quantity: pieces * gib,
      what: `${what}${pieces === 1 ? '' : 's'}, ${pieces === 1 ? '' : `${pieces} × `}${gib} GiB ${type}`,
    },
  ]);
}

/** Speed beyond what a volume brings along. */
export function extras({ iops, throughput }: Json): Line[] {
  const more = (numeric(iops) ?? 0) > gp3.iops || (numeric(throughput) ?? 0) > gp3.throughput;
  return more ? [{ missing: `speed of a volume beyond ${gp3.iops} IOPS and ${gp3.throughput} MiB/s` }] : [];
}
