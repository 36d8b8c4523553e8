/** A plan for AWS as synth would write it, made by hand: one Istio and one Consul mesh in eu-west-1. */
import { stringify } from 'yaml';
import { readWholePlan } from '../../../scripts/cost/plan';
import { writePlan } from '../../support/plans';

type Named = Record<string, Record<string, unknown>>;
export type Stacks = Record<string, { provider?: Record<string, unknown>; resource: Record<string, Named> }>;

const zones = ['a', 'b', 'c'];
const aws = (region: string) => ({ aws: [{ region, default_tags: [{ tags: { 'isthmus.dev/lab': 'weather' } }] }] });

function network(mesh: string, region: string): Stacks[string] {
  const each = (make: (zone: string) => Record<string, unknown>) =>
    Object.fromEntries(zones.map((zone) => [`Subnet_${zone}`, make(zone)]));
  return {
    provider: aws(region),
    resource: {
      aws_vpc: { Vpc: { cidr_block: '10.10.0.0/16', tags: { Name: `weather-${mesh}` } } },
      aws_subnet: each((zone) => ({ availability_zone: `${region}${zone}`, vpc_id: '${aws_vpc.Vpc.id}' })),
      aws_internet_gateway: { Gateway: { vpc_id: '${aws_vpc.Vpc.id}' } },
      aws_eip: { Nat_Address: { domain: 'vpc' } },
      aws_nat_gateway: {
        Nat: { allocation_id: '${aws_eip.Nat_Address.allocation_id}', subnet_id: '${aws_subnet.Subnet_a.id}' },
      },
      aws_route_table: { Private: { vpc_id: '${aws_vpc.Vpc.id}' } },
      aws_route: {
        Out: { route_table_id: '${aws_route_table.Private.id}', nat_gateway_id: '${aws_nat_gateway.Nat.id}' },
      },
      aws_vpc_endpoint: {
        S3: { service_name: `com.amazonaws.${region}.s3`, vpc_endpoint_type: 'Gateway' },
        Ecr: {
          service_name: `com.amazonaws.${region}.ecr.api`,
          vpc_endpoint_type: 'Interface',
          subnet_ids: zones.map((zone) => `\${aws_subnet.Subnet_${zone}.id}`),
        },
      },
      aws_cloudwatch_log_group: { Flow: { name: `/isthmus/weather/${mesh}/flow`, retention_in_days: 7 } },
      aws_flow_log: { Flow: { log_destination: '${aws_cloudwatch_log_group.Flow.arn}', traffic_type: 'ALL' } },
      aws_iam_role: { Flow: { name: `weather-${mesh}-flow` } },
    },
  };
}

function cluster(mesh: string, region: string): Stacks[string] {
  return {
    provider: aws(region),
    resource: {
      aws_kms_key: { Key: { enable_key_rotation: true } },
      aws_kms_alias: { Key_Alias: { target_key_id: '${aws_kms_key.Key.id}' } },
      aws_cloudwatch_log_group: { Logs: { name: `/aws/eks/weather-${mesh}/cluster`, retention_in_days: 7 } },
      aws_eks_cluster: {
        Cluster: {
          name: `weather-${mesh}`,
          version: '1.35',
          enabled_cluster_log_types: ['audit', 'authenticator'],
          vpc_config: { endpoint_private_access: true },
        },
      },
      aws_launch_template: {
        Nodes_Template: {
          block_device_mappings: [
            { device_name: '/dev/xvda', ebs: { encrypted: 'true', volume_size: 100, volume_type: 'gp3' } },
          ],
        },
      },
      aws_eks_node_group: {
        Nodes: {
          capacity_type: 'ON_DEMAND',
          instance_types: ['t3.medium'],
          launch_template: {
            id: '${aws_launch_template.Nodes_Template.id}',
            version: '${aws_launch_template.Nodes_Template.latest_version}',
          },
          scaling_config: { desired_size: 2, max_size: 3, min_size: 2 },
        },
      },
      aws_lb: {
        Border: { internal: true, load_balancer_type: 'network', name: `weather-${mesh}-border`, subnets: zones },
      },
      aws_lb_target_group: { Border_Target: { port: 31443 } },
      aws_eks_addon: { Ebs: { addon_name: 'aws-ebs-csi-driver' } },
    },
  };
}

