/** Keys, logs, and volumes that are resources of their own. */
import { extras, logs, logTypes, volume } from './compute';
import type { Rule } from './line';
import { numeric, plain } from './plan';

export const key: Rule = () => [{ item: 'kms.key', quantity: 1, what: 'KMS key, not rotated yet' }];

export const logGroupRule: Rule = ({ values }, { plan, assumptions: { logGb } }) => {
  const kind = plain(values.log_group_class) ?? 'STANDARD';
  if (kind !== 'STANDARD') return [{ missing: `logs of class ${kind}` }];
  const name = plain(values.name);
  const writer = plan.resources.find(
    (other) => other.type === 'aws_eks_cluster' && name === `/aws/eks/${plain(other.values.name)}/cluster`,
  );
  if (writer !== undefined) return [logs(logTypes(writer.values), 'control plane', logGb)];
  const flow = plan.resources.some(({ type, values: { log_destination: target } }) => {
    return type === 'aws_flow_log' && String(target).includes('aws_cloudwatch_log_group.');
  });
  return [logs(1, flow || name?.includes('flow') === true ? 'flow' : (name ?? 'other'), logGb)];
};

/** What goes to CloudWatch is billed with its log group. */
export const flowLog: Rule = ({ values }) => {
  const target = plain(values.log_destination_type) ?? 'cloud-watch-logs';
  return target === 'cloud-watch-logs' ? [] : [{ missing: `flow log into ${target}` }];
};

export const ebsVolume: Rule = ({ values }) => [
  ...volume(numeric(values.size), plain(values.type) ?? 'gp2', 1, 'volume'),
  ...extras(values),
];
