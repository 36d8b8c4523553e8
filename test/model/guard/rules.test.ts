import * as fc from 'fast-check';
import { mutate } from '../../../model/guard/mutate';
import { guardRules } from '../../../model/guard/rules';
import type { GuardConfig } from '../../../model/guard/types';
import { expectGolden } from '../../support/golden';
import { decide, empty, load, type Packet } from '../../support/guard/iptables';
import { applyPatch, consulConfig, istioConfig, weatherPod } from '../../support/guard/pods';

/** Everything that makes a rule: TCP and UDP, by number and by name, a call to itself, upstreams of Consul. */
const allow = [
  { from: 'app', to: 'cache', port: 9000 },
  { from: 'app', to: 'cache', port: 8125, protocol: 'UDP' },
  { from: 'app', to: 'app', port: 'http' },
];
const richPod = weatherPod({
  annotations: {
    'guard.isthmus.dev/allow': JSON.stringify(allow),
    'consul.hashicorp.com/connect-service-upstreams': 'info:1234',
  },
});

const rulesOf = (config: GuardConfig) => guardRules(applyPatch(richPod, mutate(richPod, config)), config);

test.each([
  ['istio', istioConfig],
  ['consul', consulConfig],
] as const)('rules beside the proxy of %s are the reviewed ones', (kind, config) => {
  const { v4, v6 } = rulesOf(config);
  expectGolden(`guard/${kind}`, { v4: v4.split('\n'), v6: v6.split('\n') });
});

const addresses = {
  v4: ['127.0.0.1', '10.1.0.5', '10.0.0.7', '224.0.0.251'],
  v6: ['::1', 'fd01::5', 'fd00::7', 'ff02::fb'],
};
const ports = [8080, 9000, 8125, 1234, 15000, 15006, 15008, 15020, 15053, 8600, 19000, 20000, 20300, 33333];

/** Enough packets that each rule decides about some. */
function witnesses(family: 'v4' | 'v6'): Packet[] {
  const one = fc.record(
    {
      hook: fc.constantFrom('OUTPUT', 'INPUT'),
      device: fc.constantFrom('lo', 'eth0'),
      protocol: fc.constantFrom('tcp', 'udp', family === 'v4' ? 'icmp' : 'ipv6-icmp'),
      source: fc.constantFrom(...addresses[family]),
      destination: fc.constantFrom(...addresses[family]),
      port: fc.constantFrom(...ports),
      user: fc.constantFrom(21001, 21002, 1337, 5995),
      state: fc.constantFrom('NEW', 'ESTABLISHED', 'RELATED'),
      direction: fc.constantFrom('ORIGINAL', 'REPLY'),
      redirectedFrom: fc.constant(53),
      reset: fc.boolean(),
      broadcast: fc.constant(family === 'v4'),
    },
    { requiredKeys: ['hook', 'device', 'protocol', 'source', 'destination', 'port'] },
  ) satisfies fc.Arbitrary<Packet>;
  return fc.sample(one, { seed: 1, numRuns: 10_000 });
}

const cases = (['istio', 'consul'] as const).flatMap((kind) =>
  (['v4', 'v6'] as const).flatMap((family) => {
    const text = rulesOf(kind === 'istio' ? istioConfig : consulConfig)[family];
    const rules = text.split('\n').filter((line) => /^-[AI] /.test(line));
    return rules.map((rule) => ({ kind, family, rule, text }));
  }),
);

const packets = { v4: witnesses('v4'), v6: witnesses('v6') };

test.each(cases)('beside $kind, without $family $rule, something else would happen', ({ family, rule, text }) => {
  const whole = load(empty, text);
  const lacking = load(empty, text.replace(`${rule}\n`, ''));
  expect(packets[family].some((one) => decide(whole, one) !== decide(lacking, one))).toBe(true);
});

test('where no source of probes is known, probes come from everywhere', () => {
  const { probeSources: _, ...config } = istioConfig;
  const { v4, v6 } = rulesOf(config);
  expect(v4).toContain('-A INTRAPOD-IN -s 0.0.0.0/0 -p tcp -m multiport --dports 15020,15021 -j RETURN');
  expect(v6).toContain('-A INTRAPOD-IN -s ::/0 -p tcp -m multiport --dports 15020,15021 -j RETURN');
});

test('rules that other webhooks can change nothing about', () => {
  const guarded = applyPatch(richPod, mutate(richPod, istioConfig));
  const { v4 } = guardRules(guarded, istioConfig);
  expect(guarded.metadata?.annotations?.['guard.isthmus.dev/rules-v4']).toBe(v4);
});
