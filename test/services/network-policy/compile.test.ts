import * as fc from 'fast-check';
import { type NetworkPolicy, networkPolicy, type Opening, type Peer } from '../../../model/network-policy/policy';
import { faultOf, ruleset } from '../../../services/network-policy/compile';
import { type ClusterState, livePods } from '../../../services/network-policy/state';
import { allows, type End } from '../../support/network-policy';
import { passes } from '../../support/nftables';

const podNetwork = '10.1.1.0/24';
const labels = fc.dictionary(fc.constantFrom('app', 'tier'), fc.constantFrom('a', 'b'), { maxKeys: 2 });
const namespaceNames = ['one', 'two', 'three'];
const outside = ['10.1.0.2', '192.0.2.1', '10.2.0.11'];
const selectors = fc.oneof(
  fc.constant({}),
  labels.map((matchLabels) => ({ matchLabels })),
);
const peers: fc.Arbitrary<Peer> = fc.oneof(
  fc.record({ podSelector: selectors }),
  fc.record({ namespaceSelector: selectors, podSelector: selectors }),
  fc.record({ namespaceSelector: selectors }),
  fc.constantFrom<Peer>(
    { ipBlock: { cidr: '10.1.0.2/32' } },
    { ipBlock: { cidr: '0.0.0.0/0', except: ['10.2.0.0/16', '10.1.0.0/16'] } },
    { ipBlock: { cidr: podNetwork } },
  ),
);
const ports = fc.uniqueArray(
  fc.record({ protocol: fc.constantFrom('TCP' as const, 'UDP' as const), port: fc.constantFrom(53, 80, 8080) }),
  { minLength: 1, maxLength: 3, selector: ({ protocol, port }) => `${protocol}${port}` },
);
const openings: fc.Arbitrary<Opening> = fc.oneof(
  fc.record({ ports }),
  fc.record({ peers: fc.array(peers, { minLength: 1, maxLength: 3 }), ports }),
);
const policies: fc.Arbitrary<NetworkPolicy> = fc
  .record({
    name: fc.constant('any'),
    namespace: fc.constantFrom(...namespaceNames),
    pods: labels,
    from: fc.array(openings, { maxLength: 3 }),
    to: fc.array(openings, { maxLength: 3 }),
    types: fc.subarray(['Ingress' as const, 'Egress' as const], { minLength: 1 }),
  })
  .map(({ types, ...options }) => {
    const policy = networkPolicy(options);
    return { ...policy, spec: { ...policy.spec, policyTypes: types } };
  });
const clusters: fc.Arbitrary<ClusterState> = fc
  .record({
    owners: fc.array(fc.record({ namespace: fc.constantFrom(...namespaceNames), labels }), {
      minLength: 1,
      maxLength: 6,
    }),
    namespaceLabels: fc.tuple(labels, labels, labels),
    policies: fc.array(policies, { maxLength: 5 }),
  })
  .map(({ owners, namespaceLabels, policies: some }) => ({
    pods: owners.map(({ namespace, labels: own }, index) => ({
      metadata: { name: `pod-${index}`, namespace, labels: own },
      spec: {},
      status: { podIP: `10.1.1.${index + 2}`, phase: 'Running' },
    })),
    namespaces: namespaceNames.map((name, index) => ({
      metadata: { name, labels: { ...namespaceLabels[index], 'kubernetes.io/metadata.name': name } },
    })),
    policies: some,
  }));

test('the ruleset passes what the policies mean, and nothing else', () => {
  const holds = fc.property(clusters, (state: ClusterState) => {
    const rules = ruleset(state, podNetwork);
    const pods = livePods(state);
    const model = {
      policies: state.policies,
      namespaces: Object.fromEntries(state.namespaces.map(({ metadata }) => [metadata.name, metadata.labels ?? {}])),
    };
    const ends: End[] = [...pods, ...outside.map((address) => ({ address }))];
    for (const from of pods) {
      for (const to of ends.filter((end) => end !== from)) {
        for (const [protocol, name] of [
          ['tcp', 'TCP'],
          ['udp', 'UDP'],
        ] as const) {
          for (const port of [53, 80, 8080, 443]) {
            const packet = { from: from.address, to: to.address, protocol, port };
            expect({ ...packet, passes: passes(rules, 'forward', packet) }).toEqual({
              ...packet,
              passes: allows(model, from, to, port, name),
            });
          }
        }
      }
    }
  });
  void fc.assert(holds);
});

const at = { from: '10.1.1.2', to: '10.1.0.2', protocol: 'tcp', port: 53 } as const;
const pod = (address: string | undefined, more: object = {}) => ({
  metadata: { name: 'a', namespace: 'one', labels: { app: 'a' } },
  spec: {},
  ...(address === undefined ? {} : { status: { podIP: address, phase: 'Running' } }),
  ...more,
});
const one: ClusterState = { pods: [pod('10.1.1.2')], namespaces: [{ metadata: { name: 'one' } }], policies: [] };

test('a pod without a policy passes; an address that is no known pod passes nothing in either direction', () => {
  const rules = ruleset(one, podNetwork);
  expect(passes(rules, 'input', at)).toBe(true);
  expect(passes(rules, 'input', { ...at, from: '10.1.1.9' })).toBe(false);
  expect(passes(rules, 'forward', { ...at, from: '10.1.1.9', to: '192.0.2.1' })).toBe(false);
  expect(passes(rules, 'forward', { ...at, to: '10.1.1.9' })).toBe(false);
});

test("an ended pod's address is nobody's", () => {
  const ended = { ...one, pods: [pod('10.1.1.2', { status: { podIP: '10.1.1.2', phase: 'Succeeded' } })] };
  expect(passes(ruleset(ended, podNetwork), 'input', at)).toBe(false);
});

test('what a pod asks of its own node is held to its policies, too', () => {
  const policy = networkPolicy({ name: 'n', namespace: 'one', to: [{ ports: [{ protocol: 'UDP', port: 53 }] }] });
  const rules = ruleset({ ...one, policies: [policy] }, podNetwork);
  expect(passes(rules, 'input', at)).toBe(false);
  expect(passes(rules, 'input', { ...at, protocol: 'udp' })).toBe(true);
  expect(passes(rules, 'input', { ...at, port: 10250 })).toBe(false);
});

test.each([
  ['matchExpressions', { podSelector: { matchExpressions: [] } }],
  ['every port', { ingress: [{}] }],
  ['a range of ports', { egress: [{ ports: [{ protocol: 'TCP', port: 1, endPort: 9 }] }] }],
  ['a port by name', { egress: [{ ports: [{ protocol: 'TCP', port: 'http' }] }] }],
  ['an IPv6 block', { egress: [{ to: [{ ipBlock: { cidr: '::/0' } }], ports: [{ protocol: 'TCP', port: 1 }] }] }],
])('a policy with %s is named, and closes instead of opening', (what, part) => {
  const policy = networkPolicy({ name: 'odd', namespace: 'one', to: [{ ports: [{ protocol: 'TCP', port: 53 }] }] });
  const odd = { ...policy, spec: { ...policy.spec, ...part } } as NetworkPolicy;
  expect(faultOf(policy)).toBeUndefined();
  expect(faultOf(odd)).toMatch(new RegExp(`^NetworkPolicy one/odd: .*${what}`));
  expect(passes(ruleset({ ...one, policies: [odd] }, podNetwork), 'input', at)).toBe(false);
});
