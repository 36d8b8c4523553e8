/** Changes of a guarded pod, each of which is a reason to refuse it. */
import { mutate } from '../../../model/guard/mutate';
import type { Container, GuardConfig, Pod, PodSpec } from '../../../model/guard/types';
import { injectConsul, injectIstio, istioInit } from './injected';
import { applyPatch, consulConfig, istioConfig, weatherPod } from './pods';

export const guard = (pod: Pod, config: GuardConfig) => applyPatch(pod, mutate(pod, config));

/** Guarded pods as they run, with each mesh's proxy. */
export const istioPod = guard(injectIstio(weatherPod()), istioConfig);
export const consulPod = guard(injectConsul(weatherPod()), consulConfig);

export const spec = (changes: Partial<PodSpec>) => (pod: Pod) => ({ ...pod, spec: { ...pod.spec, ...changes } });

/** Changes the container of a name, in whichever list it is. */
export const container = (name: string, changes: Partial<Container>) => (pod: Pod) => {
  const one = (it: Container) => (it.name === name ? { ...it, ...changes } : it);
  const { containers, initContainers = [] } = pod.spec;
  return spec({ containers: containers.map(one), initContainers: initContainers.map(one) })(pod);
};

export const context = (name: string, changes: Readonly<Record<string, unknown>>) => (pod: Pod) => {
  const { containers, initContainers = [] } = pod.spec;
  const found = [...containers, ...initContainers].find((it) => it.name === name);
  return container(name, { securityContext: { ...found?.securityContext, ...changes } })(pod);
};

export const annotation = (key: string, value: string) => (pod: Pod) => ({
  ...pod,
  metadata: { ...pod.metadata, annotations: { ...pod.metadata?.annotations, [key]: value } },
});

export const label = (key: string, value: string) => (pod: Pod) => ({
  ...pod,
  metadata: { ...pod.metadata, labels: { ...pod.metadata?.labels, [key]: value } },
});

export const argument = (flag: string, value: string) => {
  const args = [...(istioInit.args ?? [])];
  args[args.indexOf(flag) + 1] = value;
  return container('istio-init', { args });
};

export type Case = readonly [string, (pod: Pod) => Pod, RegExp];
