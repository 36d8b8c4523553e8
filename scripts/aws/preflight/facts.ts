/** What preflight asks AWS. Nothing is changed. */
import {
  DescribeAddressesCommand,
  DescribeAvailabilityZonesCommand,
  DescribeInstanceTypesCommand,
  DescribeRegionsCommand,
  paginateDescribeInstances,
  paginateDescribeInstanceTypeOfferings,
  paginateDescribeInternetGateways,
  paginateDescribeRouteTables,
  paginateDescribeSubnets,
  paginateDescribeVpcs,
} from '@aws-sdk/client-ec2';
import { DescribeClusterCommand, paginateDescribeClusterVersions, paginateListClusters } from '@aws-sdk/client-eks';
import { paginateDescribeLoadBalancers } from '@aws-sdk/client-elastic-load-balancing-v2';
import { GetAWSDefaultServiceQuotaCommand, GetServiceQuotaCommand } from '@aws-sdk/client-service-quotas';
import { GetCallerIdentityCommand } from '@aws-sdk/client-sts';
import type { AwsClients } from '../clients';
import { errorName, isGone } from '../leftovers/failure';
import { collect, type Tags, tagsOf } from '../leftovers/resource';

export interface Identity {
  readonly account: string;
  readonly arn: string;
}

export interface Region {
  readonly name: string;
  /** Whether the account may use it: some regions must be enabled first. */
  readonly enabled: boolean;
}

export interface Zone {
  readonly name: string;
  /** The same place has the same id in all accounts, and another name. */
  readonly id: string;
  readonly usable: boolean;
}

export interface KubernetesVersion {
  readonly version: string;
  readonly standardSupport: boolean;
  /** ISO 8601 date on which standard support ends. */
  readonly ends: string | undefined;
}

export interface Vpc {
  readonly id: string;
  readonly cidrs: readonly string[];
  readonly tags: Tags;
}

export interface Subnet {
  readonly id: string;
  readonly vpc: string;
  readonly zone: string;
}

export interface Instance {
  readonly type: string;
  readonly spot: boolean;
  readonly vcpus: number;
  readonly tags: Tags;
}

export interface ExistingCluster {
  readonly status: string;
  readonly vpc: string;
}

/** An answer for each question; all reject as the AWS SDK does. */
export interface AwsFacts {
  identity(): Promise<Identity>;
  /** All regions that AWS has, asked in a region that every account has. */
  regions(): Promise<readonly Region[]>;
  zones(): Promise<readonly Zone[]>;
  /** Zones that offer an instance type. */
  offers(type: string): Promise<readonly string[]>;
  /** vCPUs of an instance type; undefined when the region does not have it. */
  vcpus(type: string): Promise<number | undefined>;
  /** Processors that an instance type has, such as `arm64`; none when the region does not have the type. */
  architectures(type: string): Promise<readonly string[]>;
  kubernetesVersions(): Promise<readonly KubernetesVersion[]>;
  /** Value of a quota; undefined when AWS has no such quota in the region. */
  quota(service: string, code: string): Promise<number | undefined>;
  vpcs(): Promise<readonly Vpc[]>;
  subnets(): Promise<readonly Subnet[]>;
  /** Route tables by id, with the VPC of each. */
  routeTables(): Promise<ReadonlyMap<string, string>>;
  internetGateways(): Promise<readonly { readonly tags: Tags }[]>;
  addresses(): Promise<readonly { readonly allocation: string; readonly address: string; readonly tags: Tags }[]>;
  /** Instances that run or are about to. */
  instances(): Promise<readonly Instance[]>;
  /** Names of network load balancers. */
  networkBalancers(): Promise<readonly string[]>;
  clusters(): Promise<readonly string[]>;
  cluster(name: string): Promise<ExistingCluster | undefined>;
}

/**
 * @param clients of the lab's region
 * @param home of the region that {@link homeRegion} names
 */
export function awsFacts(clients: AwsClients, home: AwsClients): AwsFacts {
  return {
    ...accountFacts(clients, home),
    ...networkFacts(clients),
    ...machineFacts(clients),
    ...clusterFacts(clients),
  };
}

/** A region of the same partition that can not be switched off. */
export function homeRegion(region: string): string {
  if (region.startsWith('cn-')) return 'cn-north-1';
  return region.startsWith('us-gov-') ? 'us-gov-west-1' : 'us-east-1';
}

function accountFacts({ quotas }: AwsClients, { sts, ec2 }: AwsClients) {
  return {
    identity: async () => {
      const { Account: account = '', Arn: arn = '' } = await sts.send(new GetCallerIdentityCommand());
      return { account, arn };
    },
    regions: async () => {
      const { Regions: regions = [] } = await ec2.send(new DescribeRegionsCommand({ AllRegions: true }));
      return regions.map(({ RegionName: name = '', OptInStatus: status }) => ({
        name,
        enabled: status !== 'not-opted-in',
      }));
    },
    quota: async (service: string, code: string) => {
      const input = { ServiceCode: service, QuotaCode: code };
      const missing = (error: unknown): undefined => {
        if (errorName(error) === 'NoSuchResourceException') return undefined;
        throw error;
      };
      // A quota that was never raised may be known by its default only.
      const own = await quotas.send(new GetServiceQuotaCommand(input)).catch(missing);
      const found = own ?? (await quotas.send(new GetAWSDefaultServiceQuotaCommand(input)).catch(missing));
      return found?.Quota?.Value;
    },
  };
}

