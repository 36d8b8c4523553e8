import { mutate, mutateEphemeral } from '../../../model/guard/mutate';
import { refusals, refusalsOfUpdate } from '../../../model/guard/pod';
import type { Container, GuardConfig, Pod } from '../../../model/guard/types';
import { consulInit, injectConsul, injectIstio } from '../../support/guard/injected';
import { applyPatch, consulConfig, istioConfig, weatherPod } from '../../support/guard/pods';

function guard(pod: Pod, config: GuardConfig = istioConfig): Pod {
  return applyPatch(pod, mutate(pod, config));
}

function order(pod: Pod): string[] {
  return (pod.spec.initContainers ?? []).map(({ name }) => name);
}

const withInit = (...initContainers: Container[]): Pod => {
  const pod = weatherPod();
  return { ...pod, spec: { ...pod.spec, initContainers } };
};

test('a pod with nothing but a declaration is guarded and admitted', () => {
  const pod = guard(weatherPod());
  expect(refusals(pod, istioConfig)).toEqual([]);
  expect(pod.spec.containers.map(({ securityContext }) => securityContext?.runAsUser)).toEqual([21001, 21002]);
  expect(pod.spec.containers[0]?.securityContext).toEqual({
    allowPrivilegeEscalation: false,
    capabilities: { drop: ['ALL'] },
    seccompProfile: { type: 'RuntimeDefault' },
    runAsNonRoot: true,
    runAsUser: 21001,
    runAsGroup: 21001,
  });
});

describe('whichever webhook comes first, the final pod is admitted and is left alone', () => {
  const probed = {
    ...weatherPod(),
    spec: {
      containers: weatherPod().spec.containers.map((container) =>
        container.name === 'app' ? { ...container, readinessProbe: { httpGet: { port: 'http' } } } : container,
      ),
      initContainers: [{ name: 'migrate', image: 'migrate:1' }],
    },
  };
  test.each([
    ['guard, then Istio', istioConfig, (pod: Pod) => injectIstio(guard(pod))],
    ['Istio, then guard', istioConfig, (pod: Pod) => guard(injectIstio(pod))],
    ['guard, then Istio as a plain container', istioConfig, (pod: Pod) => injectIstio(guard(pod), { native: false })],
    ['Istio as a plain container, then guard', istioConfig, (pod: Pod) => guard(injectIstio(pod, { native: false }))],
    [
      'guard, then Consul, then guard',
      consulConfig,
      (pod: Pod) => guard(injectConsul(guard(pod, consulConfig)), consulConfig),
    ],
    ['Consul, then guard', consulConfig, (pod: Pod) => guard(injectConsul(pod), consulConfig)],
  ])('%s', (_, config, webhooks) => {
    const pod = webhooks(probed);
    expect(refusals(pod, config)).toEqual([]);
    expect(mutate(pod, config)).toEqual([]);
  });
});

test('the proxy runs before guard, and every container of the author after it', () => {
  const pod = guard(injectIstio(withInit({ name: 'migrate' }, { name: 'log', restartPolicy: 'Always' })));
  expect(order(pod)).toEqual(['istio-init', 'istio-proxy', 'isthmus-guard-v4', 'isthmus-guard-v6', 'migrate', 'log']);
});

test('a classic proxy and its init container come after', () => {
  const pod = guard(injectIstio(withInit({ name: 'migrate' }), { native: false }));
  expect(order(pod)).toEqual(['isthmus-guard-v4', 'isthmus-guard-v6', 'migrate', 'istio-init']);
});

test('the first container without a user of its own keeps the pod’s', () => {
  const pod = { ...weatherPod(), spec: { ...weatherPod().spec, securityContext: { runAsUser: 5001 } } };
  expect(guard(pod).spec.containers.map(({ securityContext }) => securityContext?.runAsUser)).toEqual([5001, 21001]);
});

test('a user that another container has is not given twice', () => {
  const pod = withInit({ name: 'migrate', securityContext: { runAsUser: 21001 } });
  expect(guard(pod).spec.containers.map(({ securityContext }) => securityContext?.runAsUser)).toEqual([21002, 21003]);
});

test('containers that are declared one party get one user', () => {
  const annotations = { 'guard.isthmus.dev/shared-users': '[["migrate", "app"]]' };
  const shared = { ...weatherPod({ annotations }) };
  const pod = guard({ ...shared, spec: { ...shared.spec, initContainers: [{ name: 'migrate' }] } });
  const users = [...(pod.spec.initContainers ?? []), ...pod.spec.containers].map((container) => [
    container.name,
    container.securityContext?.runAsUser,
  ]);
  expect(users).toEqual([
    ['isthmus-guard-v4', 0],
    ['isthmus-guard-v6', 0],
    ['migrate', 21001],
    ['app', 21001],
    ['cache', 21002],
  ]);
  expect(refusals(pod, istioConfig)).toEqual([]);
});

test("Consul's init container does not run as the pod's user", () => {
  const pod = { ...weatherPod(), spec: { ...weatherPod().spec, securityContext: { runAsUser: 5001 } } };
  const init = guard(injectConsul(pod), consulConfig).spec.initContainers?.find(({ name }) => name === consulInit.name);
  expect(init?.securityContext).toMatchObject({ runAsUser: 5996, runAsGroup: 5996, runAsNonRoot: true });
});

