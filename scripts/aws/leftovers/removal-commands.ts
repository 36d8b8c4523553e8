/** Command lines of the AWS CLI that remove one thing each. */
import type { Resource } from './resource';

/** AWS CLI command, without the region, by type; `%` stands for the id. */
const commands: Readonly<Record<string, string>> = {
  aws_autoscaling_group: 'autoscaling delete-auto-scaling-group --force-delete --auto-scaling-group-name %',
  aws_cloudwatch_log_group: 'logs delete-log-group --log-group-name %',
  aws_ebs_snapshot: 'ec2 delete-snapshot --snapshot-id %',
  aws_ebs_volume: 'ec2 delete-volume --volume-id %',
  aws_eip: 'ec2 release-address --allocation-id %',
  aws_eks_cluster: 'eks delete-cluster --name %',
  aws_elb: 'elb delete-load-balancer --load-balancer-name %',
  aws_flow_log: 'ec2 delete-flow-logs --flow-log-ids %',
  aws_iam_openid_connect_provider: 'iam delete-open-id-connect-provider --open-id-connect-provider-arn %',
  aws_iam_policy: 'iam delete-policy --policy-arn %',
  aws_iam_role: 'iam delete-role --role-name %',
  aws_instance: 'ec2 terminate-instances --instance-ids %',
  aws_kms_alias: 'kms delete-alias --alias-name %',
  aws_kms_key: 'kms schedule-key-deletion --pending-window-in-days 7 --key-id %',
  aws_launch_template: 'ec2 delete-launch-template --launch-template-id %',
  aws_lb: 'elbv2 delete-load-balancer --load-balancer-arn %',
  aws_lb_target_group: 'elbv2 delete-target-group --target-group-arn %',
  aws_nat_gateway: 'ec2 delete-nat-gateway --nat-gateway-id %',
  aws_network_interface: 'ec2 delete-network-interface --network-interface-id %',
  aws_route_table: 'ec2 delete-route-table --route-table-id %',
  aws_security_group: 'ec2 delete-security-group --group-id %',
  aws_subnet: 'ec2 delete-subnet --subnet-id %',
  aws_vpc: 'ec2 delete-vpc --vpc-id %',
  aws_vpc_endpoint: 'ec2 delete-vpc-endpoints --vpc-endpoint-ids %',
  aws_vpc_endpoint_service: 'ec2 delete-vpc-endpoint-service-configurations --service-ids %',
  aws_vpc_peering_connection: 'ec2 delete-vpc-peering-connection --vpc-peering-connection-id %',
};

/** The command line that removes a resource; for a type that we don't know, one that shows more of it. */
export function removalCommand({ type, id, vpcs = [] }: Resource, region: string): string {
  const command = (text: string, name = id) => `aws ${text.replace('%', () => quoted(name))} --region ${region}`;
  if (type === 'aws_eks_node_group') {
    const [cluster = '', name = ''] = id.split(':');
    return command(`eks delete-nodegroup --cluster-name ${quoted(cluster)} --nodegroup-name %`, name);
  }
  if (type === 'aws_internet_gateway') {
    const detach = vpcs.map((vpc) => command(`ec2 detach-internet-gateway --vpc-id ${vpc} --internet-gateway-id %`));
    return [...detach, command('ec2 delete-internet-gateway --internet-gateway-id %')].join(' && ');
  }
  return command(commands[type] ?? 'resourcegroupstaggingapi get-resources --resource-arn-list %');
}

/** As a shell takes it for one word: others may have chosen the names. */
function quoted(word: string): string {
  return /^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`;
}
