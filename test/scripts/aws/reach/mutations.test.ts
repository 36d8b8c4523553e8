jest.mock('../../../../constructs/program', () => jest.requireActual('../../../support/programs'));

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'yaml';
import { formatCidr } from '../../../../model/cidr';
import { readStackPlans, type StackPlan } from '../../../../scripts/aws/reach/plan';
import { labOf, root } from '../../../support/labs';
import { synthesise } from '../../../support/synth';
import { answers, barriers } from './answers';

type Values = Record<string, unknown>;
type Draft = Record<string, Record<string, Record<string, Values>>>;

const range = { base: 0xcb_00_71_07, prefix: 32 };
const aws = { region: 'eu-north-1', apiFrom: [formatCidr(range)], pageFrom: [formatCidr(range)], nat: 'per-zone' };
const file = parse(readFileSync(join(root, 'labs/aws.yaml'), 'utf8')) as object;
const plan = readStackPlans(synthesise(labOf(JSON.stringify({ ...file, aws }))).folder);
const before = answers(plan, range);

/** The plan with something in it changed: `stacks[stack][type][name]` are arguments. */
function changed(change: (stacks: Draft) => void): readonly StackPlan[] {
  const copy = structuredClone(plan) as readonly StackPlan[];
  change(Object.fromEntries(copy.map(({ name, resource }) => [name, resource])) as Draft);
  return copy;
}

/** The resources of a type in a stack whose name has `part` in it. */
function some(stacks: Draft, stack: string, type: string, part = ''): [string, Values][] {
  const found = Object.entries(stacks[stack]?.[type] ?? {}).filter(([name]) => name.includes(part));
  if (found.length === 0) throw new Error(`no ${stack}/${type}.…${part}…`);
  return found;
}

function only(stacks: Draft, stack: string, type: string, part = ''): Values {
  const [first, ...more] = some(stacks, stack, type, part);
  if (first === undefined || more.length > 0) throw new Error(`${more.length + 1} of ${stack}/${type}.…${part}…`);
  return first[1];
}

function remove(stacks: Draft, stack: string, type: string, part = ''): void {
  for (const [name] of some(stacks, stack, type, part)) delete stacks[stack]?.[type]?.[name];
}

/** Lines that a change takes away and brings. */
function difference(change: (stacks: Draft) => void): string[] {
  const after = answers(changed(change), range);
  return [
    ...before.filter((line) => !after.includes(line)).map((line) => `- ${line}`),
    ...after.filter((line) => !before.includes(line)).map((line) => `+ ${line}`),
  ];
}

const ingress = 'aws_vpc_security_group_ingress_rule';

