/** What keeps a part of a network from being deleted. */
import { paginateDescribeNetworkInterfaces } from '@aws-sdk/client-ec2';
import type { AwsClients } from './clients';
import { collect } from './leftovers/resource';

/** Filter of interfaces by what they are in, by the beginning of its id. */
const filters: Readonly<Record<string, string>> = { vpc: 'vpc-id', subnet: 'subnet-id', sg: 'group-id' };

/** Network interfaces in a VPC, subnet or security group, a line each; none for other ids. */
export async function interfacesIn({ ec2: client }: AwsClients, id: string): Promise<string[]> {
  const filter = filters[id.split('-')[0] ?? ''];
  if (filter === undefined) return [];
  const pages = paginateDescribeNetworkInterfaces({ client }, { Filters: [{ Name: filter, Values: [id] }] });
  const found = await collect(pages, ({ NetworkInterfaces }) => NetworkInterfaces);
  return found.map(({ NetworkInterfaceId: name, Description: description, Status: status, Attachment: attachment }) => {
    const at = attachment?.InstanceId ?? attachment?.InstanceOwnerId;
    const parts = [description ?? '', status ?? '', at === undefined ? '' : `attached to ${at}`];
    return `network interface ${name} (${parts.filter((part) => part !== '').join(', ')})`;
  });
}
