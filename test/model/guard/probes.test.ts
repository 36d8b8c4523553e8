/** Probes and hooks of ports that the proxy may not pass calls to: as written, and as the injectors turn them. */
import { refusals } from '../../../model/guard/pod';
import { rewrittenHandlers } from '../../../model/guard/probes';
import type { Container, Handler, Pod } from '../../../model/guard/types';
import { annotation, consulPod, container, guard, istioPod } from '../../support/guard/changes';
import { injectIstio } from '../../support/guard/injected';
import { consulConfig, istioConfig, weatherPod } from '../../support/guard/pods';

const handlers: readonly [string, Handler, string][] = [
  ['httpGet', { httpGet: { port: 8085 } }, 'add 8085 to ports'],
  ['tcpSocket', { tcpSocket: { port: 8085 } }, 'add 8085 to ports'],
  ['grpc', { grpc: { port: 8085 } }, 'add 8085 to ports'],
  ['httpGet', { httpGet: { port: 'admin' } }, 'add a port of that name to ports'],
];
const places: readonly [string, string, (handler: Handler) => Partial<Container>][] = [
  ['livenessProbe', 'app-health/app/livez', (livenessProbe) => ({ livenessProbe })],
  ['readinessProbe', 'app-health/app/readyz', (readinessProbe) => ({ readinessProbe })],
  ['startupProbe', 'app-health/app/startupz', (startupProbe) => ({ startupProbe })],
  ['lifecycle.postStart', 'app-lifecycle/app/poststartz', (postStart) => ({ lifecycle: { postStart } })],
  ['lifecycle.preStop', 'app-lifecycle/app/prestopz', (preStop) => ({ lifecycle: { preStop } })],
];
const cases = places.flatMap(([place, url, write]) => handlers.map((handler) => [place, url, write, handler] as const));

/** As Istio's injector leaves it: the probe asks the proxy, which knows what it asked for. */
function turned(write: (handler: Handler) => Partial<Container>, url: string, handler: Handler): Pod {
  const pod = container('app', write({ httpGet: { port: 15020 } }))(istioPod);
  const env = (it: Container) =>
    (it.env ?? []).map((variable) =>
      variable.name === 'ISTIO_KUBE_APP_PROBERS'
        ? { ...variable, value: JSON.stringify({ [`/${url}`]: { ...handler, timeoutSeconds: 1 } }) }
        : variable,
    );
  const proxy = [...(pod.spec.initContainers ?? []), ...pod.spec.containers].find(({ name }) => name === 'istio-proxy');
  return container('istio-proxy', { env: proxy === undefined ? [] : env(proxy) })(pod);
}

const port = (name: string, containerPort: number, protocol = 'TCP') =>
  container('app', {
    ports: [
      { name: 'http', containerPort: 8080 },
      { name, containerPort, protocol },
    ],
  });

test.each(cases)('%s (%s), %#', (place, url, write, [field, handler, fix]) => {
  const pods = [guard(container('app', write(handler))(weatherPod()), istioConfig), turned(write, url, handler)];
  const reason = `spec.containers.app.${place}.${field}.port: is no TCP port in ports of container app`;
  for (const pod of pods) {
    expect(refusals(pod, istioConfig)).toEqual([expect.stringContaining(reason)]);
    expect(refusals(pod, istioConfig)[0]).toContain(`allowed: 8080, http; fix: ${fix}`);
    expect(refusals(port('admin', 8085, 'UDP')(pod), istioConfig).length).toBeGreaterThan(0);
  }
  // The control: with the port, the same pod is let in.
  const declared = port('admin', 8085)(container('app', write(handler))(weatherPod()));
  expect(refusals(guard(injectIstio(declared), istioConfig), istioConfig)).toEqual([]);
});

test('a container that an annotation names over and over is looked at once', () => {
  const probe = (at: number) => ({ httpGet: { port: at } });
  const asked = (at: number) => ({ livenessProbe: probe(at), readinessProbe: probe(at), startupProbe: probe(at) });
  const repeated = Array.from({ length: 1_000 }, (_, index) => ({ name: 'app', ...asked(9_000 + index) }));
  const pod = annotation(
    'consul.hashicorp.com/original-pod',
    JSON.stringify({ spec: { containers: repeated } }),
  )(container('app', asked(20_300))(consulPod));
  expect(rewrittenHandlers(pod).get('app')).toHaveLength(3);
});

test('what was turned to a declared port is let in, and what no injector wrote is no reason', () => {
  const [, url, write] = places[0] ?? ['', '', () => ({})];
  expect(refusals(turned(write, url, { httpGet: { port: 8080 } }), istioConfig)).toEqual([]);
  for (const value of [
    'no JSON',
    'null',
    '[]',
    '{"/app-health/app/livez": 1}',
    '{"/app-health/none/livez": {"grpc": {"port": 1}}}',
  ]) {
    const pod = container('istio-proxy', { env: [{ name: 'ISTIO_KUBE_APP_PROBERS', value }] })(istioPod);
    expect(refusals(pod, istioConfig)).toEqual([]);
  }
});

test("what Consul's injector turned is read from the original pod", () => {
  const original = (probe: Handler) =>
    annotation(
      'consul.hashicorp.com/original-pod',
      JSON.stringify({ spec: { containers: [{ name: 'app', livenessProbe: probe }] } }),
    );
  const exposed = container('app', { livenessProbe: { httpGet: { port: 20300 } } })(consulPod);
  expect(refusals(original({ httpGet: { port: 8080 } })(exposed), consulConfig)).toEqual([]);
  expect(refusals(original({ httpGet: { port: 'http' } })(exposed), consulConfig)).toEqual([]);
  expect(refusals(original({ httpGet: { port: 8085 } })(exposed), consulConfig)).toEqual([
    expect.stringContaining('app.livenessProbe.httpGet.port: is no TCP port in ports of container app'),
  ]);
});
