import { refusals } from '../../../model/guard/pod';
import { annotation, type Case, consulPod, container, context, istioPod, spec } from '../../support/guard/changes';
import { consulConfig, istioConfig } from '../../support/guard/pods';

const cases: readonly Case[] = [
  [
    'two containers with one user',
    context('cache', { runAsUser: 21001 }),
    /cache.*runAsUser: is the user of container app too/,
  ],
  ['no user', context('cache', { runAsUser: undefined }), /cache\.securityContext\.runAsUser: is missing/],
  ['no group', context('cache', { runAsGroup: undefined }), /cache\.securityContext\.runAsGroup: is missing/],
  ['root', context('cache', { runAsUser: 0 }), /cache.*runAsUser: is root/],
  ['root of the pod', spec({ securityContext: { runAsUser: 0 } }), /spec\.securityContext\.runAsUser: is root/],
  ["Istio's user", context('cache', { runAsUser: 1337 }), /runAsUser: is a user of the meshes' proxies/],
  ["Consul's user", context('cache', { runAsUser: 5995 }), /runAsUser: is a user of the meshes' proxies/],
  ["Consul's init user", context('cache', { runAsUser: 5996 }), /runAsUser: is a user of the meshes' proxies/],
  ["Istio's group", context('cache', { runAsGroup: 1337 }), /runAsGroup: is a group of the meshes' proxies/],
  [
    "Istio's group for the pod",
    spec({ securityContext: { runAsGroup: 1337 } }),
    /spec\.securityContext\.runAsGroup: is a group/,
  ],
  ["Istio's group for files", spec({ securityContext: { fsGroup: 1337 } }), /fsGroup: is a group/],
  [
    "Consul's group besides",
    spec({ securityContext: { supplementalGroups: [1, 5995] } }),
    /supplementalGroups\[1\]: is a group/,
  ],
  ['root not held off', context('cache', { runAsNonRoot: false }), /runAsNonRoot: does not hold root off/],
  [
    'NET_ADMIN',
    context('cache', { capabilities: { drop: ['ALL'], add: ['NET_ADMIN'] } }),
    /add: could change.*"NET_ADMIN"/,
  ],
  ['CAP_NET_RAW', context('cache', { capabilities: { drop: ['ALL'], add: ['CAP_NET_RAW'] } }), /add: could change/],
  ['SETUID', context('cache', { capabilities: { drop: ['ALL'], add: ['SETUID'] } }), /add: could change/],
  ['SETGID', context('cache', { capabilities: { drop: ['ALL'], add: ['SETGID'] } }), /add: could change/],
  ['SYS_ADMIN', context('cache', { capabilities: { drop: ['ALL'], add: ['SYS_ADMIN'] } }), /add: could change/],
  ['SYS_PTRACE', context('cache', { capabilities: { drop: ['ALL'], add: ['SYS_PTRACE'] } }), /add: could change/],
  ['every capability', context('cache', { capabilities: { drop: ['ALL'], add: ['ALL'] } }), /add: could change/],
  ['capabilities that stay', context('cache', { capabilities: {} }), /drop: keeps capabilities/],
  ['privileged', context('cache', { privileged: true }), /privileged: may change the rules/],
  ['escalation', context('cache', { allowPrivilegeEscalation: true }), /allowPrivilegeEscalation: lets a setuid file/],
  ['escalation left open', context('cache', { allowPrivilegeEscalation: undefined }), /allowPrivilegeEscalation: lets/],
  [
    'no seccomp',
    context('cache', { seccompProfile: { type: 'Unconfined' } }),
    /seccompProfile\.type.*lets every system call/,
  ],
  ['no AppArmor', context('cache', { appArmorProfile: { type: 'Unconfined' } }), /switches AppArmor off/],
  ['unmasked /proc', context('cache', { procMount: 'Unmasked' }), /procMount: shows the kernel's switches/],
  ['an unknown context', context('cache', { seLinuxOptions: { type: 'spc_t' } }), /seLinuxOptions: is not known/],
  ['host network', spec({ hostNetwork: true }), /spec\.hostNetwork: uses the node's network/],
  ['host processes', spec({ hostPID: true }), /spec\.hostPID/],
  ['host IPC', spec({ hostIPC: true }), /spec\.hostIPC/],
  ['shared processes', spec({ shareProcessNamespace: true }), /spec\.shareProcessNamespace/],
  [
    'a sysctl',
    spec({ securityContext: { sysctls: [{ name: 'net.ipv4.conf.all.route_localnet' }] } }),
    /route_localnet"\]: is not known/,
  ],
  [
    'a port of the node',
    container('cache', { ports: [{ containerPort: 9000, hostPort: 9000 }] }),
    /hostPort: leads from the pod over its node/,
  ],
  [
    "a proxy's port",
    container('cache', { ports: [{ containerPort: 15000 }] }),
    /containerPort: belongs to Istio's proxy/,
  ],
  [
    "Consul's admin port",
    container('cache', { ports: [{ containerPort: 19000 }] }),
    /containerPort: belongs to Consul's proxy/,
  ],
  [
    'a probe of an unpublished port',
    container('cache', { readinessProbe: { httpGet: { port: 9001 } } }),
    /readinessProbe\.httpGet\.port: is no TCP port/,
  ],
  [
    'a hook to an unpublished port',
    container('cache', { lifecycle: { preStop: { httpGet: { port: 'stop' } } } }),
    /preStop\.httpGet\.port: is no TCP port/,
  ],
  [
    'a probe of an unknown name',
    container('cache', { livenessProbe: { tcpSocket: { port: 'htp' } } }),
    /livenessProbe\.tcpSocket\.port/,
  ],
  [
    "the node's files",
    (pod) => spec({ volumes: [...(pod.spec.volumes ?? []), { name: 'host', hostPath: { path: '/' } }] })(pod),
    /spec\.volumes\.host: reaches the node's files/,
  ],
  [
    'no guard',
    (pod) =>
      spec({ initContainers: pod.spec.initContainers?.filter(({ name }) => name !== 'isthmus-guard-v6') ?? [] })(pod),
    /isthmus-guard-v6"?\]?: is missing/,
  ],
  [
    'guard twice',
    (pod) => spec({ initContainers: [...(pod.spec.initContainers ?? []), ...(pod.spec.initContainers ?? [])] })(pod),
    /isthmus-guard-v4"?\]?: is there twice/,
  ],
  [
    "guard's name elsewhere",
    (pod) => spec({ containers: [...pod.spec.containers, { name: 'isthmus-guard-v4' }] })(pod),
    /has the name of guard's own container/,
  ],
  [
    "guard's command",
    container('isthmus-guard-v4', { command: ['true'] }),
    /isthmus-guard-v4.command: is not what guard makes/,
  ],
  [
    "guard's image",
    container('isthmus-guard-v4', { image: 'other' }),
    /isthmus-guard-v4.image: is not what guard makes/,
  ],
  [
    "guard's loader",
    container('isthmus-guard-v4', { env: [{ name: 'LD_PRELOAD', value: '/x' }] }),
    /isthmus-guard-v4.env: is not/,
  ],
  ["guard's arguments", container('isthmus-guard-v4', { args: ['--test'] }), /isthmus-guard-v4.args: is not/],
  [
    'guard as a sidecar',
    container('isthmus-guard-v4', { restartPolicy: 'Always' }),
    /isthmus-guard-v4.restartPolicy: is not/,
  ],
  [
    "guard's mounts",
    container('isthmus-guard-v4', { volumeMounts: [{ name: 'x', mountPath: '/etc/isthmus-guard' }] }),
    /isthmus-guard-v4.volumeMounts/,
  ],
  [
    "an empty file of the kubelet's over guard's rules",
    container('isthmus-guard-v4', { terminationMessagePath: '/etc/isthmus-guard/v4' }),
    /isthmus-guard-v4.terminationMessagePath: is not what guard makes; value: "\/etc/,
  ],
  [
    "an empty file of the kubelet's over guard's program",
    container('isthmus-guard-v6', { terminationMessagePath: '/usr/sbin/ip6tables-nft-restore' }),
    /isthmus-guard-v6.terminationMessagePath: is not/,
  ],
  [
    "guard's log as its last message",
    container('isthmus-guard-v4', { terminationMessagePolicy: 'FallbackToLogsOnError' }),
    /isthmus-guard-v4.terminationMessagePolicy: is not/,
  ],
  [
    'files and variables of a claim for guard',
    container('isthmus-guard-v4', { resources: { claims: [{ name: 'files' }] } }),
    /isthmus-guard-v4.resources: is not/,
  ],
  [
    'files and variables of a device for guard',
    container('isthmus-guard-v4', { resources: { limits: { 'example.com/device': '1' } } }),
    /isthmus-guard-v4.resources: is not/,
  ],
  [
    "a part of a volume in the place of guard's token",
    container('isthmus-guard-v4', {
      volumeMounts: [
        { name: 'isthmus-guard', mountPath: '/etc/isthmus-guard', readOnly: true },
        { ...{ subPath: 'x' }, name: 'x', mountPath: '/var/run/secrets/kubernetes.io/serviceaccount', readOnly: true },
      ],
    }),
    /isthmus-guard-v4.volumeMounts: is not/,
  ],
  [
    "guard's volume in another container",
    container('app', { volumeMounts: [{ name: 'isthmus-guard', mountPath: '/rules' }] }),
    /containers\.app\.volumeMounts: mounts guard's own volume/,
  ],
  ["guard's rights", context('isthmus-guard-v4', { privileged: true }), /isthmus-guard-v4.securityContext/],
  [
    "guard's volume",
    (pod) => spec({ volumes: [{ name: 'isthmus-guard', downwardAPI: { items: [] } }] })(pod),
    /volumes.isthmus-guard.*is not the one/,
  ],
  [
    'a second volume of its name',
    (pod) => spec({ volumes: [...(pod.spec.volumes ?? []), { name: 'isthmus-guard' }] })(pod),
    /volumes.isthmus-guard.*is not the one/,
  ],
  [
    'other rules',
    annotation('guard.isthmus.dev/rules-v4', '*filter\nCOMMIT\n'),
    /rules-v4.*is not what follows from the declaration/,
  ],
  [
    'other rules for IPv6',
    annotation('guard.isthmus.dev/rules-v6', ''),
    /rules-v6.*is not what follows from the declaration/,
  ],
  [
    'another declaration',
    annotation('guard.isthmus.dev/allow', '[]'),
    /rules-v4.*is not what follows from the declaration/,
  ],
  ['a declaration that does not parse', annotation('guard.isthmus.dev/allow', '[{'), /allow.*is no JSON/],
  ['guard switched off', annotation('guard.isthmus.dev/enabled', 'false'), /enabled.*switches nothing off/],
  [
    'a container before guard',
    (pod) => spec({ initContainers: [{ name: 'early' }, ...(pod.spec.initContainers ?? [])] })(pod),
    /initContainers\.early: would run before the rules/,
  ],
  [
    'a sidecar before guard',
    (pod) =>
      spec({ initContainers: [{ name: 'log', restartPolicy: 'Always' }, ...(pod.spec.initContainers ?? [])] })(pod),
    /initContainers\.log: would run before the rules/,
  ],
  [
    'parties that are not one',
    annotation('guard.isthmus.dev/shared-users', '[["app", "cache"]]'),
    /is declared one party, but/,
  ],
];

describe.each([
  ['Istio', istioPod, istioConfig],
  ['Consul', consulPod, consulConfig],
] as const)('beside the proxy of %s', (_, pod, config) => {
  test('the untouched pod is admitted', () => {
    expect(refusals(pod, config)).toEqual([]);
  });

  test.each(cases)('refused: %s', (_case, change, reason) => {
    expect(refusals(change(pod), config)).toContainEqual(expect.stringMatching(reason));
  });
});

test('all reasons come at once', () => {
  const pod = spec({ hostNetwork: true, hostPID: true })(context('cache', { runAsUser: 1337 })(istioPod));
  const reasons = refusals(pod, istioConfig);
  for (const part of ['hostNetwork', 'hostPID', 'cache.securityContext.runAsUser']) {
    expect(reasons.join('\n')).toContain(part);
  }
});

test('a reason says place, problem, value, what is allowed and the fix', () => {
  expect(refusals(context('cache', { runAsGroup: 1337 })(istioPod), istioConfig)).toEqual([
    "spec.containers.cache.securityContext.runAsGroup: is a group of the meshes' proxies, whose traffic passes the mesh's own rules; value: 1337; allowed: any but 1337, 5995, 5996; fix: choose another group",
  ]);
});
