/** A small plan by hand, in the JSON that synth writes: two networks of two zones, peered, with a cluster in each. */
import type { StackPlan } from '../../../../scripts/aws/reach/plan';

type Values = Record<string, unknown>;

/** A plan that tests may change. */
export interface Draft {
  readonly name: string;
  readonly resource: Record<string, Record<string, Values>>;
  readonly provider: Record<string, Values[]>;
  readonly output: Record<string, { value: unknown }>;
}

const zones = ['a', 'b'] as const;

export interface FixtureOptions {
  /** @default - nobody */
  readonly pageFrom?: readonly string[];
  /** @default - nobody */
  readonly apiFrom?: readonly string[];
}

/** Stacks by name. */
export function fixture(options: FixtureOptions = {}): Record<string, Draft> {
  const stacks: Record<string, Draft> = {};
  const networks = { west: '10.10', east: '10.20' } as const;
  for (const mesh of ['west', 'east'] as const) {
    const tags = { 'isthmus.dev/lab': 'demo', 'isthmus.dev/mesh': mesh };
    const draft = (name: string): Draft => {
      const made: Draft = { name, resource: {}, provider: { aws: [{ default_tags: [{ tags }] }] }, output: {} };
      stacks[name] = made;
      return made;
    };
    addNetwork(draft(`network-${mesh}`), networks[mesh]);
    addCluster(draft(`cluster-${mesh}`), mesh, stacks[`network-${mesh}`] as Draft, options);
  }
  const { 'cluster-west': west, 'cluster-east': east, 'network-west': left, 'network-east': right } = stacks;
  if (west === undefined || east === undefined || left === undefined || right === undefined)
    throw new Error('no stacks');
  addBalancer(west, left, { name: 'demo-west-border', port: 15443, nodePort: 31443, from: ['10.20.0.0/16'] });
  addBalancer(east, right, { name: 'demo-east-border', port: 8443, nodePort: 30443, from: ['10.10.0.0/16'] });
  const page = { name: 'demo-west-page', port: 80, nodePort: 30080, from: options.pageFrom ?? [] };
  addBalancer(west, left, { ...page, public: page.from.length > 0 });
  addPeering(stacks, left, right);
  return stacks;
}

export function plansOf(stacks: Record<string, Draft>): StackPlan[] {
  return Object.values(stacks);
}

/** The arguments of a resource, to be changed. */
export function at(stacks: Record<string, Draft>, address: string): Values {
  const [, stack = '', type = '', name = ''] = /^([^/]+)\/([^.]+)\.(.+)$/.exec(address) ?? [];
  const values = stacks[stack]?.resource[type]?.[name];
  if (values === undefined) throw new Error(`no ${address}`);
  return values;
}

/** Adds a resource, or takes one's place. */
export function put(stacks: Record<string, Draft>, address: string, values: Values): void {
  const [, stack = '', type = '', name = ''] = /^([^/]+)\/([^.]+)\.(.+)$/.exec(address) ?? [];
  const draft = stacks[stack];
  if (draft === undefined) throw new Error(`no stack ${stack}`);
  add(draft, type, name, values);
}

export function drop(stacks: Record<string, Draft>, address: string): void {
  at(stacks, address);
  const [, stack = '', type = '', name = ''] = /^([^/]+)\/([^.]+)\.(.+)$/.exec(address) ?? [];
  delete stacks[stack]?.resource[type]?.[name];
}

function add({ resource }: Draft, type: string, name: string, values: Values): void {
  resource[type] = { ...resource[type], [name]: values };
}

/** What a stack writes for a reference into another one. */
export function across({ name, output }: Draft, expression: string): string {
  const key = `cross-stack-output-${expression.replaceAll(/[.[\]]/g, '')}`;
  output[key] = { value: `\${${expression}}` };
  return `\${data.terraform_remote_state.cross-stack-reference-input-${name}.outputs.${key}}`;
}

function addNetwork(stack: Draft, start: string): void {
  add(stack, 'aws_vpc', 'vpc', { cidr_block: `${start}.0.0/16`, enable_dns_hostnames: true });
  const vpc_id = '${aws_vpc.vpc.id}';
  add(stack, 'aws_default_security_group', 'default', { vpc_id });
  add(stack, 'aws_internet_gateway', 'igw', { vpc_id });
  add(stack, 'aws_route_table', 'public', { vpc_id });
  const anywhere = { destination_cidr_block: '0.0.0.0/0' };
  add(stack, 'aws_route', 'public', {
    ...anywhere,
    route_table_id: '${aws_route_table.public.id}',
    gateway_id: '${aws_internet_gateway.igw.id}',
  });
  zones.forEach((zone, index) => {
    const subnet = (kind: string, third: number) => {
      const availability_zone = `eu-north-1${zone}`;
      add(stack, 'aws_subnet', `${kind}-${zone}`, { vpc_id, availability_zone, cidr_block: `${start}.${third}.0/24` });
      const route_table_id = `\${aws_route_table.${kind === 'public' ? kind : `${kind}-${zone}`}.id}`;
      const subnet_id = `\${aws_subnet.${kind}-${zone}.id}`;
      add(stack, 'aws_route_table_association', `${kind}-${zone}`, { subnet_id, route_table_id });
    };
    add(stack, 'aws_route_table', `private-${zone}`, { vpc_id });
    subnet('public', 100 + index);
    subnet('private', index);
    add(stack, 'aws_eip', `nat-${zone}`, { domain: 'vpc' });
    add(stack, 'aws_nat_gateway', `nat-${zone}`, {
      allocation_id: `\${aws_eip.nat-${zone}.id}`,
      subnet_id: `\${aws_subnet.public-${zone}.id}`,
    });
    add(stack, 'aws_route', `private-${zone}`, {
      ...anywhere,
      route_table_id: `\${aws_route_table.private-${zone}.id}`,
      nat_gateway_id: `\${aws_nat_gateway.nat-${zone}.id}`,
    });
  });
  add(stack, 'aws_vpc_endpoint', 's3', {
    vpc_id,
    service_name: 'com.amazonaws.eu-north-1.s3',
    vpc_endpoint_type: 'Gateway',
    route_table_ids: zones.map((zone) => `\${aws_route_table.private-${zone}.id}`),
  });
}

