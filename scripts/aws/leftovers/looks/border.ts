/** Looks into EC2 for what joins VPCs to each other and to AWS's services, and for flow logs. */
import {
  paginateDescribeFlowLogs,
  paginateDescribeVpcEndpointServiceConfigurations,
  paginateDescribeVpcEndpoints,
  paginateDescribeVpcPeeringConnections,
} from '@aws-sdk/client-ec2';
import type { AwsClients } from '../../clients';
import { collect, type Look } from '../resource';
import { look, part } from './network';

export function borderLooks({ ec2 }: AwsClients): Look[] {
  const client = { client: ec2 };
  return [
    look('EC2 VPC endpoints', 'ec2:DescribeVpcEndpoints', async () => {
      const all = await collect(paginateDescribeVpcEndpoints(client, {}), (page) => page.VpcEndpoints);
      return all
        .filter(({ State }) => !['deleting', 'deleted'].includes(String(State).toLowerCase()))
        .map(
          ({ VpcEndpointId, VpcId, Tags, ServiceName, VpcEndpointType = '', SubnetIds = [], NetworkInterfaceIds }) => ({
            ...part('aws_vpc_endpoint', VpcEndpointId, Tags, [VpcId], ServiceName),
            parts: NetworkInterfaceIds ?? [],
            facts: { kind: VpcEndpointType, zones: SubnetIds.length },
          }),
        );
    }),
    look('EC2 VPC endpoint services', 'ec2:DescribeVpcEndpointServiceConfigurations', async () => {
      const pages = paginateDescribeVpcEndpointServiceConfigurations(client, {});
      const all = await collect(pages, (page) => page.ServiceConfigurations);
      return all
        .filter(({ ServiceState }) => !['Deleting', 'Deleted'].includes(ServiceState ?? ''))
        .map(({ ServiceId, ServiceName, Tags }) => part('aws_vpc_endpoint_service', ServiceId, Tags, [], ServiceName));
    }),
    look('EC2 VPC peering connections', 'ec2:DescribeVpcPeeringConnections', async () => {
      const all = await collect(
        paginateDescribeVpcPeeringConnections(client, {}),
        (page) => page.VpcPeeringConnections,
      );
      // Those that ended stay in the list for hours.
      const ended = ['deleted', 'deleting', 'expired', 'failed', 'rejected'];
      return all
        .filter(({ Status }) => !ended.includes(Status?.Code ?? ''))
        .map(({ VpcPeeringConnectionId, AccepterVpcInfo, RequesterVpcInfo, Tags }) =>
          part('aws_vpc_peering_connection', VpcPeeringConnectionId, Tags, [
            RequesterVpcInfo?.VpcId,
            AccepterVpcInfo?.VpcId,
          ]),
        );
    }),
    look('EC2 flow logs', 'ec2:DescribeFlowLogs', async () => {
      const all = await collect(paginateDescribeFlowLogs(client, {}), (page) => page.FlowLogs);
      return all.map(({ FlowLogId, ResourceId, LogGroupName, Tags }) =>
        part('aws_flow_log', FlowLogId, Tags, [ResourceId], LogGroupName),
      );
    }),
  ];
}
