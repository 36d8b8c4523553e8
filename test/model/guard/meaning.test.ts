/** The generated rules let pass what is declared, and nothing else, for every pod and packet. */
import * as fc from 'fast-check';
import { consulUpstreams } from '../../../model/guard/consul-upstreams';
import { type Pair, parseDeclaration } from '../../../model/guard/declaration';
import { mutate } from '../../../model/guard/mutate';
import { refusals } from '../../../model/guard/pod';
import { guardRules } from '../../../model/guard/rules';
import type { Container, GuardConfig, Pod, ProxyKind } from '../../../model/guard/types';
import { decide, empty, load, type Packet } from '../../support/guard/iptables';
import { applyPatch } from '../../support/guard/pods';
import { type Expected, passes } from '../../support/guard/reference';

const ports = [53, 80, 8080, 9000, 9001, 45000, 50051];
const proxyPorts = [
  ...[15000, 15001, 15004, 15006, 15008, 15020, 15021, 15053, 15090, 15099],
  ...[8600, 19000, 20000, 20100, 20200, 20300, 20599, 20600, 20999, 21000, 33333],
];
const names = ['app', 'cache', 'log', 'migrate'];
const probeSources = ['10.0.0.0/24', 'fd00::/64'];

const config = fc
  .subarray<ProxyKind>(['istio', 'consul'])
  .map(
    (kinds): GuardConfig => ({ image: 'guard:1', proxies: kinds.map((kind) => ({ kind, images: [] })), probeSources }),
  );

const container = (name: string) =>
  fc.record({
    name: fc.constant(name),
    ports: fc
      .uniqueArray(fc.constantFrom(...ports), { maxLength: 2 })
      .chain((chosen) =>
        fc.tuple(
          ...chosen.map((containerPort) =>
            fc.constantFrom('TCP', 'UDP').map((protocol) => ({ containerPort, protocol })),
          ),
        ),
      ),
    list: fc.constantFrom('containers', 'initContainers'),
    user: fc.option(fc.constantFrom(1000 + names.indexOf(name), 21001 + names.indexOf(name)), { nil: undefined }),
  });

const pair = (among: readonly string[]) =>
  fc.record<Pair>({
    from: fc.constantFrom(...among),
    to: fc.constantFrom(...among),
    port: fc.constantFrom(...ports),
    protocol: fc.constantFrom('TCP', 'UDP'),
  });

const pod = fc.subarray(names, { minLength: 1 }).chain((chosen) =>
  fc
    .record({
      containers: fc.tuple(...chosen.map(container)),
      pairs: fc.uniqueArray(pair(chosen), { maxLength: 5, selector: (value) => JSON.stringify(value) }),
      upstreams: fc.uniqueArray(fc.constantFrom(1234, 9001, 9191), { maxLength: 2 }),
      ofPod: fc.option(fc.constant(5001), { nil: undefined }),
    })
    .map(({ containers, pairs, upstreams, ofPod }): Pod => {
      const of = (wanted: string): Container[] =>
        containers
          .filter(({ list }) => list === wanted)
          .map(({ name, ports: published, user }) => ({
            name,
            ports: published,
            ...(user === undefined ? {} : { securityContext: { runAsUser: user } }),
          }));
      return {
        metadata: {
          annotations: {
            'guard.isthmus.dev/allow': JSON.stringify(pairs),
            'consul.hashicorp.com/connect-service-upstreams': upstreams.map((port) => `info:${port}`).join(','),
          },
        },
        spec: {
          containers: of('containers'),
          initContainers: of('initContainers'),
          ...(ofPod === undefined ? {} : { securityContext: { runAsUser: ofPod } }),
        },
      };
    }),
);

const addresses = {
  v4: ['127.0.0.1', '127.0.0.6', '10.1.0.5', '10.0.0.7', '224.0.0.251', '10.1.0.255'],
  v6: ['::1', 'fd00:1::5', 'fd00::7', 'fe80::5', 'ff02::fb'],
} as const;

const packet = (family: 'v4' | 'v6') =>
  fc.record(
    {
      hook: fc.constantFrom('OUTPUT', 'OUTPUT', 'INPUT'),
      device: fc.constantFrom('lo', 'lo', 'eth0'),
      protocol: fc.constantFrom('tcp', 'tcp', 'udp', family === 'v4' ? 'icmp' : 'ipv6-icmp', 'sctp'),
      source: fc.constantFrom(...addresses[family]),
      destination: fc.constantFrom(...addresses[family]),
      port: fc.constantFrom(...ports, ...proxyPorts, 1234, 9191),
      user: fc.constantFrom(0, 1000, 1001, 1002, 1003, 5001, 21001, 21002, 21003, 21004, 1337, 5995, 5996),
      state: fc.constantFrom('NEW', 'NEW', 'ESTABLISHED', 'RELATED'),
      direction: fc.constantFrom('ORIGINAL', 'REPLY'),
      redirectedFrom: fc.constantFrom(53, 80),
      reset: fc.boolean(),
      broadcast: family === 'v4' ? fc.boolean() : fc.constant(false),
    },
    { requiredKeys: ['hook', 'device', 'protocol', 'source', 'destination', 'port'] },
  ) satisfies fc.Arbitrary<Packet>;

function expectedOf(guarded: Pod, { proxies }: GuardConfig): Expected {
  const own = [...guarded.spec.containers, ...(guarded.spec.initContainers ?? [])].filter(({ name }) =>
    names.includes(name),
  );
  const users = new Map(own.map(({ name, securityContext }) => [name, securityContext?.runAsUser ?? -1]));
  return {
    kinds: proxies.map(({ kind }) => kind),
    users,
    pairs: parseDeclaration(guarded.metadata?.annotations ?? {}, own).declaration.pairs,
    published: own
      .flatMap((one) => one.ports ?? [])
      .flatMap(({ protocol, containerPort }) => (protocol === 'UDP' ? [] : [containerPort])),
    upstreams: consulUpstreams(guarded).ports,
    probeSources,
  };
}

test.each(['v4', 'v6'] as const)('rules for %s decide as the declaration says', (family) => {
  fc.assert(
    fc.property(pod, config, fc.array(packet(family), { minLength: 1, maxLength: 60 }), (given, cluster, packets) => {
      const guarded = applyPatch(given, mutate(given, cluster));
      const once = load(empty, guardRules(guarded, cluster)[family]);
      const twice = load(once, guardRules(guarded, cluster)[family]);
      const expected = expectedOf(guarded, cluster);
      for (const one of packets) {
        const verdict = decide(once, one);
        expect([one, verdict === 'accepted']).toEqual([one, passes(expected, one)]);
        // TCP is told at once.
        if (verdict !== 'accepted') expect(verdict).toBe(one.protocol === 'tcp' ? 'reset' : 'unreachable');
        // A pod whose init containers run again has the same rules.
        expect(decide(twice, one)).toBe(verdict);
      }
    }),
    { numRuns: 1000 },
  );
});

test('every user of a mutated pod is one container, and the pod is admitted', () => {
  fc.assert(
    fc.property(pod, config, (given, cluster) => {
      const guarded = applyPatch(given, mutate(given, cluster));
      const own = [...guarded.spec.containers, ...(guarded.spec.initContainers ?? [])].filter(({ name }) =>
        names.includes(name),
      );
      const users = own.map(({ securityContext }) => securityContext?.runAsUser);
      expect(new Set(users).size).toBe(own.length);
      expect(refusals(guarded, cluster)).toEqual([]);
      expect(mutate(guarded, cluster)).toEqual([]);
    }),
  );
});
