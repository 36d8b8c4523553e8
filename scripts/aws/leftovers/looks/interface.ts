/** Network interfaces: most come and go with something else, and only AWS's description of one says with what. */
import type { NetworkInterface } from '@aws-sdk/client-ec2';
import { type Resource, tagsOf } from '../resource';

/** Descriptions that AWS gives the interfaces of its own services; the group is what we know their owner by. */
const owners: readonly RegExp[] = [
  /^Interface for NAT Gateway (nat-[0-9a-z]+)/,
  /^VPC Endpoint Interface (vpce-[0-9a-z]+)/,
  // `ELB net/NAME/0123456789abcdef` and, of a classic one, `ELB NAME`.
  /^ELB ((?:app|net|gwy)\/[^/]+\/[0-9a-f]+)$/,
  /^ELB ([^/]+)$/,
  /^Amazon EKS (.+)$/,
];

/** An interface that is attached names what it is attached to as what it is part of. */
export function networkInterface(found: NetworkInterface): Resource {
  const { NetworkInterfaceId: id = '', Description: name = '', VpcId, TagSet, Status, Attachment } = found;
  const described = owners.map((owner) => owner.exec(name)?.[1]).find((owner) => owner !== undefined);
  const partOf = Attachment?.InstanceId ?? described;
  return {
    type: 'aws_network_interface',
    id,
    name,
    tags: tagsOf(TagSet),
    vpcs: VpcId === undefined ? [] : [VpcId],
    ...(partOf === undefined ? {} : { partOf }),
    facts: { state: Status ?? '' },
  };
}
