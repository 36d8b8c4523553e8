import type { StackPlan } from '../../../../scripts/aws/reach/plan';
import { Resolver } from '../../../../scripts/aws/reach/resolve';
import { FailureError } from '../../../../scripts/errors';

const remote = (output: string) =>
  `\${data.terraform_remote_state.cross-stack-reference-input-network-west.outputs.cross-stack-output-${output}}`;

const network: StackPlan = {
  name: 'network-west',
  resource: {
    aws_vpc: { v: { cidr_block: '10.10.0.0/16' } },
    aws_subnet: { s: { vpc_id: '${aws_vpc.v.id}' } },
    aws_eip: { nat: { domain: 'vpc' } },
    aws_default_route_table: { d: { default_route_table_id: '${aws_vpc.v.default_route_table_id}' } },
  },
  provider: {
    aws: [
      { default_tags: [{ tags: { 'isthmus.dev/mesh': 'west' } }] },
      { alias: 'other', default_tags: [{ tags: { 'isthmus.dev/mesh': 'east' } }] },
    ],
  },
  output: {
    'cross-stack-output-vpc': { value: '${aws_vpc.v.id}' },
    'cross-stack-output-cidr': { value: '${aws_vpc.v.cidr_block}' },
    'cross-stack-output-eip': { value: '${aws_eip.nat.public_ip}' },
    'cross-stack-output-subnets': { value: '${aws_subnet.s}' },
  },
};
const cluster: StackPlan = {
  name: 'cluster-west',
  resource: {
    aws_eks_cluster: { c: { name: 'demo-west' } },
    aws_eks_node_group: { n: { cluster_name: '${aws_eks_cluster.c.name}' } },
    aws_vpc_peering_connection_accepter: { a: { vpc_peering_connection_id: 'pcx-1' } },
    aws_route: { many: { for_each: '${toset(["a"])}' } },
    aws_lb: { tagged: { provider: 'aws.other' }, own: { tags: { 'isthmus.dev/mesh': 'south' } } },
  },
  data: { aws_eks_cluster: { looked: { name: 'theirs' } } },
  provider: network.provider,
  output: {},
};
const plan = new Resolver([network, cluster]);

test.each([
  ['a literal', 'vpc-0a1b', 'vpc-0a1b'],
  ['a number', 443, '443'],
  ['an escaped expression is text', '$${aws_vpc.v.id}', '$${aws_vpc.v.id}'],
  ['a resource of the stack', '${aws_eks_cluster.c.id}', 'cluster-west/aws_eks_cluster.c'],
  ['a resource of another stack', remote('vpc'), 'network-west/aws_vpc.v'],
  ['an element of a list', '${element(aws_eks_node_group.n.resources, 0)}', 'cluster-west/aws_eks_node_group.n'],
  ['a list made of a set', '${tolist(aws_eks_node_group.n.resources)[0]}', 'cluster-west/aws_eks_node_group.n'],
  [
    'the security group that EKS makes',
    '${aws_eks_cluster.c.vpc_config[0].cluster_security_group_id}',
    'cluster-west/aws_eks_cluster.c#cluster-security-group',
  ],
  [
    'that of a cluster which is looked up',
    '${data.aws_eks_cluster.looked.vpc_config[0].cluster_security_group_id}',
    'cluster-west/data.aws_eks_cluster.looked#cluster-security-group',
  ],
  ['what an accepter accepts', '${aws_vpc_peering_connection_accepter.a.id}', 'pcx-1'],
])('%s', (_name, raw, id) => {
  expect(plan.idOf('cluster-west', raw)).toBe(id);
});

test('an argument that names another resource stands for that one', () => {
  expect(plan.idOf('network-west', '${aws_subnet.s.vpc_id}')).toBe('network-west/aws_vpc.v');
  expect(plan.idOf('network-west', '${aws_default_route_table.d.id}')).toBe('network-west/aws_vpc.v#main-route-table');
});

test('the value of another resource is known where the plan has it, also across stacks and inside text', () => {
  const known = (raw: string) => plan.known(plan.resolve('cluster-west', raw));
  expect(known(remote('cidr'))).toEqual({ kind: 'literal', value: '10.10.0.0/16' });
  expect(known('${aws_eks_cluster.c.name}-nodes')).toEqual({ kind: 'literal', value: 'demo-west-nodes' });
  expect(known(`${remote('eip')}/32`)).toEqual({
    kind: 'reference',
    address: 'network-west/aws_eip.nat',
    attribute: 'public_ip',
  });
});

test('a resource has the mesh of its own tag, else of its provider', () => {
  const mesh = Object.fromEntries(plan.rows.map((row) => [row.address, row.mesh]));
  expect(mesh['cluster-west/aws_eks_cluster.c']).toBe('west');
  expect(mesh['cluster-west/aws_lb.tagged']).toBe('east');
  expect(mesh['cluster-west/aws_lb.own']).toBe('south');
});

test.each([
  ['a function', '${cidrsubnet(aws_vpc.v.cidr_block, 4, 0)}', 'cidrsubnet'],
  ['a condition', '${var.open ? "0.0.0.0/0" : "10.0.0.0/8"}', 'var.open'],
  ['a list where one thing belongs', ['a'], '["a"]'],
])('%s is refused by what it is, not guessed', (_name, raw, part) => {
  expect(() => plan.idOf('cluster-west', raw)).toThrow(FailureError);
  expect(() => plan.idOf('cluster-west', raw)).toThrow(
    /^cluster-west: the reachability model can not follow .*Allowed:/,
  );
  expect(() => plan.idOf('cluster-west', raw)).toThrow(part);
});

test('a stack that is not in the plan is told', () => {
  expect(() => plan.idOf('cluster-west', remote('gone'))).toThrow(
    /output cross-stack-output-gone of stack network-west, which the plan does not have\. Synthesise all stacks/,
  );
});

test('resources made many times over are refused where they would decide', () => {
  expect(() => plan.ofType('aws_route')).toThrow(/^cluster-west\/aws_route\.many: .*for_each/);
});