const rows: readonly (readonly [string, readonly string[], (stacks: Draft) => void])[] = [
  [
    'the NAT route of one zone removed',
    ['- west → image registries 443: all internet', '+ west → image registries 443: some internet'],
    (s) => remove(s, 'network-west', 'aws_route', 'PrivateRoute-eu-north-1a'),
  ],
  [
    'a NAT gateway removed',
    ['- east → image registries 443: all internet', '+ east → image registries 443: some internet'],
    (s) => remove(s, 'network-east', 'aws_nat_gateway', 'eu-north-1c'),
  ],
  [
    'an internet route in place of NAT in private tables',
    ['- west → image registries 443: all internet', '+ west → image registries 443: none'],
    (s) => {
      const gateway_id = only(s, 'network-west', 'aws_route', 'PublicRoute').gateway_id;
      for (const [, route] of some(s, 'network-west', 'aws_route', 'PrivateRoute')) {
        delete route.nat_gateway_id;
        route.gateway_id = gateway_id;
      }
    },
  ],
  [
    'the page made internal',
    [
      '- internet → page of west 80-80: some internet 203.0.113.7/32',
      '- 203.0.113.7/32 → page of west 80: all',
      '+ 203.0.113.7/32 → page of west 80: none',
    ],
    (s) => Object.assign(only(s, 'cluster-west', 'aws_lb', 'Page'), { internal: true }),
  ],
  [
    'the page opened to all',
    [
      '- internet → page of west 80-80: some internet 203.0.113.7/32',
      '- west → page 80: none',
      '+ east → page of west 80-80: all internet',
      '+ internet → page of west 80-80: all internet 0.0.0.0/0',
      '+ west → page 80: all vpc internet',
    ],
    (s) => Object.assign(only(s, 'cluster-west', ingress, 'Page_From'), { cidr_ipv4: '0.0.0.0/0' }),
  ],
  [
    'the page’s listener removed',
    [
      '- internet → page of west 80-80: some internet 203.0.113.7/32',
      '- 203.0.113.7/32 → page of west 80: all',
      '+ 203.0.113.7/32 → page of west 80: none',
    ],
    (s) => remove(s, 'cluster-west', 'aws_lb_listener', 'Page'),
  ],
  [
    'nodes opened to the other network',
    ['+ west → nodes of east 30443-30443: all peering'],
    (s) => {
      const rule = only(s, 'cluster-east', ingress, 'Border_Nodes');
      delete rule.referenced_security_group_id;
      // The load balancer still gets through: by its address.
      Object.assign(rule, { cidr_ipv4: '10.0.0.0/8' });
    },
  ],
  [
    'a return route dropped',
    ['- west → border of east 8443-8443: all peering', '- east → border of west 15443-15443: all peering'].concat([
      '+ west → border of east 8443-8443: some peering',
      '+ east → border of west 15443-15443: some peering',
    ]),
    (s) => remove(s, 'border', 'aws_route', 'Accepter-eu-north-1b'),
  ],
  [
    'a second port open in the border’s group, without a listener',
    [],
    (s) => Object.assign(only(s, 'cluster-east', ingress, 'Border_From'), { to_port: 8500 }),
  ],
  [
    'and with one',
    ['+ west → border of east 8500-8500: all peering'],
    (s) => {
      Object.assign(only(s, 'cluster-east', ingress, 'Border_From'), { to_port: 8500 });
      const listener = only(s, 'cluster-east', 'aws_lb_listener', 'Border');
      Object.assign(s['cluster-east']?.aws_lb_listener ?? {}, { second: { ...listener, port: 8500 } });
    },
  ],
  [
    'an API whose ranges are forgotten',
    [
      '- internet → Kubernetes API of east 443-443: some internet 203.0.113.7/32',
      '- east → Kubernetes API of east 443: all vpc',
      '+ east → Kubernetes API of east 443: all vpc internet',
      '+ west → Kubernetes API of east 443-443: all internet',
      '+ internet → Kubernetes API of east 443-443: all internet 0.0.0.0/0',
    ],
    (s) => {
      delete (only(s, 'cluster-east', 'aws_eks_cluster').vpc_config as Values).public_access_cidrs;
    },
  ],
];

test.each(rows)('%s changes just those answers', (_what, expected, change) => {
  expect(difference(change).toSorted()).toEqual([...expected].toSorted());
});

/** What carries or lets in packets. Without any one of them something is no longer reached. */
const carriers = [
  'aws_vpc_peering_connection',
  'aws_internet_gateway',
  'aws_nat_gateway',
  'aws_route',
  'aws_route_table_association',
  'aws_subnet',
  'aws_lb',
  'aws_lb_listener',
  'aws_lb_target_group',
  'aws_autoscaling_attachment',
  'aws_vpc_security_group_ingress_rule',
  'aws_vpc_security_group_egress_rule',
  'aws_eks_node_group',
];

const single = plan.flatMap(({ name: stack, resource }) =>
  carriers.flatMap((type) => Object.keys(resource[type] ?? {}).map((name) => [stack, type, name] as const)),
);

test.each(single)('%s/%s.%s is needed', (stack, type, name) => {
  expect(difference((stacks) => delete stacks[stack]?.[type]?.[name])).not.toEqual([]);
});

test('what stands between the internet and a gateway is more than one thing, and each is told', () => {
  const kept = barriers(plan).filter((line) => line.startsWith('the internet → border of east'));
  expect(kept).toHaveLength(5);
  const layers: readonly ((stacks: Draft) => void)[] = [
    (s) => Object.assign(only(s, 'cluster-east', 'aws_lb', 'Border'), { internal: false }),
    (s) => Object.assign(only(s, 'cluster-east', ingress, 'Border_From'), { cidr_ipv4: '0.0.0.0/0' }),
    (s) => {
      const gateway_id = only(s, 'network-east', 'aws_route', 'PublicRoute').gateway_id;
      for (const [, route] of some(s, 'network-east', 'aws_route', 'PrivateRoute')) {
        delete route.nat_gateway_id;
        route.gateway_id = gateway_id;
      }
    },
  ];
  const open = '+ internet → border of east 8443-8443: all internet 0.0.0.0/0';
  for (const missing of layers) {
    const rest = (stacks: Draft) => {
      for (const layer of layers) if (layer !== missing) layer(stacks);
    };
    expect(difference(rest)).not.toContain(open);
    const left = barriers(changed(rest)).filter((line) => line.startsWith('the internet → border of east'));
    expect(left.length).toBeGreaterThan(0);
    expect(left.length).toBeLessThan(kept.length);
  }
  const all = (stacks: Draft) => {
    for (const layer of layers) layer(stacks);
  };
  expect(difference(all)).toContain(open);
});