function networkFacts({ ec2: client, balancers }: AwsClients) {
  return {
    zones: async () => {
      const { AvailabilityZones: zones = [] } = await client.send(
        new DescribeAvailabilityZonesCommand({ AllAvailabilityZones: true }),
      );
      return zones
        .filter(({ ZoneType: type = 'availability-zone' }) => type === 'availability-zone')
        .map(({ ZoneName: name = '', ZoneId: id = '', State: state, OptInStatus: status }) => ({
          name,
          id,
          usable: state === 'available' && status !== 'not-opted-in',
        }));
    },
    vpcs: async () => {
      const found = await collect(paginateDescribeVpcs({ client }, {}), ({ Vpcs }) => Vpcs);
      return found.map(({ VpcId: id = '', CidrBlockAssociationSet: blocks = [], Tags: tags }) => ({
        id,
        cidrs: blocks.flatMap(({ CidrBlock: cidr }) => (cidr === undefined ? [] : [cidr])),
        tags: tagsOf(tags),
      }));
    },
    subnets: async () => {
      const found = await collect(paginateDescribeSubnets({ client }, {}), ({ Subnets }) => Subnets);
      return found.map(({ SubnetId: id = '', VpcId: vpc = '', AvailabilityZone: zone = '' }) => ({ id, vpc, zone }));
    },
    routeTables: async () => {
      const found = await collect(paginateDescribeRouteTables({ client }, {}), ({ RouteTables }) => RouteTables);
      return new Map(found.map(({ RouteTableId: id = '', VpcId: vpc = '' }) => [id, vpc]));
    },
    internetGateways: async () => {
      const pages = paginateDescribeInternetGateways({ client }, {});
      const found = await collect(pages, ({ InternetGateways }) => InternetGateways);
      return found.map(({ Tags: tags }) => ({ tags: tagsOf(tags) }));
    },
    addresses: async () => {
      const { Addresses: addresses = [] } = await client.send(new DescribeAddressesCommand());
      return addresses.map(({ AllocationId: allocation = '', PublicIp: address = '', Tags: tags }) => ({
        allocation,
        address,
        tags: tagsOf(tags),
      }));
    },
    networkBalancers: async () => {
      const pages = paginateDescribeLoadBalancers({ client: balancers }, {});
      const found = await collect(pages, ({ LoadBalancers }) => LoadBalancers);
      return found.flatMap(({ Type: type, LoadBalancerName: name = '' }) => (type === 'network' ? [name] : []));
    },
  };
}

function machineFacts({ ec2: client }: AwsClients) {
  const describeType = async (type: string) => {
    // A filter, not a name: an unknown name is an error, an unmatched filter an empty list.
    const { InstanceTypes: types = [] } = await client.send(
      new DescribeInstanceTypesCommand({ Filters: [{ Name: 'instance-type', Values: [type] }] }),
    );
    return types[0];
  };
  return {
    offers: async (type: string) => {
      const pages = paginateDescribeInstanceTypeOfferings(
        { client },
        { LocationType: 'availability-zone', Filters: [{ Name: 'instance-type', Values: [type] }] },
      );
      const found = await collect(pages, ({ InstanceTypeOfferings }) => InstanceTypeOfferings);
      return found.map(({ Location: zone = '' }) => zone);
    },
    vcpus: async (type: string) => (await describeType(type))?.VCpuInfo?.DefaultVCpus,
    architectures: async (type: string) => (await describeType(type))?.ProcessorInfo?.SupportedArchitectures ?? [],
    instances: async () => {
      const pages = paginateDescribeInstances(
        { client },
        { Filters: [{ Name: 'instance-state-name', Values: ['pending', 'running'] }] },
      );
      const found = await collect(pages, ({ Reservations = [] }) => Reservations.flatMap((one) => one.Instances ?? []));
      return found.map(({ InstanceType: type = '', InstanceLifecycle: lifecycle, CpuOptions: cpu, Tags: tags }) => ({
        type,
        spot: lifecycle === 'spot',
        vcpus: (cpu?.CoreCount ?? 1) * (cpu?.ThreadsPerCore ?? 1),
        tags: tagsOf(tags),
      }));
    },
  };
}

function clusterFacts({ eks: client }: AwsClients) {
  return {
    kubernetesVersions: async () => {
      const pages = paginateDescribeClusterVersions({ client }, { includeAll: true });
      const found = await collect(pages, ({ clusterVersions }) => clusterVersions);
      return found.map(({ clusterVersion: version = '', versionStatus: status, endOfStandardSupportDate: ends }) => ({
        version,
        standardSupport: status === 'STANDARD_SUPPORT',
        ends: ends?.toISOString().slice(0, 10),
      }));
    },
    clusters: () => collect(paginateListClusters({ client }, {}), ({ clusters }) => clusters),
    cluster: async (name: string) => {
      try {
        const { cluster } = await client.send(new DescribeClusterCommand({ name }));
        return { status: cluster?.status ?? '', vpc: cluster?.resourcesVpcConfig?.vpcId ?? '' };
      } catch (error) {
        if (isGone(error)) return undefined;
        throw error;
      }
    },
  };
}
