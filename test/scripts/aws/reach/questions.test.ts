import { formatCidr } from '../../../../model/cidr';
import { networkOf } from '../../../../scripts/aws/reach/network';
import type { Place } from '../../../../scripts/aws/reach/places';
import { crossings, explain, openPorts } from '../../../../scripts/aws/reach/questions';
import { api, ask, border, type Change, cidr, internet, nodes, open, page, registries, set } from './ask';
import { across, fixture, plansOf } from './fixture';

const cluster = 'cluster-west/aws_eks_cluster.cluster';

test('nodes and pods bring images through their NAT gateway, with the layers from the S3 endpoint', () => {
  for (const kind of ['nodes', 'pods'] as const) {
    const answer = ask({ kind, mesh: 'west' }, registries, 443);
    expect(answer.reaches).toBe('all');
    expect(answer.path.join('\n')).toMatch(/aws_nat_gateway\.nat-a[\s\S]*aws_vpc_endpoint\.s3/);
  }
});

test('one mesh reaches of the other its gateway and nothing else', () => {
  const network = networkOf(plansOf(fixture(open)));
  const found = (from: string, to: string) =>
    crossings(network, from, to).map(({ place, from: first, to: last, answer }) => [
      place,
      first,
      last,
      answer.reaches,
    ]);
  expect(found('west', 'east')).toEqual([[border('east'), 8443, 8443, 'all']]);
  expect(found('east', 'west')).toEqual([[border('west'), 15443, 15443, 'all']]);
});

test('the internet reaches what is open, from where it is open', () => {
  const network = networkOf(plansOf(fixture(open)));
  const found = (place: Place) =>
    openPorts(network, internet, place).map(({ from, to, answer }) => [from, to, answer.sources.map(formatCidr)]);
  expect(found(page)).toEqual([[80, 80, ['203.0.113.0/24']]]);
  for (const mesh of ['west', 'east']) {
    expect(found(api(mesh))).toEqual([[443, 443, ['198.51.100.0/24']]]);
    expect(found(nodes(mesh))).toEqual([]);
    expect(found(border(mesh))).toEqual([]);
  }
});

test('a given range gets all, part or none', () => {
  const from = (text: string) => ask({ kind: 'internet', from: cidr(text) }, page, 80).reaches;
  expect(from('203.0.113.128/25')).toBe('all');
  expect(from('203.0.112.0/23')).toBe('some');
  expect(from('192.0.2.0/24')).toBe('none');
});

test('two ranges that together hold one let it in', () => {
  const halves = { pageFrom: ['203.0.113.0/25', '203.0.113.128/25'] };
  expect(ask({ kind: 'internet', from: cidr('203.0.113.0/24') }, page, 80, undefined, halves).reaches).toBe('all');
});

test('nobody calls from the internet with an address that is not on it', () => {
  const inner = { pageFrom: ['10.20.0.0/16', '192.168.0.0/16'] };
  expect(ask(internet, page, 80, undefined, inner)).toMatchObject({ reaches: 'none', sources: [] });
});

test('the nodes of a mesh reach each other and their API on the private endpoint', () => {
  expect(ask(nodes('west'), nodes('west'), 10250).reaches).toBe('all');
  expect(ask(nodes('west'), api('west'), 443)).toMatchObject({ reaches: 'all', over: ['vpc'] });
  expect(ask(api('west'), nodes('west'), 15017).reaches).toBe('all');
  expect(ask(nodes('west'), api('west'), 8443).reaches).toBe('none');
});

test('an API without a private endpoint is reached by nodes when its public one lets their NAT address in', () => {
  const ranges = (...public_access_cidrs: string[]) =>
    set(cluster, { endpoint_private_access: false, public_access_cidrs }, 'vpc_config');
  const answer = (change: Change) => ask(nodes('west'), api('west'), 443, change);
  expect(answer(ranges('198.51.100.0/24')).reaches).toBe('none');
  expect(answer(ranges('0.0.0.0/0'))).toMatchObject({ reaches: 'all', over: ['internet'] });
  expect(answer(ranges('0.0.0.0/1', '128.0.0.0/1')).reaches).toBe('all');
  const addresses =
    (zones: readonly string[]): Change =>
    (stacks) => {
      const network = stacks['network-west'];
      if (network === undefined) throw new Error('no network-west');
      ranges(...zones.map((zone) => `${across(network, `aws_eip.nat-${zone}.public_ip`)}/32`))(stacks);
    };
  expect(answer(addresses(['a', 'b'])).reaches).toBe('all');
  // The other zone leaves by its own NAT gateway.
  expect(answer(addresses(['b'])).reaches).toBe('some');
});

test('an explanation tells the way, or everything in it', () => {
  expect(explain(ask(nodes('west'), border('east'), 8443))).toMatch(
    /^yes\n {2}.*\n[\s\S]*listener cluster-east\/aws_lb_listener.border/,
  );
  const closed = explain(ask(internet, border('east'), 8443));
  expect(closed).toMatch(/^no\n/);
  for (const part of ['demo-east-border is internal', 'by an internet gateway', 'only from 10.10.0.0/16']) {
    expect(closed).toContain(part);
  }
  expect(explain(ask(internet, page, 80))).toMatch(/^in part from 203\.0\.113\.0\/24\n/);
});

test('what calls nobody, or is not in the plan, is no start of a question', () => {
  expect(() => ask(page, nodes('west'), 80)).toThrow(/calls nobody by itself/);
  expect(() => ask(nodes('south'), registries, 443)).toThrow('the plan has no EKS cluster of mesh south');
  expect(() => ask(internet, { kind: 'balancer', mesh: 'east', role: 'page' }, 80)).toThrow(
    /no load balancer page of mesh east/,
  );
});
