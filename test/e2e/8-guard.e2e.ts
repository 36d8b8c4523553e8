/** The guard on the real lab: what passes between containers of a pod, and a webhook that loses no pod. */
import { guardLabel, guardNamespace, guardSecret, guardWebhookName } from '../../model/guard/webhook';
import { outputs } from '../../model/output';
import { clusterOf } from '../../scripts/cluster';
import { KubeApi } from '../../scripts/kube-api';
import { kubectl } from '../../scripts/kubectl';
import { until } from '../../scripts/machine/until';
import { isthmus, succeed } from './support/cli';
import { dialFrom, twoContainers } from './support/guarded';
import { openLab } from './support/labs';

const { file, lab } = openLab();
const open = 'guard-open';
const guarded = 'guard-closed';
const cluster = () => clusterOf(lab, 'west');
let api: KubeApi;

const apply = (...items: object[]) =>
  kubectl(cluster(), ['apply', '-f', '-'], { input: JSON.stringify({ apiVersion: 'v1', kind: 'List', items }) });
const ready = (namespace: string, pod: string) =>
  kubectl(cluster(), ['wait', '--for=condition=Ready', `pod/${pod}`, '-n', namespace, '--timeout=120s']);

beforeAll(async () => {
  await succeed('--config', file, 'up');
  api = new KubeApi(lab.name, 'west');
  const namespace = (name: string, labels: object) => ({
    apiVersion: 'v1',
    kind: 'Namespace',
    metadata: { name, labels },
  });
  await apply(
    namespace(open, { 'istio-injection': 'enabled' }),
    namespace(guarded, { 'istio-injection': 'enabled', [guardLabel]: 'true' }),
  );
});
afterAll(async () => {
  api.close();
  await kubectl(cluster(), ['delete', 'namespace', open, guarded, '--ignore-not-found', '--timeout=180s']);
});

const proxyPorts = ['127.0.0.1 15000', '127.0.0.1 15004', '127.0.0.1 15020', 'own 15020'];
// Nobody listens on 15004 in a sidecar; the guard closes it all the same.
const listening = proxyPorts.filter((target) => !target.endsWith('15004'));
const neighbour = ['127.0.0.1 9000', 'own 9000'];
const all = [...neighbour, ...proxyPorts];
const every = (targets: readonly string[], seen: string) => Object.fromEntries(targets.map((target) => [target, seen]));

describe('between the containers of a pod', () => {
  test('without guard everything is open: the neighbour, and the proxy that belongs to the mesh', async () => {
    await apply(twoContainers(open, 'pair'));
    await ready(open, 'pair');
    const place = { namespace: open, pod: 'pair', container: 'app' };
    const reached = [...neighbour, ...listening];
    expect(await dialFrom(cluster(), place, reached)).toEqual(every(reached, 'open'));
  });

  test('with guard only the declared pair is', async () => {
    await apply(twoContainers(guarded, 'pair', [{ from: 'app', to: 'cache', port: 9000 }]));
    await ready(guarded, 'pair');
    const place = { namespace: guarded, pod: 'pair' };
    expect(await dialFrom(cluster(), { ...place, container: 'app' }, all)).toEqual({
      ...every(neighbour, 'open'),
      ...every(proxyPorts, 'ECONNREFUSED'),
    });
    const back = ['127.0.0.1 8080', 'own 8080', ...proxyPorts];
    expect(await dialFrom(cluster(), { ...place, container: 'cache' }, back)).toEqual(every(back, 'ECONNREFUSED'));
  });

  test("the weather's backend reaches its cache, the cache nobody, and calls of the mesh go on", async () => {
    const place = { namespace: 'backend', pod: 'deploy/backend' };
    expect(await dialFrom(cluster(), { ...place, container: 'backend' }, ['127.0.0.1 9000', ...proxyPorts])).toEqual({
      '127.0.0.1 9000': 'open',
      ...every(proxyPorts, 'ECONNREFUSED'),
    });
    const back = ['127.0.0.1 8080', 'own 8080', ...proxyPorts];
    expect(await dialFrom(cluster(), { ...place, container: 'cache' }, back)).toEqual(every(back, 'ECONNREFUSED'));
    await succeed('--config', file, 'call', 'west/frontend', 'west/backend', '/api/');
    await succeed('--config', file, 'call', 'west/backend', 'east/info');
  });

  test('a Job in a guarded namespace completes', async () => {
    const { metadata: _, spec } = twoContainers(guarded, 'job');
    const [first] = spec.containers;
    const job = {
      apiVersion: 'batch/v1',
      kind: 'Job',
      metadata: { name: 'job', namespace: guarded },
      spec: {
        template: {
          spec: { ...spec, restartPolicy: 'Never', containers: [{ ...first, args: ['-e', 'process.exit(0)'] }] },
        },
      },
    };
    await apply(job);
    await kubectl(cluster(), ['wait', '--for=condition=Complete', 'job/job', '-n', guarded, '--timeout=120s']);
  });
});

