import { estimate } from '../../../scripts/cost/estimate';
import { temporaryFolder } from '../../support/folder';
import { changed, exampleStacks, planOf } from './fixture';

const folder = temporaryFolder();
const page = 'cluster-west/aws_lb.Page';
const ecr = 'network-west/aws_vpc_endpoint.Ecr';

function priced(address: string, change: Record<string, unknown>) {
  const { items, gaps } = estimate(planOf(folder, changed(exampleStacks(), address, change)));
  return [...items, ...gaps].filter((entry) => entry.address === address).map(({ what }) => what);
}

const use = 'its use, 0.1 capacity units';

test.each<[string, Record<string, unknown>, string[]]>([
  ['on the internet', {}, ['network load balancer weather-west-page', use, '3 public IPv4 addresses']],
  ['internal', { internal: true }, ['network load balancer weather-west-page', use]],
  [
    'an application balancer, which is the default',
    { load_balancer_type: undefined, internal: true, name: undefined },
    ['application load balancer', use],
  ],
  ['a gateway', { load_balancer_type: 'gateway' }, ['load balancer of type gateway']],
  [
    'on addresses that the person holds',
    { subnets: undefined, subnet_mapping: [{ subnet_id: 's', allocation_id: 'eipalloc-0123456789abcdef0' }] },
    ['network load balancer weather-west-page', use],
  ],
  [
    'on subnets that are mapped',
    { subnets: undefined, subnet_mapping: [{ subnet_id: 's' }, { subnet_id: 't' }] },
    ['network load balancer weather-west-page', use, '2 public IPv4 addresses'],
  ],
  [
    'on subnets that only an apply tells',
    { subnets: '${data.terraform_remote_state.network.outputs.subnets}' },
    ['network load balancer weather-west-page', use, 'public IPv4 addresses: the number of subnets is known only then'],
  ],
])('a load balancer %s', (_name, change, what) => {
  expect(priced(page, change)).toEqual(what);
});

test.each<[string, Record<string, unknown>, string[]]>([
  ['of an AWS service', {}, ['endpoint for ecr.api in 3 zones', 'data through it, 1 GB']],
  [
    'of the other mesh',
    { service_name: '${aws_vpc_endpoint_service.S.service_name}', subnet_ids: ['a'] },
    ['endpoint for a service of the plan in 1 zones', 'data through it, 1 GB'],
  ],
  ['that is a gateway is free', { vpc_endpoint_type: 'Gateway' }, []],
  ['that is a gateway by default is free', { vpc_endpoint_type: undefined }, []],
  ['of another kind', { vpc_endpoint_type: 'GatewayLoadBalancer' }, ['endpoint of type GatewayLoadBalancer']],
  ['whose subnets only an apply tells', { subnet_ids: '${x}' }, ['endpoint: the number of zones is known only then']],
])('an endpoint %s', (_name, change, what) => {
  expect(priced(ecr, change)).toEqual(what);
});

test('an address of a NAT gateway is counted once', () => {
  const { items } = estimate(planOf(folder, exampleStacks()));
  const addresses = items.filter(({ address, what }) => address.startsWith('network-') && what.includes('IPv4'));
  expect(addresses.map(({ address }) => address)).toEqual([
    'network-west/aws_eip.Nat_Address',
    'network-east/aws_eip.Nat_Address',
  ]);
});

test('a flow log into S3 has no price', () => {
  expect(priced('network-west/aws_flow_log.Flow', {})).toEqual([]);
  expect(priced('network-west/aws_flow_log.Flow', { log_destination_type: 's3' })).toEqual(['flow log into s3']);
});
