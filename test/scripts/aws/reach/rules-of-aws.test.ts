import { formatCidr } from '../../../../model/cidr';
import { all, ask, border, type Change, internet, nodes, page, registries, remove } from './ask';
import { at, drop, put } from './fixture';

test('a rule that names the load balancer lets in what it forwards, whether the caller stays visible or not', () => {
  for (const preserve_client_ip of ['true', 'false', undefined]) {
    const answer = ask(internet, page, 80, (stacks) => {
      Object.assign(at(stacks, 'cluster-west/aws_lb_target_group.page'), { preserve_client_ip });
    });
    expect(answer.sources.map(formatCidr)).toEqual(['203.0.113.0/24']);
  }
});

test('a rule for the load balancer by its addresses holds only where the caller is not visible', () => {
  const byAddress =
    (preserve_client_ip: string): Change =>
    (stacks) => {
      const rule = at(stacks, 'cluster-west/aws_vpc_security_group_ingress_rule.nodes-from-page');
      delete rule.referenced_security_group_id;
      rule.cidr_ipv4 = '10.10.0.0/16';
      Object.assign(at(stacks, 'cluster-west/aws_lb_target_group.page'), { preserve_client_ip });
    };
  expect(ask(internet, page, 80, byAddress('true')).reaches).toBe('none');
  expect(ask(internet, page, 80, byAddress('false')).sources.map(formatCidr)).toEqual(['203.0.113.0/24']);
});

test('failing health checks close nothing for certain', () => {
  const answer = ask(nodes('west'), border('east'), 8443, (stacks) => {
    at(stacks, 'cluster-east/aws_lb_target_group.border').health_check = { port: '9000', protocol: 'TCP' };
  });
  expect(answer.reaches).toBe('some');
  expect(answer.stops.join()).toContain('health checks of cluster-east/aws_lb_target_group.border fail');
});

test('a load balancer without a security group lets everybody in', () => {
  const answer = ask(internet, page, 80, (stacks) => {
    delete at(stacks, 'cluster-west/aws_lb.page').security_groups;
    const rule = at(stacks, 'cluster-west/aws_vpc_security_group_ingress_rule.nodes-from-page');
    delete rule.referenced_security_group_id;
    rule.cidr_ipv4 = '0.0.0.0/0';
  });
  expect(answer.reaches).toBe('all');
});

test('a load balancer leads to its own zones only, unless it is told to cross them', () => {
  const oneZone =
    (cross: boolean): Change =>
    (stacks) => {
      const balancer = at(stacks, 'cluster-east/aws_lb.border');
      balancer.subnets = (balancer.subnets as string[]).slice(0, 1);
      balancer.enable_cross_zone_load_balancing = cross;
      const group = at(stacks, 'cluster-east/aws_eks_node_group.nodes');
      group.subnet_ids = (group.subnet_ids as string[]).slice(1);
    };
  expect(ask(nodes('west'), border('east'), 8443, oneZone(true)).reaches).toBe('all');
  const apart = ask(nodes('west'), border('east'), 8443, oneZone(false));
  expect(apart.reaches).toBe('none');
  expect(apart.stops.join()).toContain('no node is behind');
});

test('the three ways to write a rule mean the same', () => {
  const address = 'cluster-west/aws_vpc_security_group_ingress_rule.page-from-203.0.113.0/24';
  const ports = { protocol: 'tcp', from_port: 80, to_port: 80, cidr_blocks: ['203.0.113.0/24'] };
  const ways: readonly Change[] = [
    () => {},
    (stacks) => {
      drop(stacks, address);
      at(stacks, 'cluster-west/aws_security_group.page').ingress = [ports];
    },
    (stacks) => {
      drop(stacks, address);
      const older = { ...ports, type: 'ingress', security_group_id: '${aws_security_group.page.id}' };
      put(stacks, 'cluster-west/aws_security_group_rule.page', older);
    },
    (stacks) => {
      at(stacks, address).ip_protocol = '-1';
      delete at(stacks, address).from_port;
      delete at(stacks, address).to_port;
    },
  ];
  for (const way of ways) expect(ask(internet, page, 80, way).sources.map(formatCidr)).toEqual(['203.0.113.0/24']);
  const datagrams = ask(internet, page, 80, (stacks) => Object.assign(at(stacks, address), { ip_protocol: 'udp' }));
  expect(datagrams.reaches).toBe('none');
});

test('an endpoint with the service’s own name takes its calls, also where nothing answers', () => {
  const endpoint =
    (privateName: boolean): Change =>
    (stacks) =>
      put(stacks, 'network-west/aws_vpc_endpoint.ecr', {
        vpc_id: '${aws_vpc.vpc.id}',
        service_name: 'com.amazonaws.eu-north-1.ecr.dkr',
        vpc_endpoint_type: 'Interface',
        private_dns_enabled: privateName,
        subnet_ids: ['${aws_subnet.private-a.id}'],
      });
  // Its group is the VPC's own, which Terraform emptied.
  const answer = ask(nodes('west'), registries, 443, endpoint(true));
  expect(answer.reaches).toBe('none');
  expect(answer.stops.join()).toContain('network-west/aws_vpc.vpc#default-security-group');
  expect(ask(nodes('west'), registries, 443, endpoint(false)).reaches).toBe('all');
  // As AWS makes it, that group lets in only itself.
  const untouched = all(endpoint(true), remove('network-west/aws_default_security_group.default'));
  expect(ask(nodes('west'), registries, 443, untouched).reaches).toBe('none');
});

test('subnets without a table have the main one, with the VPC’s local route alone', () => {
  const answer = ask(nodes('west'), registries, 443, remove('network-west/aws_route_table_association.private-a'));
  expect(answer.reaches).toBe('some');
  expect(answer.stops.join()).toContain('no way out of network-west/aws_subnet.private-a');
});

test('a narrower route wins', () => {
  const answer = ask(nodes('west'), border('east'), 8443, (stacks) => {
    const { route_table_id } = at(stacks, 'border/aws_route.west-a');
    const values = { route_table_id, destination_cidr_block: '10.20.0.0/24', transit_gateway_id: 'tgw-1' };
    put(stacks, 'border/aws_route.astray', values);
  });
  expect(answer.reaches).toBe('some');
});

test('callers that pass one group and callers that pass the next are not the same callers', () => {
  const halves =
    (own: string, behind: string): Change =>
    (stacks) => {
      at(stacks, 'cluster-east/aws_vpc_security_group_ingress_rule.border-from-10.10.0.0/16').cidr_ipv4 = own;
      const rule = at(stacks, 'cluster-east/aws_vpc_security_group_ingress_rule.nodes-from-border');
      delete rule.referenced_security_group_id;
      rule.cidr_ipv4 = behind;
    };
  const reaches = (own: string, behind: string) =>
    ask(nodes('west'), border('east'), 8443, halves(own, behind)).reaches;
  expect(reaches('10.10.0.0/25', '10.10.0.128/25')).toBe('none');
  expect(reaches('10.10.0.0/25', '10.10.0.0/16')).toBe('some');
});
