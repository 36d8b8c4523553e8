/** What is refused before Kubernetes reads what guard adds, and that each cause is told once. */
import { refusals, refusalsAtOnce, refusalsOfEphemeralAtOnce } from '../../../model/guard/pod';
import type { Container, Pod } from '../../../model/guard/types';
import { annotation, container, context, guard, istioPod, label, spec } from '../../support/guard/changes';
import { injectIstio, istioInit } from '../../support/guard/injected';
import { istioConfig, weatherPod } from '../../support/guard/pods';

/** As the API server sends it: Istio's injector was there before. */
const written = injectIstio(weatherPod());
const atOnce = (pod: Pod) => refusalsAtOnce(pod, istioConfig);

test('a pod that can be guarded is let through, guarded or not', () => {
  for (const pod of [weatherPod(), written, istioPod]) expect(atOnce(pod)).toEqual([]);
});

test('all reasons come at once, each with its cause only', () => {
  const wrong = [
    context('app', { privileged: true }),
    spec({ hostNetwork: true, hostPID: true }),
    annotation('guard.isthmus.dev/allow', '[{"from": "app", "to": "cash", "port": 9000}]'),
    // As Kubernetes fills it in on the node's network.
    container('app', { ports: [{ name: 'http', containerPort: 8080, hostPort: 8080 }] }),
  ].reduce((pod, change) => change(pod), weatherPod());
  expect(atOnce(wrong)).toEqual([
    expect.stringMatching(/allow.*is no container of this pod.*"cash"/),
    expect.stringMatching(/^spec\.hostNetwork: uses the node's network/),
    expect.stringMatching(/^spec\.hostPID: shows the node's processes/),
    expect.stringMatching(/app\.securityContext\.privileged: may change the rules/),
  ]);
});

const init = (args: readonly string[]) => container('istio-init', { args });
const excluded = (istioInit.args ?? []).map((value, at, all) => (all[at - 1] === '-d' ? `${value},8080` : value));

test.each<[string, Pod, RegExp]>([
  ['privileged', context('app', { privileged: true })(written), /app\.securityContext\.privileged: may change/],
  [
    'SYS_ADMIN',
    context('app', { capabilities: { add: ['SYS_ADMIN'] } })(written),
    /app\.securityContext\.capabilities\.add: could change/,
  ],
  ['unmasked /proc', context('app', { procMount: 'Unmasked' })(written), /procMount: shows the kernel's switches/],
  ['Windows', spec({ os: { name: 'windows' } })(weatherPod()), /spec\.os\.name: has none of the users.*"windows"/],
  ['root', context('app', { runAsUser: 0 })(written), /app\.securityContext\.runAsUser: is root/],
  ["the proxy's user", context('app', { runAsUser: 1337 })(written), /app\.securityContext\.runAsUser: is a user of/],
  ["the proxy's group", context('app', { runAsGroup: 1337 })(written), /app\.securityContext\.runAsGroup: is a group/],
  [
    "the proxy's group for the pod",
    spec({ securityContext: { runAsGroup: 1337 } })(written),
    /^spec\.securityContext\.runAsGroup: is a group/,
  ],
  [
    "guard's name",
    spec({ containers: [...written.spec.containers, { name: 'isthmus-guard-v4' }] })(written),
    /isthmus-guard-v4"?\]?: has the name of guard's own container/,
  ],
  ['too large', spec({ containers: Array<Container>(101).fill({ name: 'app' }) })(written), /has more containers/],
])('%s is refused at once, for one reason', (_, pod, reason) => {
  expect(atOnce(pod)).toEqual([expect.stringMatching(reason)]);
});

test("two containers with the proxy's user are two reasons", () => {
  const both = ['app', 'cache'].reduce((pod, name) => context(name, { runAsUser: 1337 })(pod), written);
  expect(atOnce(both)).toHaveLength(2);
});

test('what another webhook could mend is left to the end', () => {
  const probed = container('cache', { readinessProbe: { httpGet: { port: 9001 } } })(weatherPod());
  expect(atOnce(probed)).toEqual([]);
  expect(refusals(guard(probed, istioConfig), istioConfig)).toHaveLength(1);
});

test.each([
  ['an annotation', annotation],
  ['a label', label],
])("what Istio makes of %s isn't a second fault", (_, write) => {
  const pod = [init(excluded), write('traffic.sidecar.istio.io/excludeInboundPorts', '8080')].reduce(
    (it, change) => change(it),
    istioPod,
  );
  expect(refusals(pod, istioConfig)).toEqual([expect.stringMatching(/excludeInboundPorts.*could change/)]);
  expect(refusals(init(excluded)(istioPod), istioConfig)).toEqual([
    expect.stringMatching(/istio-init\.args: is not the redirection of everything/),
  ]);
});

test("an annotation hides no other change of the mesh's container", () => {
  const pod = [
    annotation('proxy.istio.io/config', 'binaryPath: /x'),
    container('istio-proxy', { env: [{ name: 'LD_PRELOAD', value: '/x' }] }),
  ].reduce((it, change) => change(it), istioPod);
  expect(refusals(pod, istioConfig)).toContainEqual(expect.stringMatching(/LD_PRELOAD/));
});

test('an ephemeral container is refused at once, too', () => {
  const debug = (securityContext: object) => spec({ ephemeralContainers: [{ name: 'debug', securityContext }] });
  const refused = (pod: Pod) => refusalsOfEphemeralAtOnce(istioPod, pod, istioConfig);
  expect(refused(debug({})(istioPod))).toEqual([]);
  expect(refused(debug({ privileged: true })(istioPod))).toEqual([
    expect.stringMatching(/debug\.securityContext\.privileged: may change the rules/),
  ]);
});