test('what Kubernetes fills in and mounts does not count as a change', () => {
  const pod = guard(weatherPod());
  const token = { name: 'api', mountPath: '/var/run/secrets/kubernetes.io/serviceaccount', readOnly: true };
  const filled = {
    ...pod,
    spec: {
      ...pod.spec,
      initContainers: (pod.spec.initContainers ?? []).map((container) => ({
        ...container,
        imagePullPolicy: 'IfNotPresent',
        resources: {},
        terminationMessagePath: '/dev/termination-log',
        terminationMessagePolicy: 'File',
        volumeMounts: [...(container.volumeMounts ?? []), token],
      })),
      volumes: (pod.spec.volumes ?? []).map((volume) => ({
        ...volume,
        downwardAPI: {
          defaultMode: 420,
          items: [
            {
              path: 'v4',
              fieldRef: { apiVersion: 'v1', fieldPath: "metadata.annotations['guard.isthmus.dev/rules-v4']" },
            },
            {
              path: 'v6',
              fieldRef: { apiVersion: 'v1', fieldPath: "metadata.annotations['guard.isthmus.dev/rules-v6']" },
            },
          ],
        },
      })),
    },
  };
  expect(refusals(filled, istioConfig)).toEqual([]);
  expect(mutate(filled, istioConfig)).toEqual([]);
});

describe("what an author brings under guard's names is replaced by guard's own", () => {
  const right = guard(weatherPod());
  const stored = right.spec.initContainers ?? [];
  const [first, second] = stored;
  const mount = { name: 'isthmus-guard', mountPath: '/etc/isthmus-guard', readOnly: true };
  const bring = (initContainers: readonly (Container | undefined)[], volumes = right.spec.volumes ?? []): Pod => ({
    ...right,
    spec: { ...right.spec, initContainers: initContainers.filter((it) => it !== undefined), volumes },
  });
  const changed = (changes: Partial<Container>) =>
    bring([first === undefined ? undefined : { ...first, ...changes }, second]);
  test.each<readonly [string, Pod]>([
    ["an empty file of the kubelet's over the rules", changed({ terminationMessagePath: '/etc/isthmus-guard/v4' })],
    ['files of a claim', changed({ resources: { claims: [{ name: 'files' }] } })],
    ['another program', changed({ command: ['true'] })],
    ['another image', changed({ image: 'other' })],
    ['a variable of the loader', changed({ env: [{ name: 'LD_PRELOAD', value: '/x' }] })],
    [
      'another mount over the rules',
      changed({ volumeMounts: [mount, { name: 'x', mountPath: '/etc/isthmus-guard' }] }),
    ],
    ['one twice', bring([first, first, second])],
    ['only one', bring([second])],
    ['another volume', bring(stored, [{ name: 'isthmus-guard', emptyDir: {} }])],
    ['two volumes', bring(stored, [...(right.spec.volumes ?? []), { name: 'isthmus-guard', emptyDir: {} }])],
  ])('%s', (_, brought) => {
    expect(refusals(brought, istioConfig)).not.toEqual([]);
    expect(guard(brought)).toEqual(right);
  });

  test("guard's containers hide no file of theirs, whatever fills in what is absent", () => {
    for (const container of stored) expect(container).toMatchObject({ terminationMessagePath: '/dev/termination-log' });
  });
});

test('an ephemeral container gets a user that no other container has', () => {
  const pod = guard(weatherPod());
  const debugged = { ...pod, spec: { ...pod.spec, ephemeralContainers: [{ name: 'debugger' }] } };
  const after = applyPatch(debugged, mutateEphemeral(debugged));
  expect(after.spec.ephemeralContainers?.[0]?.securityContext?.runAsUser).toBe(21003);
  expect(refusalsOfUpdate(pod, after, istioConfig)).toEqual([]);
  expect(mutateEphemeral(after)).toEqual([]);
});

test('a pod without metadata and without a declaration is guarded too: nothing passes', () => {
  const pod = guard({ spec: { containers: [{ name: 'task' }] } });
  expect(refusals(pod, istioConfig)).toEqual([]);
  expect(pod.metadata?.annotations?.['guard.isthmus.dev/rules-v4']).not.toContain('21001');
});

test("a Job's pod: init container and native sidecar are parties as others are, and the sidecar ends with the Job", () => {
  const annotations = {
    'guard.isthmus.dev/allow':
      '[{"from": "migrate", "to": "store", "port": 5432}, {"from": "task", "to": "store", "port": 5432}]',
  };
  const job = {
    metadata: { annotations },
    spec: {
      restartPolicy: 'Never',
      initContainers: [{ name: 'store', restartPolicy: 'Always' }, { name: 'migrate' }],
      containers: [{ name: 'task' }],
    },
  };
  const pod = injectIstio(guard(job));
  expect(refusals(pod, istioConfig)).toEqual([]);
  expect(order(pod)).toEqual(['istio-init', 'istio-proxy', 'isthmus-guard-v4', 'isthmus-guard-v6', 'store', 'migrate']);
  const users = new Map(
    [...(pod.spec.initContainers ?? []), ...pod.spec.containers].map((it) => [it.name, it.securityContext?.runAsUser]),
  );
  for (const name of ['migrate', 'task']) {
    const rule = `-p tcp -m owner --uid-owner ${users.get(name)} --dport 5432 -j ACCEPT`;
    expect(pod.metadata?.annotations?.['guard.isthmus.dev/rules-v6']).toContain(rule);
  }
  // Guard's own containers run to their end, so nothing of guard keeps the Job from ending.
  expect(
    pod.spec.initContainers?.filter(({ name }) => name.startsWith('isthmus-')).map((it) => it.restartPolicy),
  ).toEqual([undefined, undefined]);
});
