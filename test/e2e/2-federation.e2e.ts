/** The federated call: refused without its row, answered with it, and only to whom the row names. */
import type { z } from 'zod';
import { resolvedImports } from '../../model/imports';
import { mesh } from '../../model/lab';
import { hostsNetwork, netns } from '../../model/local';
import { outputs } from '../../model/output';
import { federationIdentity } from '../../model/planes';
import { clusterOf } from '../../scripts/cluster';
import { managementApi } from '../../scripts/hosts/consul-api';
import { kubectl } from '../../scripts/kubectl';
import { run } from '../../scripts/machine/exec';
import { until } from '../../scripts/machine/until';
import { certificates } from '../../scripts/status/certificates';
import { capturing, tlsRecord } from './support/capture';
import { isthmus, succeed } from './support/cli';
import { closedLab, makeLab, openLab } from './support/labs';
import { hostDump, istioDumps } from './support/proxies';
import { askAsStranger, makeStranger, removeStranger } from './support/stranger';

const { file, lab } = openLab();
const east = mesh(lab, 'east');
const [entry] = resolvedImports(lab, mesh(lab, 'west'));
const infoIdentity = entry?.identity;
const backendOutside = federationIdentity(lab, 'west', 'east', 'backend');

async function call(...args: string[]): Promise<z.output<typeof outputs.call>> {
  const { stdout, stderr } = await isthmus('--config', file, 'call', '--json', ...args);
  if (stdout === '') throw new Error(stderr);
  return outputs.call.parse(JSON.parse(stdout));
}

test('without a row backend can not call info', async () => {
  const { stdout } = await isthmus('--config', closedLab().file, 'call', '--json', 'west/backend', 'east/info');
  expect(JSON.parse(stdout)).toMatchObject({ ok: false, status: 0 });
});

test('a row of the access table opens the call, end to end', async () => {
  await succeed('--config', file, 'up');
  const result = await call('west/backend', 'east/info');
  expect(result).toMatchObject({ ok: true, status: 200 });
  expect(result.hops).toEqual([
    expect.objectContaining({ at: 'west/backend', identity: infoIdentity, sni: null }),
    expect.objectContaining({ at: 'east/mesh-gateway', identity: null, sni: entry?.sni }),
    expect.objectContaining({ at: 'east/info', identity: backendOutside, sni: entry?.sni }),
  ]);
});

test.each([
  ['another method', 403, ['-X', 'POST', 'west/backend', 'east/info', '/healthz']],
  ['an escaped slash', 400, ['west/backend', 'east/info', '/places%2fhelsinki']],
  ['a path outside the row', 403, ['west/frontend', 'west/backend', '/healthz']],
  ['an escaped way out of a path', 400, ['west/frontend', 'west/backend', '/api/..%2fhealthz']],
  ['a method outside the row', 403, ['-X', 'DELETE', 'west/frontend', 'west/backend', '/api/']],
])('%s is refused with %d', async (_what, status, args) => {
  expect(await call(...args)).toMatchObject({ ok: false, status });
});

test('inside the mesh frontend reaches backend', async () => {
  const result = await call('west/frontend', 'west/backend');
  expect(result).toMatchObject({ ok: true, status: 200 });
  expect(result.hops.map(({ identity }) => identity)).toEqual([
    'spiffe://cluster.local/ns/backend/sa/backend',
    'spiffe://cluster.local/ns/frontend/sa/frontend',
  ]);
});

describe('a workload without a row', () => {
  beforeAll(() => Promise.all([makeStranger(lab, 'stranger', true), makeStranger(lab, 'plain', false)]));
  afterAll(() => Promise.all([removeStranger(lab, 'stranger'), removeStranger(lab, 'plain')]));

  test('gets 403 from backend', async () => {
    expect(await askAsStranger(lab, 'stranger', 'http://backend.backend.svc.cluster.local/api/')).toEqual({
      status: 403,
    });
  });

  test('gets no connection without a certificate of the mesh', async () => {
    expect(await askAsStranger(lab, 'plain', 'http://backend.backend.svc.cluster.local/api/')).toMatchObject({
      status: 0,
    });
  });

  const fallback = ['destinationrules.networking.istio.io', 'info-east-others', '-n', 'backend'];
  test.each(['as planned', 'with the fallback rule made last'])(
    'sends no byte of its request over the border, %s',
    async (order) => {
      if (order !== 'as planned') await remake(fallback);
      const ask = () => askAsStranger(lab, 'stranger', `http://${entry?.address}/stranger-marker`, entry?.host);
      const { result, capture } = await capturing(netns(lab.name, 'border'), 'any', ask);
      expect(result.status).toBe(503);
      expect(capture.holds('stranger-marker')).toBe(false);
      // The control: the connection itself did cross, so that the capture would have shown the request.
      expect(await capture.count('tcp port 8443')).toBeGreaterThan(0);
      expect((await call('west/backend', 'east/info')).status).toBe(200);
    },
  );
});

async function remake(object: string[]): Promise<void> {
  const { stdout } = await kubectl(clusterOf(lab, 'west'), ['get', ...object, '-o', 'json']);
  const { metadata, status: _status, ...rest } = JSON.parse(stdout);
  const { name, namespace, labels, annotations } = metadata;
  await kubectl(clusterOf(lab, 'west'), ['delete', ...object]);
  await kubectl(clusterOf(lab, 'west'), ['create', '-f', '-'], {
    input: JSON.stringify({ ...rest, metadata: { name, namespace, labels, annotations } }),
  });
  const pushed = async () => {
    const args = [
      'exec',
      'stranger',
      '-n',
      'backend',
      '-c',
      'istio-proxy',
      '--',
      'pilot-agent',
      'request',
      'GET',
      'config_dump?resource=dynamic_active_clusters',
    ];
    return (await kubectl(clusterOf(lab, 'west'), args)).stdout.includes('refused.invalid');
  };
  if (!(await until(pushed, { timeout: 30_000 }))) throw new Error('the fallback rule never reached the proxy');
}

