/** Networks and what lies between them: mostly EC2, where tags decide. */
import { labTag } from '../names';
import { type Names, of, partitionOf, type Scope, tagged, tagging, within } from './scope';

/** What an action of EC2 makes; it must be given the lab's tag. */
const made: Readonly<Record<string, string>> = {
  AllocateAddress: 'elastic-ip',
  AuthorizeSecurityGroupEgress: 'security-group-rule',
  AuthorizeSecurityGroupIngress: 'security-group-rule',
  CreateFlowLogs: 'vpc-flow-log',
  CreateInternetGateway: 'internet-gateway',
  CreateLaunchTemplate: 'launch-template',
  CreateNatGateway: 'natgateway',
  CreateRouteTable: 'route-table',
  CreateSecurityGroup: 'security-group',
  CreateSubnet: 'subnet',
  CreateVpc: 'vpc',
  CreateVpcEndpoint: 'vpc-endpoint',
  CreateVpcEndpointServiceConfiguration: 'vpc-endpoint-service',
  CreateVpcPeeringConnection: 'vpc-peering-connection',
};

/** What an action of EC2 needs or changes must carry the lab's tag. */
const used = of(
  'ec2',
  'AcceptVpcEndpointConnections AcceptVpcPeeringConnection AssociateRouteTable AttachInternetGateway ' +
    'AuthorizeSecurityGroupEgress AuthorizeSecurityGroupIngress CreateFlowLogs CreateLaunchTemplateVersion ' +
    'CreateNatGateway CreateRoute CreateRouteTable CreateSecurityGroup CreateSubnet CreateTags CreateVpcEndpoint ' +
    'CreateVpcPeeringConnection DeleteFlowLogs DeleteInternetGateway DeleteLaunchTemplate DeleteNatGateway ' +
    'DeleteNetworkInterface DeleteRoute DeleteRouteTable DeleteSecurityGroup DeleteSubnet DeleteTags DeleteVpc ' +
    'DeleteVpcEndpointServiceConfigurations DeleteVpcEndpoints DeleteVpcPeeringConnection DetachInternetGateway ' +
    'DetachNetworkInterface DisassociateAddress DisassociateRouteTable ModifyLaunchTemplate ' +
    'ModifySecurityGroupRules ModifySubnetAttribute ModifyVpcAttribute ModifyVpcEndpoint ' +
    'ModifyVpcEndpointServiceConfiguration ModifyVpcEndpointServicePermissions ReleaseAddress ReplaceRoute ' +
    'ReplaceRouteTableAssociation RevokeSecurityGroupEgress RevokeSecurityGroupIngress',
);

export function networkScopes(names: Names): Scope[] {
  const { arn, clusters, region } = names;
  const part = 'network';
  return [
    {
      part,
      sid: 'MakeNetwork',
      actions: Object.keys(made).map((operation) => `ec2:${operation}`),
      resources: [...new Set(Object.values(made))].toSorted().map((type) => arn('ec2', `${type}/*`)),
      condition: tagging(names),
    },
    { part, sid: 'UseNetwork', actions: used, resources: [arn('ec2', '*/*')], condition: tagged(names) },
    {
      part,
      sid: 'TagWhatIsMade',
      actions: ['ec2:CreateTags'],
      resources: [arn('ec2', '*/*')],
      condition: {
        StringEquals: { ...tagging(names).StringEquals, 'ec2:CreateAction': [...Object.keys(made), 'RunInstances'] },
      },
    },
    {
      part,
      // AWS makes it with the VPC, without a tag. What another lab has tagged stays out of reach.
      sid: 'TagDefaultSecurityGroup',
      actions: ['ec2:CreateTags'],
      resources: [arn('ec2', 'security-group/*')],
      condition: { ...tagging(names), Null: { [`aws:ResourceTag/${labTag}`]: 'true' } },
    },
    {
      part,
      // EKS makes this group, with its own tags only.
      sid: 'ClusterSecurityGroup',
      actions: of(
        'ec2',
        'AuthorizeSecurityGroupIngress AuthorizeSecurityGroupEgress ModifySecurityGroupRules ' +
          'RevokeSecurityGroupIngress RevokeSecurityGroupEgress',
      ),
      resources: [arn('ec2', 'security-group/*')],
      condition: { StringEquals: { 'aws:ResourceTag/aws:eks:cluster-name': clusters } },
    },
    {
      part,
      sid: 'NetworksThatWereThere',
      actions: of(
        'ec2',
        'AcceptVpcPeeringConnection CreateRoute CreateSecurityGroup CreateVpcEndpoint CreateVpcPeeringConnection ' +
          'DeleteRoute ModifyVpcEndpoint ReplaceRoute',
      ),
      resources: names.networks,
    },
    {
      part,
      // AWS knows no narrower limit for these.
      sid: 'FixedAddresses',
      actions: of('ec2', 'CreateSubnetCidrReservation DeleteSubnetCidrReservation'),
      resources: ['*'],
      condition: within(region),
    },
    {
      part,
      // Zones of AWS's own, in an account of AWS's.
      sid: 'NamesOfEndpoints',
      actions: ['route53:AssociateVPCWithHostedZone'],
      resources: [`arn:${partitionOf(region)}:route53:::hostedzone/*`],
    },
  ];
}