function subnetsOf(network: Draft, kind: 'public' | 'private'): string[] {
  return zones.map((zone) => across(network, `aws_subnet.${kind}-${zone}.id`));
}

function addCluster(stack: Draft, mesh: string, network: Draft, { apiFrom = [] }: FixtureOptions): void {
  add(stack, 'aws_eks_cluster', 'cluster', {
    name: `demo-${mesh}`,
    vpc_config: {
      subnet_ids: subnetsOf(network, 'private'),
      endpoint_private_access: true,
      endpoint_public_access: apiFrom.length > 0,
      public_access_cidrs: apiFrom,
    },
  });
  add(stack, 'aws_launch_template', 'nodes', { name: `demo-${mesh}-nodes` });
  add(stack, 'aws_eks_node_group', 'nodes', {
    cluster_name: '${aws_eks_cluster.cluster.name}',
    subnet_ids: subnetsOf(network, 'private'),
    launch_template: { id: '${aws_launch_template.nodes.id}', version: '${aws_launch_template.nodes.latest_version}' },
  });
}

interface BalancerOptions {
  readonly name: string;
  readonly port: number;
  readonly nodePort: number;
  readonly from: readonly string[];
  readonly public?: boolean;
}

function addBalancer(stack: Draft, network: Draft, options: BalancerOptions): void {
  const id = options.name.replace(/^.*-/, '');
  const ports = (port: number) => ({ ip_protocol: 'tcp', from_port: port, to_port: port });
  const own = `\${aws_security_group.${id}.id}`;
  const nodes = '${aws_eks_cluster.cluster.vpc_config[0].cluster_security_group_id}';
  const vpc_id = across(network, 'aws_vpc.vpc.id');
  add(stack, 'aws_security_group', id, { name: options.name, vpc_id });
  for (const range of options.from) {
    const values = { ...ports(options.port), security_group_id: own, cidr_ipv4: range };
    add(stack, 'aws_vpc_security_group_ingress_rule', `${id}-from-${range}`, values);
  }
  const toNodes = { ...ports(options.nodePort), security_group_id: own, referenced_security_group_id: nodes };
  add(stack, 'aws_vpc_security_group_egress_rule', `${id}-to-nodes`, toNodes);
  const atNodes = { ...ports(options.nodePort), security_group_id: nodes, referenced_security_group_id: own };
  add(stack, 'aws_vpc_security_group_ingress_rule', `nodes-from-${id}`, atNodes);
  add(stack, 'aws_lb', id, {
    name: options.name,
    load_balancer_type: 'network',
    internal: options.public !== true,
    subnets: subnetsOf(network, options.public === true ? 'public' : 'private'),
    security_groups: [own],
  });
  const target_group_arn = `\${aws_lb_target_group.${id}.arn}`;
  add(stack, 'aws_lb_listener', id, {
    load_balancer_arn: `\${aws_lb.${id}.arn}`,
    port: options.port,
    default_action: [{ type: 'forward', target_group_arn }],
  });
  add(stack, 'aws_lb_target_group', id, { vpc_id, target_type: 'instance', protocol: 'TCP', port: options.nodePort });
  add(stack, 'aws_autoscaling_attachment', id, {
    autoscaling_group_name: '${aws_eks_node_group.nodes.resources[0].autoscaling_groups[0].name}',
    lb_target_group_arn: target_group_arn,
  });
}

function addPeering(stacks: Record<string, Draft>, west: Draft, east: Draft): void {
  const border: Draft = { name: 'border', resource: {}, provider: {}, output: {} };
  stacks.border = border;
  add(border, 'aws_vpc_peering_connection', 'peering', {
    vpc_id: across(west, 'aws_vpc.vpc.id'),
    peer_vpc_id: across(east, 'aws_vpc.vpc.id'),
    auto_accept: true,
  });
  for (const [mesh, own, other] of [
    ['west', west, east],
    ['east', east, west],
  ] as const) {
    for (const zone of zones) {
      add(border, 'aws_route', `${mesh}-${zone}`, {
        route_table_id: across(own, `aws_route_table.private-${zone}.id`),
        destination_cidr_block: across(other, 'aws_vpc.vpc.cidr_block'),
        vpc_peering_connection_id: '${aws_vpc_peering_connection.peering.id}',
      });
    }
  }
}
