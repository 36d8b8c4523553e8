/** Control traffic: nothing of it in clear on any wire, and none of its ports open to a program. */
import { hostUsers } from '../../model/host-users';
import { mesh, service } from '../../model/lab';
import { hostsNetwork, kubernetesNetwork, netns, serviceHostAddress } from '../../model/local';
import { conversationsDuring } from '../../scripts/capture/capture';
import type { Conversation } from '../../scripts/capture/report';
import { clusterOf } from '../../scripts/cluster';
import { runnable } from '../../scripts/hosts/runnable';
import { getObjects, kubectl } from '../../scripts/kubectl';
import { run } from '../../scripts/machine/exec';
import { rotateRoot } from '../../scripts/rotate/rotate';
import { succeed } from './support/cli';
import { openLab, page } from './support/labs';

const { file, lab } = openLab();
const cluster = clusterOf(lab, 'west');
const { node } = kubernetesNetwork(mesh(lab, 'west'));
const east = hostsNetwork(mesh(lab, 'east'));
const infoAddress = serviceHostAddress(mesh(lab, 'east'), 0);

const clear = (heard: ReadonlyMap<string, readonly Conversation[]>) =>
  [...heard].flatMap(([wire, all]) =>
    all.filter(({ nature }) => nature === 'clear').map((conversation) => ({ wire, ...conversation })),
  );

describe('on the wires', () => {
  test('the page, which its reader asks for in clear, is noticed', async () => {
    const { heard } = await conversationsDuring(lab, () => fetch(`${page}api/weather?place=marker`));
    const found = clear(heard);
    expect(found.map(({ excerpt }) => excerpt)).toContainEqual(
      expect.stringMatching(/^GET \/api\/weather\?place=marker/),
    );
    // And nothing else is in clear, not even then.
    const gateway = (await podAddresses('istio-ingress'))[0];
    expect(found.filter(({ from, to }) => ![from, to].includes(`${gateway}:8080`))).toEqual([]);
  });

  test('while calls, rotations, questions and new pods go on, every byte is sealed', async () => {
    const { heard } = await conversationsDuring(lab, async () => {
      await kubectl(cluster, ['rollout', 'restart', 'deployment/frontend', '-n', 'frontend']);
      await succeed('--config', file, 'call', 'west/backend', 'east/info');
      for (const of of lab.meshes) await rotateRoot(lab, of);
      await succeed('--config', file, 'status');
      await kubectl(cluster, ['rollout', 'status', 'deployment/frontend', '-n', 'frontend', '--timeout=120s']);
      await succeed('--config', file, 'call', 'west/frontend', 'west/backend');
    });
    expect(clear(heard)).toEqual([]);
    // The control: the capture did hear who was at work.
    const sealed = [...heard.values()].flat().filter(({ nature }) => nature === 'tls' || nature === 'gossip');
    const ends = sealed.flatMap(({ from, to }) => [from, to]).join(' ');
    for (const port of [6443, 15012, 15017, 8300, 8301, 8443, 8503, 20000]) expect(ends).toContain(`:${port}`);
  });
});

async function podAddresses(namespace: string, label = ''): Promise<string[]> {
  const pods = await getObjects<{ status: { podIP: string } }>(cluster, [
    ...['pods', '-n', namespace, '--field-selector=status.phase=Running'],
    ...(label === '' ? [] : ['-l', label]),
  ]);
  return pods.map(({ status }) => status.podIP);
}

/** For each `HOST:PORT`: `answered`, `open` (no byte came, but a connection did), or the error's code. */
const dial = `
  const { connect } = require('node:net');
  const one = (target) => new Promise((resolve) => {
    const [host, port] = target.split(':');
    const socket = connect({ host, port: Number(port), timeout: 3000 });
    const done = (what) => { socket.destroy(); resolve([target, what]); };
    socket.on('connect', () => { socket.write('GET / HTTP/1.1\\r\\nHost: ' + host + '\\r\\nConnection: close\\r\\n\\r\\n'); });
    socket.on('data', () => done('answered'));
    socket.on('close', () => done('open'));
    socket.on('timeout', () => done('timeout'));
    socket.on('error', (error) => done(error.code));
  });
  Promise.all(process.argv.slice(1).map(one)).then((all) => console.log(JSON.stringify(Object.fromEntries(all))));`;

type Outcomes = Readonly<Record<string, string>>;

async function fromPod(
  namespace: string,
  pod: string,
  container: string,
  targets: readonly string[],
): Promise<Outcomes> {
  const at = ['exec', pod, '-n', namespace, '-c', container, '--'];
  return JSON.parse((await kubectl(cluster, [...at, 'node', '-e', dial, ...targets])).stdout) as Outcomes;
}

/** Past the sidecar's capture, which leaves its own user alone. */
async function pastProxy(targets: readonly string[]): Promise<Outcomes> {
  const script = `for target in "$@"; do
    said=$(timeout 3 bash -c "exec 3<>/dev/tcp/\${target/://}" 2>&1) && said=open
    case "$said" in *refused*) said=ECONNREFUSED ;; esac
    echo "$target \${said:-timeout}" | head -n 1
  done`;
  const at = ['exec', 'deploy/backend', '-n', 'backend', '-c', 'istio-proxy', '--'];
  const { stdout } = await kubectl(cluster, [...at, 'bash', '-c', script, 'dial', ...targets]);
  return Object.fromEntries(
    stdout
      .trim()
      .split('\n')
      .map((line) => line.split(/ (.*)/s).slice(0, 2)),
  );
}

const users = (address: string) => hostUsers({ lab: lab.name, mesh: 'east', address });

