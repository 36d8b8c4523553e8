/** One pod must not keep the others waiting: what is too large is refused unread, and the rest takes work in proportion. */
import * as fc from 'fast-check';
import { harmlessEnvoyArguments, harmlessProxyConfig } from '../../../model/guard/capture';
import { consulUpstreams } from '../../../model/guard/consul-upstreams';
import { mutate, mutateEphemeral } from '../../../model/guard/mutate';
import { refusals, refusalsOfUpdate } from '../../../model/guard/pod';
import { limits } from '../../../model/guard/size';
import type { Container, Pod } from '../../../model/guard/types';
import { istioProxyVariables, variableDeviations } from '../../../model/guard/variables';
import { annotation, container, istioPod, spec } from '../../support/guard/changes';
import { consulConfig, istioConfig, weatherPod } from '../../support/guard/pods';

const many = <T>(count: number, make: (index: number) => T): T[] => Array.from({ length: count }, (_, i) => make(i));
const ports = (count: number) => many(count, (index) => ({ containerPort: index + 1 }));
const pairs = (count: number, name: (index: number) => string) =>
  annotation(
    'guard.isthmus.dev/allow',
    JSON.stringify(many(count, (index) => ({ from: name(index), to: 'cache', port: 1 }))),
  );

describe('refused unread, and left as it is', () => {
  test.each<readonly [string, (pod: Pod) => Pod, RegExp]>([
    [
      'containers',
      (pod) =>
        spec({ containers: [...pod.spec.containers, ...many(limits.containers, (i) => ({ name: `c${i}` }))] })(pod),
      /^spec: has more containers than guard reads; value: 10\d; allowed: at most 100; fix: split the pod/,
    ],
    [
      'names that Kubernetes does not allow',
      spec({ containers: [{ name: 'x'.repeat(20_000) }] }),
      /^spec\.containers: has a container with a name .*allowed: at most 63 letters/,
    ],
    ['ports', container('app', { ports: ports(limits.ports + 1) }), /^spec\.ports: has more ports .*value: 25\d/],
    [
      "a list of the mesh's own container",
      container('istio-proxy', { args: many(limits.list + 1, () => '-p') }),
      /istio-proxy\.args: has more entries .*at most 256/,
    ],
    [
      'volumes',
      spec({ volumes: many(limits.volumes + 1, (i) => ({ name: `v${i}` })) }),
      /^spec: has more volumes .*value: 257/,
    ],
    [
      "containers with a mesh's names",
      spec({ initContainers: many(limits.infrastructure + 1, () => ({ name: 'istio-proxy' })) }),
      /^spec: has more containers with a mesh's names .*at most 16/,
    ],
    [
      "what Consul's injector kept",
      annotation('consul.hashicorp.com/original-pod', ' '.repeat(limits.kept + 1)),
      /original-pod.*has more letters .*at most 262144/,
    ],
    [
      "what Istio's injector kept",
      container('istio-proxy', { env: [{ name: 'ISTIO_KUBE_APP_PROBERS', value: ' '.repeat(limits.kept + 1) }] }),
      /istio-proxy\.env\.ISTIO_KUBE_APP_PROBERS: has more letters/,
    ],
    ['a long declaration', annotation('guard.isthmus.dev/allow', ' '.repeat(32_769)), /allow.*has more letters/],
    ['long groups', annotation('guard.isthmus.dev/shared-users', ' '.repeat(32_769)), /shared-users.*more letters/],
  ])('%s', (_, change, reason) => {
    const large = change(istioPod);
    expect(refusals(large, istioConfig)).toEqual([expect.stringMatching(reason)]);
    expect(mutate(large, istioConfig)).toEqual([]);
    expect(mutateEphemeral(large)).toEqual([]);
  });

  test('pairs', () => {
    const reasons = refusals(pairs(limits.entries + 1, () => 'app')(istioPod), istioConfig);
    expect(reasons).toContainEqual(expect.stringMatching(/allow.*has more entries.*value: 257; allowed: at most 256/));
  });

  test('upstreams of Consul', () => {
    const text = many(limits.upstreams + 1, (index) => `a:${index + 1}`).join(',');
    const { ports: read, faults } = consulUpstreams(
      annotation('consul.hashicorp.com/connect-service-upstreams', text)({ spec: { containers: [] } }),
    );
    expect(read).toEqual([]);
    expect(faults).toEqual([expect.objectContaining({ problem: 'has more upstreams than guard reads' })]);
  });

  test('configurations whose readers compare everything with everything', () => {
    const long = ' '.repeat(limits.configuration);
    expect(harmlessEnvoyArguments(`--drain-time-s${long} 5`)).toBe(false);
    expect(harmlessProxyConfig(`concurrency: 2${long}`)).toBe(false);
    const config = { name: 'PROXY_CONFIG', value: `{}${long}` };
    expect(variableDeviations({ name: 'istio-proxy', env: [config] }, istioProxyVariables)).toHaveLength(1);
    expect(variableDeviations({ name: 'istio-proxy', env: [{ ...config, value: '{}' }] }, istioProxyVariables)).toEqual(
      [],
    );
  });
});

test('a running pod that is too large is labelled, and gets no ephemeral container', () => {
  const large = spec({ containers: many(limits.containers + 1, (index) => ({ name: `c${index}` })) })(weatherPod());
  const labelled = { ...large, metadata: { ...large.metadata, labels: { version: '2' } } };
  expect(refusalsOfUpdate(large, labelled, istioConfig)).toEqual([]);
  const debugged = spec({ ephemeralContainers: [{ name: 'debug' }] })(large);
  expect(refusalsOfUpdate(large, debugged, istioConfig)).toEqual([expect.stringMatching(/has more containers/)]);
});