/** Values as the product's releases write them. */
export const values = (...each: unknown[]) => each.map((one) => stringify(one, { compat: 'yaml-1.1' }));

/** Helm and Kubernetes providers of an EKS cluster: a token for each call. */
export function eksProviders(region: string): Record<string, unknown> {
  const exec = {
    api_version: 'v1',
    command: 'aws',
    args: ['eks', 'get-token', '--cluster-name', 'c', '--region', region],
  };
  return { helm: [{ kubernetes: { host: 'https://c', exec } }], kubernetes: [{ host: 'https://c', exec: [exec] }] };
}

export function exampleStacks(region = 'eu-west-1'): Stacks {
  const internet = {
    Page: { internal: false, load_balancer_type: 'network', name: 'weather-west-page', subnets: zones },
  };
  const west = cluster('west', region);
  return {
    'network-west': network('west', region),
    'network-east': network('east', region),
    'cluster-west': { ...west, resource: { ...west.resource, aws_lb: { ...west.resource.aws_lb, ...internet } } },
    'cluster-east': cluster('east', region),
    'mesh-west': {
      provider: eksProviders(region),
      resource: { helm_release: { Istiod: { chart: 'istiod', name: 'istiod', values: values({ pilot: {} }) } } },
    },
    'mesh-east': {
      provider: eksProviders(region),
      resource: {
        kubernetes_namespace_v1: { Consul: { metadata: { name: 'consul' } } },
        helm_release: {
          Consul: {
            chart: 'consul',
            name: 'consul',
            repository: 'https://helm.releases.hashicorp.com',
            values: values(
              { global: { name: 'consul' }, server: { replicas: 1, storage: '10Gi' } },
              { server: { replicas: 3 } },
            ),
          },
        },
      },
    },
    'federation-west': {
      provider: eksProviders(region),
      resource: {
        helm_release: {
          Plane: {
            chart: './assets/Plane/ABC',
            name: 'plane-east',
            values: values({
              objects: [
                {
                  apiVersion: 'v1',
                  kind: 'PersistentVolumeClaim',
                  metadata: { name: 'data', namespace: 'plane-east' },
                  spec: { resources: { requests: { storage: '1Gi' } } },
                },
                { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'config' }, data: { text: '$${not}' } },
              ],
            }),
          },
        },
      },
    },
    border: {
      provider: aws(region),
      resource: {
        aws_vpc_peering_connection: { Peering: { auto_accept: true } },
        aws_route: { There: { vpc_peering_connection_id: '${aws_vpc_peering_connection.Peering.id}' } },
      },
    },
    pairing: { resource: { terraform_data: { Pairing: {} } } },
  };
}

/** The plan of stacks, read back as the command does. */
export function planOf(folder: string, stacks: Stacks) {
  return readWholePlan(writePlan(folder, stacks));
}

/** The stacks without one resource. */
export function without(stacks: Stacks, address: string): Stacks {
  const [stack = '', rest = ''] = address.split('/');
  const [type = '', name = ''] = rest.split('.');
  const copy = structuredClone(stacks);
  delete copy[stack]?.resource[type]?.[name];
  return copy;
}

/** The stacks with other arguments of one resource. */
export function changed(stacks: Stacks, address: string, change: Record<string, unknown>): Stacks {
  const [stack = '', rest = ''] = address.split('/');
  const [type = '', name = ''] = rest.split('.');
  const copy = structuredClone(stacks);
  Object.assign(copy[stack]?.resource[type]?.[name] ?? {}, change);
  return copy;
}
