import * as fc from 'fast-check';
import { type Cidr, contains, formatCidr, overlaps, parseAddress, parseCidr, size } from '../../model/cidr';
import {
  borderAddress,
  endpointAddress,
  networkFaults,
  planNetwork,
  serviceNetwork,
  type ZonePlan,
} from '../../model/network-plan';
import { cidr, zones } from '../support/aws';

const networks: fc.Arbitrary<Cidr> = fc
  .tuple(fc.nat(2 ** 32 - 1), fc.integer({ min: 16, max: 20 }))
  .map(([address, prefix]) => ({ base: address - (address % 2 ** (32 - prefix)), prefix }));
const zoneLists = fc.integer({ min: 3, max: 6 }).map((count) => [...'abcdef'].slice(0, count).map((z) => `eu-1${z}`));

const blocks = (plan: readonly ZonePlan[]) => plan.flatMap((zone) => [zone.privateSubnet, zone.publicSubnet]);
const last = (block: Cidr) => block.base + size(block) - 1;
const addressOf = (text: string) => parseAddress(text) ?? Number.NaN;

describe('the plan of a network', () => {
  test('reads like this', () => {
    const plan = planNetwork(cidr('10.10.0.0/16'), zones);
    const [first, , third] = plan.map((zone) => ({
      zone: zone.zone,
      private: formatCidr(zone.privateSubnet),
      public: formatCidr(zone.publicSubnet),
      fixed: formatCidr(zone.fixed),
      border: zone.borderAddress,
      endpoint: zone.endpointAddress,
    }));
    expect(first).toEqual({
      zone: 'eu-north-1a',
      private: '10.10.0.0/19',
      public: '10.10.224.0/23',
      fixed: '10.10.31.224/28',
      border: '10.10.31.224',
      endpoint: '10.10.31.225',
    });
    expect(third).toMatchObject({ private: '10.10.64.0/19', public: '10.10.228.0/23', border: '10.10.95.224' });
  });

  test('keeps subnets apart, aligned, and inside the network', () => {
    fc.assert(
      fc.property(networks, zoneLists, (network, list) => {
        const all = blocks(planNetwork(network, list));
        expect(all).toHaveLength(2 * list.length);
        all.forEach((block, index) => {
          expect(parseCidr(formatCidr(block))).toEqual(block);
          expect(contains(network, block.base) && contains(network, last(block))).toBe(true);
          expect(all.slice(0, index).filter((other) => overlaps(block, other))).toEqual([]);
        });
      }),
    );
  });

  test('gives most to the private subnets and enough to the public ones', () => {
    fc.assert(
      fc.property(networks, zoneLists, (network, list) => {
        for (const zone of planNetwork(network, list)) {
          expect(size(zone.privateSubnet)).toBe(16 * size(zone.publicSubnet));
          // A load balancer wants at least a /27.
          expect(size(zone.publicSubnet)).toBeGreaterThanOrEqual(32);
        }
      }),
    );
  });

  test('has fixed addresses that differ, lie in their subnet, and are not the ones that AWS keeps', () => {
    fc.assert(
      fc.property(networks, zoneLists, (network, list) => {
        const plan = planNetwork(network, list);
        const fixed = plan.flatMap((zone) => [zone.borderAddress, zone.endpointAddress]);
        expect(new Set(fixed).size).toBe(fixed.length);
        for (const { privateSubnet, fixed: block, ...zone } of plan) {
          for (const address of [zone.borderAddress, zone.endpointAddress].map(addressOf)) {
            expect(contains(block, address)).toBe(true);
            expect(address - privateSubnet.base).toBeGreaterThanOrEqual(4);
            expect(address).toBeLessThan(last(privateSubnet));
          }
          expect(contains(privateSubnet, block.base) && contains(privateSubnet, last(block))).toBe(true);
          expect(parseCidr(formatCidr(block))).toEqual(block);
          expect(contains(block, last(privateSubnet))).toBe(false);
        }
      }),
    );
  });

  test('tells the same fixed addresses to those who know only the network', () => {
    const network = cidr('10.20.0.0/20');
    planNetwork(network, zones).forEach((zone, index) => {
      expect(zone.borderAddress).toBe(borderAddress(network, index));
      expect(zone.endpointAddress).toBe(endpointAddress(network, index));
    });
  });

  test('moves nothing when a zone is added at the end', () => {
    fc.assert(
      fc.property(networks, zoneLists, (network, list) => {
        expect(planNetwork(network, list.slice(0, -1))).toEqual(planNetwork(network, list).slice(0, -1));
      }),
    );
  });

  test('has no seventh zone', () => {
    expect(() => planNetwork(cidr('10.0.0.0/16'), [...'abcdefg'])).toThrow('10.0.0.0/16 has no private subnet 6');
  });
});

describe('networks and zones that do not go together', () => {
  const problems = (network: string, list: readonly string[]) =>
    networkFaults(cidr(network), list).map(({ path, problem, value }) => [path[0], problem, value]);

  test('every network of the right size is fine', () => {
    fc.assert(fc.property(networks, zoneLists, (network, list) => networkFaults(network, list).length === 0));
  });

  test.each([
    ['10.0.0.0/15', zones, [['cidr', 'is larger than a VPC can be', '10.0.0.0/15']]],
    ['10.0.0.0/21', zones, [['cidr', 'has no room for its subnets', '10.0.0.0/21']]],
    ['10.0.0.0/16', ['a', 'b'], [['zones', 'are too few', ['a', 'b']]]],
    ['10.0.0.0/16', [...'abcdefg'], [['zones', 'are too many', [...'abcdefg']]]],
    ['10.0.0.0/16', ['a', 'b', 'c', 'a', 'a'], [['zones', 'are not all different', 'a']]],
  ])('%s over %j', (network, list, expected) => {
    expect(problems(network, list)).toEqual(expected);
  });

  test('all faults are told at once', () => {
    expect(problems('10.0.0.0/24', ['a', 'a'])).toHaveLength(3);
  });
});

describe('the network of Kubernetes services', () => {
  test("is EKS's own choice where that is free", () => {
    expect(formatCidr(serviceNetwork([cidr('10.10.0.0/16'), cidr('10.20.0.0/16')]))).toBe('172.20.0.0/16');
  });

  test('overlaps no mesh', () => {
    fc.assert(
      fc.property(fc.array(networks, { maxLength: 4 }), (list) => {
        const found = serviceNetwork(list);
        expect(list.filter((network) => overlaps(network, found))).toEqual([]);
      }),
    );
    expect(formatCidr(serviceNetwork([cidr('172.16.0.0/12'), cidr('10.0.0.0/9')]))).toBe('192.168.0.0/16');
  });

  test('is refused where nothing is left', () => {
    const all = ['10.0.0.0/8', '172.16.0.0/12', '192.168.0.0/16'].map(cidr);
    expect(() => serviceNetwork(all)).toThrow('10.0.0.0/8, 172.16.0.0/12, 192.168.0.0/16 leave no room');
  });
});
