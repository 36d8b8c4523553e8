import type { Place } from '../../../../scripts/aws/reach/places';
import { addTo, all, api, ask, border, type Change, internet, nodes, page, registries, remove, set } from './ask';

const own = 'network-west';
const there = 'cluster-east';
const atNodes = {
  security_group_id: '${aws_eks_cluster.cluster.vpc_config[0].cluster_security_group_id}',
  ip_protocol: 'tcp',
};
const byGateway = { gateway_id: '${aws_internet_gateway.igw.id}' };
const tableA = { route_table_id: '${aws_route_table.private-a.id}' };
const rule = (name: string) => `aws_vpc_security_group_ingress_rule.${name}`;

type Row = readonly [what: string, question: readonly [Place, Place, number], before: string, after: string, Change];

const toImages = [nodes('west'), registries, 443] as const;
const toEast = [nodes('west'), border('east'), 8443] as const;
const toPage = [internet, page, 80] as const;
const toApi = [internet, api('east'), 443] as const;
const toOwnApi = [nodes('west'), api('west'), 443] as const;

const rows: readonly Row[] = [
  ['a NAT route removed', toImages, 'all', 'some', remove(`${own}/aws_route.private-a`)],
  [
    'a private NAT gateway',
    toImages,
    'all',
    'some',
    set(`${own}/aws_nat_gateway.nat-a`, { connectivity_type: 'private' }),
  ],
  [
    'a NAT gateway without a way out',
    toImages,
    'all',
    'some',
    set(`${own}/aws_nat_gateway.nat-a`, { subnet_id: '${aws_subnet.private-a.id}' }),
  ],
  ['the internet route removed', toImages, 'all', 'none', remove(`${own}/aws_route.public`)],
  ['names switched off', toImages, 'all', 'none', set(`${own}/aws_vpc.vpc`, { enable_dns_support: false })],
  [
    'an internet route in a private table',
    toImages,
    'all',
    'some',
    addTo(`${own}/aws_route.leak`, { ...tableA, ...byGateway, destination_cidr_block: '0.0.0.0/1' }),
  ],
  ['a route removed', toEast, 'all', 'some', remove('border/aws_route.west-a')],
  ['a return route removed', toEast, 'all', 'some', remove('border/aws_route.east-b')],
  [
    'a peering that nobody accepts',
    toEast,
    'all',
    'none',
    set('border/aws_vpc_peering_connection.peering', { auto_accept: false }),
  ],
  ['a listener removed', toEast, 'all', 'none', remove(`${there}/aws_lb_listener.border`)],
  ['a listener on another port', toEast, 'all', 'none', set(`${there}/aws_lb_listener.border`, { port: 8444 })],
  [
    'a target group on another port',
    toEast,
    'all',
    'none',
    set(`${there}/aws_lb_target_group.border`, { port: 30444 }),
  ],
  ['an attachment removed', toEast, 'all', 'none', remove(`${there}/aws_autoscaling_attachment.border`)],
  [
    'a rule out of the load balancer removed',
    toEast,
    'all',
    'none',
    remove(`${there}/aws_vpc_security_group_egress_rule.border-to-nodes`),
  ],
  ['a rule at the nodes removed', toEast, 'all', 'none', remove(`${there}/${rule('nodes-from-border')}`)],
  [
    'a rule narrowed',
    toEast,
    'all',
    'some',
    set(`${there}/${rule('border-from-10.10.0.0/16')}`, { cidr_ipv4: '10.10.0.0/24' }),
  ],
  [
    'nodes opened to a network',
    [nodes('west'), nodes('east'), 30443],
    'none',
    'all',
    addTo(`${there}/${rule('wide')}`, { ...atNodes, from_port: 30000, to_port: 32767, cidr_ipv4: '10.0.0.0/8' }),
  ],
  ['the page made internal', toPage, 'some', 'none', set('cluster-west/aws_lb.page', { internal: true })],
  [
    'the page opened to all',
    toPage,
    'some',
    'all',
    set(`cluster-west/${rule('page-from-203.0.113.0/24')}`, { cidr_ipv4: '0.0.0.0/0' }),
  ],
  [
    'an API opened to all',
    toApi,
    'some',
    'all',
    set(`${there}/aws_eks_cluster.cluster`, { public_access_cidrs: ['0.0.0.0/0'] }, 'vpc_config'),
  ],
  [
    'an API whose ranges are forgotten',
    toApi,
    'some',
    'all',
    set(`${there}/aws_eks_cluster.cluster`, { public_access_cidrs: undefined }, 'vpc_config'),
  ],
  [
    'a private endpoint taken away',
    toOwnApi,
    'all',
    'none',
    set('cluster-west/aws_eks_cluster.cluster', { endpoint_private_access: false }, 'vpc_config'),
  ],
  [
    'nodes with a group of their own',
    toOwnApi,
    'all',
    'none',
    set('cluster-west/aws_launch_template.nodes', { vpc_security_group_ids: ['${aws_security_group.page.id}'] }),
  ],
];

test.each(rows)('%s changes the answer, and is told', (_what, question, before, after, change) => {
  expect(ask(...question).reaches).toBe(before);
  const now = ask(...question, change);
  expect(now.reaches).toBe(after);
  if (after !== 'all') expect(now.stops).not.toEqual([]);
});

/** Only together they open something: each one missing keeps it shut. */
function together(question: readonly [Place, Place, number], changes: readonly Change[]): void {
  for (const missing of changes) {
    const answer = ask(...question, all(...changes.filter((change) => change !== missing)));
    expect(answer.reaches).toBe('none');
    expect(answer.stops.length).toBeGreaterThan(0);
  }
  expect(ask(...question, all(...changes)).reaches).not.toBe('none');
}

test('machines are on the internet with an address, a route and a rule', () => {
  together(
    [internet, nodes('west'), 22],
    [
      set(`${own}/aws_subnet.private-a`, { map_public_ip_on_launch: true }),
      set(`${own}/aws_route.private-a`, { ...byGateway, nat_gateway_id: undefined }),
      addTo(`cluster-west/${rule('ssh')}`, { ...atNodes, from_port: 22, cidr_ipv4: '0.0.0.0/0' }),
    ],
  );
});

test('a gateway is on the internet with a scheme, a route and a rule', () => {
  together(
    [internet, border('east'), 8443],
    [
      set(`${there}/aws_lb.border`, { internal: false }),
      set('network-east/aws_route.private-a', { ...byGateway, nat_gateway_id: undefined }),
      set(`${there}/${rule('border-from-10.10.0.0/16')}`, { cidr_ipv4: '0.0.0.0/0' }),
    ],
  );
});
