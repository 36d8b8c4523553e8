import { mutate } from '../../../model/guard/mutate';
import { guardRules } from '../../../model/guard/rules';
import type { GuardConfig } from '../../../model/guard/types';
import { applyPatch, consulConfig, istioConfig, weatherPod } from '../../support/guard/pods';

const guarded = (config: GuardConfig) => applyPatch(weatherPod(), mutate(weatherPod(), config));

test('the declared pair is a rule of its own, by the user of the caller', () => {
  const { v4, v6 } = guardRules(guarded(istioConfig), istioConfig);
  const rule = '-A INTRAPOD -p tcp -m owner --uid-owner 21001 --dport 9000 -j ACCEPT';
  expect(v4.split('\n')).toContain(rule);
  expect(v6.split('\n')).toContain(rule);
});

test("only Consul's proxy is let through where only Consul is", () => {
  const { v4 } = guardRules(guarded(consulConfig), consulConfig);
  expect(v4).toContain('--uid-owner 5995 --dport 8080 -j ACCEPT');
  expect(v4).not.toContain('1337');
});