describe('roots stay where they belong', () => {
  test("Consul's root is in no Istio proxy but backend's and the federation gateway's", async () => {
    const { Roots } = await managementApi(lab.name, 'east').get<{ Roots: { RootCert: string }[] }>(
      '/v1/connect/ca/roots',
    );
    const dumps = await istioDumps(lab, 'west');
    const holders = dumps
      .filter((dump) => Roots.some(({ RootCert }) => dump.holds(RootCert)))
      .map(({ proxy }) => proxy);
    expect(dumps.length).toBeGreaterThanOrEqual(3);
    expect(holders.sort()).toEqual([
      expect.stringMatching(/^backend\/backend-/),
      expect.stringMatching(/^federation-gateway\/federation-gateway-/),
    ]);
  });

  test("the federation's root is in no Consul proxy but info's and the gateway's, Istio's root in none", async () => {
    const { PeerCAPems } = await managementApi(lab.name, 'east').get<{ PeerCAPems: string[] }>('/v1/peering/west');
    const { stdout: istioRoot } = await kubectl(clusterOf(lab, 'west'), [
      'get',
      'cm',
      'istio-ca-root-cert',
      '-n',
      'istio-system',
      '-o',
      'jsonpath={.data.root-cert\\.pem}',
    ]);
    const dumps = await Promise.all(
      ['mesh-gateway', 'ingress-gateway', 'info'].map((host) => hostDump(lab, 'east', host)),
    );
    const holders = dumps.filter((dump) => PeerCAPems.some((pem) => dump.holds(pem))).map(({ proxy }) => proxy);
    // In end-to-end mode the gateway passes TLS on and needs no root of the peer itself.
    expect(holders).toContain('east/info');
    expect(['east/info', 'east/mesh-gateway']).toEqual(expect.arrayContaining(holders));
    expect(certificates(istioRoot)).toHaveLength(1);
    expect(dumps.filter((dump) => dump.holds(istioRoot))).toEqual([]);
    // The control: Istio's own proxies do hold it.
    expect((await istioDumps(lab, 'west')).some((dump) => dump.holds(istioRoot))).toBe(true);
  });
});

test('only TLS crosses the border; the same words are in clear on the loopback of info', async () => {
  const path = '/places/helsinki?marker=request-marker';
  const onBorder = await capturing(netns(lab.name, 'border'), 'any', () => call('west/backend', 'east/info', path));
  expect(onBorder.result.status).toBe(200);
  expect(await onBorder.capture.count(`tcp dst port 8443 and ${tlsRecord}`)).toBeGreaterThan(0);
  const onLoopback = await capturing(netns(lab.name, 'east-info'), 'lo', () => call('west/backend', 'east/info', path));
  for (const marker of ['request-marker', 'Suomenlinna']) {
    expect([marker, onBorder.capture.holds(marker)]).toEqual([marker, false]);
    expect([marker, onLoopback.capture.holds(marker)]).toEqual([marker, true]);
  }
});

describe('a local caller in Consul', () => {
  const exposed = { file: '', base: `http://${hostsNetwork(east).ingressGateway}:8080` };
  beforeAll(async () => {
    exposed.file = makeLab('exposed', (raw) => Object.assign(raw.services['east/info'] ?? {}, { expose: 'page' })).file;
    await succeed('--config', exposed.file, 'up');
  });
  afterAll(() => succeed('--config', file, 'up'));

  const ask = async () => {
    const program = `fetch(process.argv[1], { signal: AbortSignal.timeout(3000) }).then((r) => console.log(r.status), () => console.log(0))`;
    const { stdout } = await run(process.execPath, ['-e', program, `${exposed.base}/healthz`], {
      netns: netns(lab.name, 'east-ingress-gateway'),
    });
    return Number(stdout.trim());
  };

  test('is denied without an intention, allowed with it; up mends what a hand removed', async () => {
    await managementApi(lab.name, 'east').delete('/v1/config/service-intentions/info');
    const denied = await until(async () => (await ask()) !== 200, { timeout: 20_000 });
    expect(denied).toBe(true);
    await succeed('--config', exposed.file, 'up');
    expect(await until(async () => (await ask()) === 200, { timeout: 20_000 })).toBe(true);
  });
});

test('status tells of meshes, peering and imports', async () => {
  const status = outputs.status.parse(JSON.parse(await succeed('--config', file, 'status', '--json')));
  expect(status.meshes).toEqual([
    expect.objectContaining({
      name: 'west',
      kind: 'istio',
      trustDomain: 'cluster.local',
      healthy: true,
      roots: [expect.objectContaining({ sha256: expect.stringMatching(/^([0-9A-F]{2}:){31}[0-9A-F]{2}$/) })],
    }),
    expect.objectContaining({ name: 'east', kind: 'consul', trustDomain: east.trustDomain, healthy: true }),
  ]);
  expect(status.peerings).toEqual([expect.objectContaining({ mesh: 'east', peer: 'west', state: 'ACTIVE' })]);
  expect(status.imports).toEqual([
    expect.objectContaining({
      service: 'east/info',
      consumer: 'west/backend',
      endpoints: ['10.20.0.11:8443'],
      healthy: true,
    }),
  ]);
  expect(new Date(status.imports[0]?.leafExpires ?? 0).getTime()).toBeGreaterThan(Date.now());
});