test('the first twenty faults are told, and how many more there are', () => {
  const reasons = refusals(
    spec({ securityContext: { supplementalGroups: many(50, () => 1337) } })(istioPod),
    istioConfig,
  );
  expect(reasons).toHaveLength(limits.faults + 1);
  expect(reasons.at(-1)).toBe('and 30 more');
});

test('a variable that is there twice is read once', () => {
  const read = jest.fn(() => true);
  const env = many(100, () => ({ name: 'X', value: 'x' }));
  expect(variableDeviations({ name: 'istio-proxy', env }, { X: read })).toHaveLength(99);
  expect(read).toHaveBeenCalledTimes(1);
});

test('no value makes a message long', () => {
  const key = 'proxy.istio.io/config';
  for (const reason of refusals(annotation(key, 'x'.repeat(100_000))(istioPod), istioConfig)) {
    expect(reason.length).toBeLessThan(3_000);
  }
});

/** Elements over which the methods of lists go, and letters that are written. */
function work(task: () => unknown): number {
  const names = [
    'every',
    'filter',
    'find',
    'findIndex',
    'flatMap',
    'forEach',
    'includes',
    'indexOf',
    'map',
    'reduce',
    'shift',
    'some',
  ] as const;
  let sum = 0;
  const spies = names.map((name) => {
    const original = Array.prototype[name] as (...given: unknown[]) => unknown;
    return jest.spyOn(Array.prototype, name).mockImplementation(function (this: unknown[], ...given: unknown[]) {
      sum += this.length;
      return original.apply(this, given);
    } as never);
  });
  try {
    task();
  } finally {
    for (const spy of spies) spy.mockRestore();
  }
  return sum;
}

describe('work grows with the pod, never with its square', () => {
  const proxy = istioPod.spec.initContainers?.find(({ name }) => name === 'istio-proxy');
  const grow: Readonly<Record<string, (count: number) => (pod: Pod) => Pod>> = {
    'other annotations': (count) => (pod) => ({
      ...pod,
      metadata: {
        ...pod.metadata,
        annotations: { ...pod.metadata?.annotations, ...Object.fromEntries(many(count, (i) => [`a/${i}`, 'x'])) },
      },
    }),
    "guard's annotations, mistyped": (count) => (pod) => ({
      ...pod,
      metadata: {
        ...pod.metadata,
        annotations: {
          ...pod.metadata?.annotations,
          ...Object.fromEntries(many(count, (i) => [`guard.isthmus.dev/${i}`, 'x'])),
        },
      },
    }),
    'variables of a container': (count) =>
      container('app', { env: many(count, (i) => ({ name: `V${i}`, value: 'x' })) }),
    "variables of the mesh's": (count) =>
      container('istio-proxy', {
        env: [...(proxy?.env ?? []), ...many(count, (i) => ({ name: `V${i}`, value: 'x' }))],
      }),
    "mounts of the mesh's": (count) =>
      container('istio-proxy', { volumeMounts: many(count, (i) => ({ name: 'istio-token', mountPath: `/${i}` })) }),
    volumes: (count) => (pod) =>
      spec({ volumes: [...(pod.spec.volumes ?? []), ...many(count, (i) => ({ name: `v${i}`, emptyDir: {} }))] })(pod),
    ports: (count) => container('app', { ports: ports(count) }),
    capabilities: (count) =>
      container('app', { securityContext: { capabilities: { add: many(count, (i) => `C${i}`) } } }),
    groups: (count) => spec({ securityContext: { supplementalGroups: many(count, (i) => i + 1) } }),
    containers: (count) =>
      spec({ containers: many(count, (i): Container => ({ name: `c${i}`, securityContext: { runAsUser: 7 } })) }),
    'ephemeral containers': (count) => spec({ ephemeralContainers: many(count, (i) => ({ name: `e${i}` })) }),
    'pairs of unknown containers': (count) => pairs(count, (i) => `ap${i}`),
    'arguments of a redirection': (count) =>
      container('istio-init', { args: ['istio-iptables', ...many(count, (i) => (i % 2 === 0 ? '-p' : '15001'))] }),
  };
  const tasks: Readonly<Record<string, (pod: Pod) => unknown>> = {
    mutate: (pod) => mutate(pod, istioConfig),
    refusals: (pod) => [refusals(pod, istioConfig), refusals(pod, consulConfig)],
    update: (pod) => refusalsOfUpdate(istioPod, pod, istioConfig),
    ephemeral: (pod) => mutateEphemeral(pod),
  };
  test.each(
    Object.entries(tasks).flatMap(([task, run]) =>
      Object.entries(grow).map(([what, by]) => [task, what, run, by] as const),
    ),
  )('%s: %s', (_, __, run, by) => {
    const cost = (count: number) => {
      const pod = by(count)(istioPod);
      return work(() => run(pod));
    };
    // What is over a limit is not read at all, so it counts for nothing.
    const [small, large] = [cost(1_000), cost(8_000)];
    expect(large).toBeLessThan(small * 10 + 1_000);
    expect(large).toBeLessThan(2_000_000);
    expect(cost(90)).toBeLessThan(2_000_000);
  });

  test('whatever is mistyped, no more than twenty faults are looked for', () => {
    const name = fc.string({ minLength: 1, maxLength: 63 });
    fc.assert(
      fc.property(fc.array(name, { maxLength: limits.entries }), (names) => {
        const reasons = refusals(pairs(names.length, (index) => names[index] ?? '')(istioPod), istioConfig);
        expect(reasons.length).toBeLessThanOrEqual(limits.faults + 1);
      }),
      { numRuns: 20 },
    );
  });
});