const podsOf = (namespace: string) => `/api/v1/namespaces/${namespace}/pods`;

describe('what would make the rules worthless is not admitted', () => {
  const create = (change: object) => {
    const pod = twoContainers(guarded, 'bypass');
    return api.send('POST', podsOf(guarded), { ...pod, spec: { ...pod.spec, ...change } });
  };

  test('at creation, with every reason in one message', async () => {
    const { status, body } = await create({ hostNetwork: true, shareProcessNamespace: true });
    expect(status).toBe(403);
    expect(body.message).toContain(`admission webhook "pods.guard.isthmus.dev" denied the request`);
    expect(body.message).toContain('hostNetwork');
    expect(body.message).toContain('shareProcessNamespace');
    // The control: the same pod without them.
    expect((await api.send('POST', `${podsOf(guarded)}?dryRun=All`, twoContainers(guarded, 'control'))).status).toBe(
      201,
    );
  });

  const patch = (path: string, body: object) =>
    api.send('PATCH', `${podsOf(guarded)}/pair${path}`, body, { type: 'application/strategic-merge-patch+json' });

  test('afterwards', async () => {
    const rules = { metadata: { annotations: { 'guard.isthmus.dev/rules-v4': '*filter\nCOMMIT\n' } } };
    const kept = {
      message: expect.stringContaining('annotations of guard and of the mesh stay as the pod was admitted'),
    };
    expect(await patch('', rules)).toMatchObject({ status: 422, body: kept });
    expect(await patch('/status', rules)).toMatchObject({ status: 422, body: kept });
    const image = { spec: { initContainers: [{ name: 'isthmus-guard-v4', image: 'isthmus.invalid/pause:lab' }] } };
    expect(await patch('', image)).toMatchObject({ status: 403 });
    expect(await patch('', { metadata: { labels: { control: 'yes' } } })).toMatchObject({ status: 200 });
    // One of the mesh's own that is harmless; on the way of kubelets it is nobody's to change.
    const note = { metadata: { labels: { 'service.istio.io/canonical-name': 'another' } } };
    expect(await patch('/status', note)).toMatchObject({ status: 422 });
    expect(await patch('', note)).toMatchObject({ status: 200 });
  });

  test('as an ephemeral container that takes the user of another', async () => {
    const { stdout } = await kubectl(cluster(), ['get', 'pod', 'pair', '-n', guarded, '-o', 'json']);
    const { spec } = JSON.parse(stdout) as {
      spec: { containers: { name: string; securityContext: { runAsUser: number } }[] };
    };
    const user = spec.containers.find(({ name }) => name === 'app')?.securityContext.runAsUser;
    expect(user).toBeGreaterThan(0);
    const debug = (name: string, securityContext: object) =>
      patch('/ephemeralcontainers', {
        spec: {
          ephemeralContainers: [
            { name, image: 'isthmus.invalid/node:lab', imagePullPolicy: 'Never', args: ['-e', ''], securityContext },
          ],
        },
      });
    expect(await debug('thief', { runAsUser: user, runAsGroup: user })).toMatchObject({ status: 403 });
    // The control: one with a user of its own, which guard gives it.
    expect(await debug('guest', {})).toMatchObject({ status: 200 });
  });
});

const webhook = `deployment/${guardWebhookName}`;
const rolledOut = () =>
  kubectl(cluster(), ['rollout', 'status', webhook, '-n', guardNamespace, '--timeout=180s'], { timeout: 200_000 });

