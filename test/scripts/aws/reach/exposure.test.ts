import { exposureOf, formatExposure } from '../../../../scripts/aws/reach/exposure';
import { addTo, all, type Change, open, set } from './ask';
import { type FixtureOptions, fixture, plansOf } from './fixture';

function exposed(options: FixtureOptions = open, change: Change = () => {}): string {
  const stacks = fixture(options);
  change(stacks);
  return formatExposure(exposureOf(plansOf(stacks)));
}

test('every listener and API is listed with who reaches it from outside', () => {
  expect(exposed()).toBe(
    [
      'Kubernetes API of west    443  198.51.100.0/24',
      'border of west          15443  nodes and pods of east by VPC peering',
      'page of west               80  203.0.113.0/24',
      'Kubernetes API of east    443  198.51.100.0/24',
      'border of east           8443  nodes and pods of west by VPC peering',
    ].join('\n'),
  );
});

test('what nobody reaches from outside is listed too', () => {
  expect(exposed({})).toContain('Kubernetes API of west    443  nobody from outside its network');
  expect(exposed({})).toContain('page of west               80  nobody from outside its network');
});

test('what is open to all is open to the other mesh as well', () => {
  expect(exposed({ pageFrom: ['0.0.0.0/0'] })).toContain(
    'page of west               80  the whole internet, nodes and pods of east over the internet',
  );
});

test('machines are listed as soon as somebody reaches them, with the ports', () => {
  const rule = {
    security_group_id: '${aws_eks_cluster.cluster.vpc_config[0].cluster_security_group_id}',
    ip_protocol: 'tcp',
    from_port: 30000,
    to_port: 32767,
    cidr_ipv4: '10.10.0.0/16',
  };
  const change = addTo('cluster-east/aws_vpc_security_group_ingress_rule.wide', rule);
  expect(exposed(open, change)).toContain('nodes of east           30000-32767  nodes and pods of west by VPC peering');
});

test('a way by PrivateLink is told as such', () => {
  const ports = { ip_protocol: 'tcp', from_port: 8443, to_port: 8443 };
  const change = all(
    set('border/aws_vpc_peering_connection.peering', { auto_accept: false }),
    addTo('cluster-east/aws_vpc_endpoint_service.link', { network_load_balancer_arns: ['${aws_lb.border.arn}'] }),
    addTo('network-west/aws_security_group.link', { vpc_id: '${aws_vpc.vpc.id}' }),
    addTo('network-west/aws_vpc_security_group_ingress_rule.link', {
      ...ports,
      security_group_id: '${aws_security_group.link.id}',
      cidr_ipv4: '10.10.0.0/16',
    }),
    (stacks) => {
      const key = 'link';
      const east = stacks['cluster-east'];
      if (east !== undefined) east.output[key] = { value: '${aws_vpc_endpoint_service.link.service_name}' };
    },
    addTo('network-west/aws_vpc_endpoint.link', {
      vpc_id: '${aws_vpc.vpc.id}',
      vpc_endpoint_type: 'Interface',
      auto_accept: true,
      service_name: '${data.terraform_remote_state.cross-stack-reference-input-cluster-east.outputs.link}',
      subnet_ids: ['${aws_subnet.private-a.id}', '${aws_subnet.private-b.id}'],
      security_group_ids: ['${aws_security_group.link.id}'],
    }),
  );
  expect(exposed(open, change)).toContain('border of east           8443  nodes and pods of west by PrivateLink');
  const waits = all(change, set('network-west/aws_vpc_endpoint.link', { auto_accept: false }));
  expect(exposed(open, waits)).toContain('border of east           8443  nobody from outside its network');
  const judged = all(
    change,
    set('cluster-east/aws_vpc_security_group_ingress_rule.border-from-10.10.0.0/16', { cidr_ipv4: '192.0.2.0/24' }),
  );
  expect(exposed(open, judged)).toContain('border of east           8443  nobody from outside its network');
  const unjudged = { enforce_security_group_inbound_rules_on_private_link_traffic: 'off' };
  expect(exposed(open, all(judged, set('cluster-east/aws_lb.border', unjudged)))).toContain('of west by PrivateLink');
});

test('what the model does not know is listed, not passed over', () => {
  const change = all(
    addTo('network-west/aws_network_acl.acl', {}),
    addTo('cluster-west/aws_lb_target_group_attachment.extra', {}),
    set('cluster-west/aws_lb.page', { ip_address_type: 'dualstack' }),
    set('cluster-west/aws_lb_listener.page', { protocol: 'UDP' }),
    set('cluster-west/aws_security_group.page', { ingress: [{ protocol: '-1', prefix_list_ids: ['pl-1'] }] }),
    addTo('cluster-west/helm_release.gateway', { values: ['{"service":{"type":"LoadBalancer"}}'] }),
    addTo('cluster-west/aws_iam_role.nodes', { for_each: '${toset([])}' }),
  );
  expect(exposed(open, change).split('\n').slice(5)).toEqual([
    'not in the model: network-west/aws_network_acl.acl',
    'not in the model: cluster-west/aws_security_group.page: a prefix list',
    'not in the model: cluster-west/aws_lb.page: ip_address_type',
    'not in the model: cluster-west/aws_lb_listener.page: protocol',
    'not in the model: cluster-west/aws_lb_target_group_attachment.extra',
    'not in the model: cluster-west/helm_release.gateway: a Service of type LoadBalancer',
  ]);
});

test('a security group that is not of the plan is told as not known', () => {
  const foreign = set('cluster-west/aws_lb.page', {
    security_groups: ['${aws_security_group.page.id}', 'sg-0123456789abcdef0'],
  });
  expect(exposed(open, foreign)).toContain('not known: rules of sg-0123456789abcdef0, which is not of this plan');
});
