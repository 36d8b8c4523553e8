import { mutate, mutateEphemeral } from '../../../model/guard/mutate';
import { refusals } from '../../../model/guard/pod';
import { applyPatch, istioConfig, weatherPod } from '../../support/guard/pods';

test('a mutated pod is admitted, and mutating it again changes nothing', () => {
  const pod = applyPatch(weatherPod(), mutate(weatherPod(), istioConfig));
  expect(refusals(pod, istioConfig)).toEqual([]);
  expect(mutate(pod, istioConfig)).toEqual([]);
});

test('a pod that no webhook has guarded is refused', () => {
  expect(refusals(weatherPod(), istioConfig)).toContain(
    "init container isthmus-guard-v4: is missing; let guard's webhook add it",
  );
});

test('an ephemeral container gets a user that no other container has', () => {
  const pod = applyPatch(weatherPod(), mutate(weatherPod(), istioConfig));
  const debugged = { ...pod, spec: { ...pod.spec, ephemeralContainers: [{ name: 'debugger' }] } };
  const after = applyPatch(debugged, mutateEphemeral(debugged));
  expect(after.spec.ephemeralContainers?.[0]?.securityContext?.runAsUser).toBe(21003);
});