/** Creates pods that nobody schedules, ten a second, while `work` runs; tells of all that were refused. */
async function underLoad(name: string, work: () => Promise<unknown>): Promise<{ sent: number; lost: string[] }> {
  const lost: string[] = [];
  const answers: Promise<void>[] = [];
  const one = async (index: number) => {
    const pod = twoContainers(guarded, `${name}-${index}`);
    const spec = { ...pod.spec, schedulerName: 'nobody' };
    const { status, body } = await api.send('POST', podsOf(guarded), { ...pod, spec });
    if (status !== 201) lost.push(`${status} ${body.message}`);
  };
  const load = setInterval(() => {
    answers.push(one(answers.length).catch((error: Error) => void lost.push(error.message)));
  }, 100);
  try {
    await work();
  } finally {
    clearInterval(load);
  }
  await Promise.all(answers);
  return { sent: answers.length, lost };
}

describe('no admission is lost', () => {
  test('while the webhook is replaced', async () => {
    const { sent, lost } = await underLoad('upgrade', async () => {
      for (let round = 1; round <= 3; round += 1) {
        await kubectl(cluster(), ['rollout', 'restart', webhook, '-n', guardNamespace]);
        await rolledOut();
      }
    });
    // Ten a second; a quiet machine has replaced it in three seconds.
    expect(sent).toBeGreaterThan(30);
    expect(lost).toEqual([]);
  });

  test('while its certificates are replaced, and the old CA is forgotten', async () => {
    const secret = async () => {
      const args = ['get', 'secret', guardSecret, '-n', guardNamespace, '-o', 'json'];
      return (JSON.parse((await kubectl(cluster(), args)).stdout) as { data: Record<string, string> }).data;
    };
    const before = await secret();
    const stages = new Set<string>();
    const { sent, lost } = await underLoad('rotation', async () => {
      const rotated = isthmus('--config', file, 'rotate', 'guard', 'west', '--json');
      const over = async () => {
        const now = await secret();
        for (const key of ['next-ca.crt', 'previous-ca.crt']) if (now[key] !== undefined) stages.add(key);
        return now['ca.crt'] !== before['ca.crt'] && now['previous-ca.crt'] === undefined;
      };
      expect(await until(over, { timeout: 200_000, interval: 2_000 })).toBe(true);
      const { status, stdout, stderr } = await rotated;
      expect({ status, stderr: status === 0 ? '' : stderr }).toEqual({ status: 0, stderr: '' });
      expect(outputs['rotate-guard'].parse(JSON.parse(stdout))).toMatchObject({ mesh: 'west', followed: false });
    });
    // Both CAs were trusted at the same time, before the change and after it.
    expect([...stages]).toEqual(['next-ca.crt', 'previous-ca.crt']);
    expect(sent).toBeGreaterThan(300);
    expect(lost).toEqual([]);
    // The keeper forgets first, and tells the API server at its next look; the command has waited for both.
    const trusted = async (kind: string) => {
      const path = 'jsonpath={.webhooks[0].clientConfig.caBundle}';
      return (await kubectl(cluster(), ['get', `${kind}webhookconfiguration`, 'pod-guard', '-o', path])).stdout;
    };
    const { 'ca.crt': ca } = await secret();
    for (const kind of ['mutating', 'validating']) expect(await trusted(kind)).toBe(ca);
  });

  test('and without the webhook guarded namespaces accept no pod, while others do not notice', async () => {
    const create = (namespace: string) =>
      api.send('POST', `${podsOf(namespace)}?dryRun=All`, twoContainers(namespace, 'late'));
    await kubectl(cluster(), ['scale', webhook, '-n', guardNamespace, '--replicas=0']);
    try {
      const down = async () => (await create(guarded)).status === 500;
      expect(await until(down, { timeout: 60_000 })).toBe(true);
      expect((await create(guarded)).body.message).toContain('failed calling webhook "pods.guard.isthmus.dev"');
      expect(await create(open)).toMatchObject({ status: 201 });
    } finally {
      await kubectl(cluster(), ['scale', webhook, '-n', guardNamespace, '--replicas=2']);
      await rolledOut();
    }
    expect(await until(async () => (await create(guarded)).status === 201, { timeout: 30_000 })).toBe(true);
  });
});