async function fromHost(host: string, uid: number, targets: readonly string[]): Promise<Outcomes> {
  const user = [`--reuid=${uid}`, `--regid=${uid}`, '--clear-groups', '--no-new-privs', '--'];
  const { stdout } = await run('setpriv', [...user, runnable(lab.name, 'node'), '-e', dial, ...targets], {
    netns: netns(lab.name, `east-${host}`),
  });
  return JSON.parse(stdout) as Outcomes;
}

const all = (targets: readonly string[], outcome: string) =>
  Object.fromEntries(targets.map((target) => [target, outcome]));

describe("backend's pod", () => {
  const control: string[] = [];
  beforeAll(async () => {
    const [istiod] = await podAddresses('istio-system', 'app=istiod');
    const [plane] = await podAddresses('plane-east');
    const [frontend] = await podAddresses('frontend');
    control.push(
      // API server, kubelet, etcd, kube-proxy, controllers, scheduler, metrics of the name server, node ports.
      ...[6443, 10250, 10255, 2379, 2380, 10249, 10256, 10257, 10259, 9153, 30080].map((port) => `${node}:${port}`),
      ...[15010, 15014, 15017, 8080].map((port) => `${istiod}:${port}`),
      ...[8300, 8301, 8502].map((port) => `${plane}:${port}`),
      ...[15000, 15004, 15006, 15020, 15021, 15090].map((port) => `${frontend}:${port}`),
      ...[8300, 8301, 8302, 8500, 8501, 8502, 8503, 8600].map((port) => `${east.server}:${port}`),
      ...[20000, 20300].map((port) => `${infoAddress}:${port}`),
      `${kubernetesNetwork(mesh(lab, 'west')).border}:22`,
    );
  });

  test('reaches no control port past its proxy; the proxy itself reaches istiod', async () => {
    expect(await pastProxy(control)).toEqual(all(control, 'ECONNREFUSED'));
    const [istiod] = await podAddresses('istio-system', 'app=istiod');
    const needed = [`${istiod}:15012`, `${east.meshGateway}:8443`];
    expect(await pastProxy(needed)).toEqual(all(needed, 'open'));
  });

  test('gets an answer of none through its proxy; its upstream answers', async () => {
    const named = ['istiod.istio-system.svc.cluster.local:15014', 'istiod.istio-system.svc.cluster.local:15012'];
    // Whatever host is named, a sidecar's own health page answers at its port: that connection leaves no pod.
    const through = await fromPod('backend', 'deploy/backend', 'backend', [
      ...control.filter((target) => !target.endsWith(':15021')),
      ...named,
    ]);
    expect(Object.entries(through).filter(([, outcome]) => outcome === 'answered')).toEqual([]);
    const upstream = ['info.east.example:80'];
    expect(await fromPod('backend', 'deploy/backend', 'backend', upstream)).toEqual(all(upstream, 'answered'));
  });

  test("who needs the API, istiod's webhook and the kubelet gets through", async () => {
    const api = [`${node}:6443`];
    expect(await fromPod('plane-east', 'plane-0', 'trust-exchange', api)).toEqual(all(api, 'answered'));
    const pod = {
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: { name: 'injected', namespace: 'backend' },
      spec: { containers: [{ name: 'app', image: 'isthmus.invalid/node:lab' }] },
    };
    const dry = ['apply', '--dry-run=server', '-o', 'json', '-f', '-'];
    const { stdout } = await kubectl(cluster, dry, { input: JSON.stringify(pod) });
    expect(stdout).toContain('"istio-proxy"');
    // The answer comes from istiod's own loopback, by way of the API server and the kubelet.
    const ask = ['exec', 'deploy/istiod', '-n', 'istio-system', '--', 'pilot-discovery', 'request', 'GET', '/metrics'];
    expect((await kubectl(cluster, ask)).stdout).toContain('pilot_xds');
  });
});

describe("info's program", () => {
  const { program, consul: agent, envoy: proxy } = users(infoAddress);
  const gateway = users(east.meshGateway);
  const { port } = service(lab, 'east/info/info');
  const control = [
    ...[8300, 8301, 8302, 8500, 8501, 8502, 8503, 8600].flatMap((at) => [
      `${east.server}:${at}`,
      `${infoAddress}:${at}`,
    ]),
    ...[19000, 19001, 15000].map((at) => `127.0.0.1:${at}`),
    ...[20000, 20300].map((at) => `${infoAddress}:${at}`),
    `${east.meshGateway}:8443`,
    `${east.ingressGateway}:8080`,
    ...[6443, 10250, 15443, 31443].map((at) => `${node}:${at}`),
    `${east.border}:22`,
  ];

  test('reaches no control port', async () => {
    expect(await fromHost('info', program, control)).toEqual(all(control, 'ECONNREFUSED'));
  });

  test('agent and proxies reach theirs', async () => {
    const connected = async (host: string, user: number, target: string) => {
      const outcome = (await fromHost(host, user, [target]))[target] ?? '';
      return [target, ['answered', 'open', 'ECONNRESET'].includes(outcome) ? 'connected' : outcome];
    };
    const legitimate = [
      await connected('info', agent, `${east.server}:8300`),
      await connected('info', agent, `${east.server}:8301`),
      await connected('info', agent, '127.0.0.1:19001'),
      await connected('info', proxy, `127.0.0.1:${port}`),
      await connected('mesh-gateway', gateway.envoy, `${east.server}:8503`),
      await connected('mesh-gateway', gateway.envoy, `${infoAddress}:20000`),
    ];
    expect(legitimate.filter(([, outcome]) => outcome !== 'connected')).toEqual([]);
    // From the network, too, only a gateway's proxy: another mesh's machines are stopped before.
    expect(await fromHost('mesh-gateway', gateway.consul, [`${infoAddress}:20000`])).toEqual({
      [`${infoAddress}:20000`]: 'ECONNREFUSED',
    });
  });
});
