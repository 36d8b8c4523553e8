/** The call from Consul to Istio: refused without its row, answered with it, and only to whom the row names. */
import { resolvedExports } from '../../model/exports';
import { consulServiceIdentity, istioIdentity } from '../../model/identity';
import { mesh, service } from '../../model/lab';
import { netns } from '../../model/local';
import { federationGateway } from '../../model/names';
import { outputs } from '../../model/output';
import { type LoadResult, loadProgram } from '../../scripts/bench/load';
import type { CallResult } from '../../scripts/call/hop';
import { federationGatewayLog } from '../../scripts/call/proxies';
import { execute, urlOf } from '../../scripts/call/request';
import { managementApi } from '../../scripts/hosts/consul-api';
import { run } from '../../scripts/machine/exec';
import { until } from '../../scripts/machine/until';
import { rotateRoot } from '../../scripts/rotate/rotate';
import { isthmus, succeed } from './support/cli';
import { callGatewayWithLeaf, type StolenCa, stealPeerCa } from './support/forger';
import { makeLab, oneWayLab, openLab } from './support/labs';

const { file, lab } = openLab();
const [west, east] = [mesh(lab, 'west'), mesh(lab, 'east')];
const [entry] = resolvedExports(lab, west);
if (entry === undefined) throw new Error('nothing is exported');
const [info, backend] = ['east/info/info', 'west/backend/backend'].map((id) => service(lab, id)) as [
  ReturnType<typeof service>,
  ReturnType<typeof service>,
];
const infoIdentity = consulServiceIdentity(east.trustDomain, 'dc1', 'info');
const gatewayIdentity = istioIdentity('cluster.local', federationGateway, federationGateway);
const patient = { timeout: 60_000 };

async function call(...args: string[]): Promise<CallResult> {
  const { stdout, stderr } = await isthmus('--config', file, 'call', '--json', ...args);
  if (stdout === '') throw new Error(stderr);
  const result = JSON.parse(stdout) as CallResult;
  // The promised fields; the statuses of the hops come on top.
  outputs.call.parse(result);
  return result;
}

const passes = async () => (await call('east/info', 'west/backend')).status === 200;

/** Whether a TCP connection from info's host to an address of the Istio mesh comes about. */
async function dials(address: string, port: number): Promise<boolean> {
  const program = `
    const socket = require('node:net').connect(${port}, '${address}', () => process.exit(0));
    socket.setTimeout(1500, () => process.exit(1));
    socket.on('error', () => process.exit(1));`;
  const { status } = await run(process.execPath, ['-e', program], {
    netns: netns(lab.name, 'east-info'),
    allow: [0, 1],
  });
  return status === 0;
}

describe('without a row', () => {
  beforeAll(() => succeed('--config', oneWayLab().file, 'up'));

  test('info has no way to backend, and the border none to the federation gateway', async () => {
    const { status, stdout } = await isthmus('--config', oneWayLab().file, 'call', 'east/info', 'west/backend');
    expect(status).toBe(1);
    expect(stdout).toContain("east/info's sidecar has no upstream west/backend");
    expect(stdout).toContain('no row of the access table lets east/info call west/backend');
    expect(await dials(west.gateway?.address ?? '', 15443)).toBe(false);
  });

  test('Consul knows of nothing that Istio exports', async () => {
    const found = async () => managementApi(lab.name, 'east').get<unknown[]>('/v1/health/connect/backend?peer=west');
    expect(await until(async () => (await found()).length === 0, patient)).toBe(true);
  });
});

describe('with its row', () => {
  beforeAll(async () => {
    await succeed('--config', file, 'up');
    expect(await until(passes, patient)).toBe(true);
  });

  test('the call is answered, and the gateway verified who called', async () => {
    const result = await call('east/info', 'west/backend', '/healthz');
    expect(result).toMatchObject({ ok: true, status: 200 });
    expect(result.hops).toEqual([
      expect.objectContaining({ at: 'east/info', identity: entry.identity, sni: null }),
      expect.objectContaining({ at: 'west/federation-gateway', identity: infoIdentity, sni: entry.sni, status: 200 }),
      expect.objectContaining({ at: 'west/backend', identity: gatewayIdentity, status: 200 }),
    ]);
    const lines = await federationGatewayLog(lab, 'west', 60);
    expect(lines.some(({ peer, sni, path }) => peer === infoIdentity && sni === entry.sni && path === '/healthz')).toBe(
      true,
    );
  });

  test.each([
    ['another method', 403, ['-X', 'POST', 'east/info', 'west/backend', '/healthz']],
    ['another path', 403, ['east/info', 'west/backend', '/api/']],
    ['a longer path', 403, ['east/info', 'west/backend', '/healthz/']],
    ['an escaped slash', 400, ['east/info', 'west/backend', '/%2fhealthz']],
    ['an escaped slash at the end', 400, ['east/info', 'west/backend', '/healthz%2f']],
    ['dots out of a forbidden path into another', 403, ['east/info', 'west/backend', '/healthz/../api/']],
  ])('%s is refused with %d, by the gateway', async (_what, status, args) => {
    const result = await call(...args);
    expect(result).toMatchObject({ ok: false, status });
    const refusing = result.hops.find(({ at }) => at === 'west/federation-gateway');
    // What could not be read has no request id that the log could be searched for.
    if (status === 403) expect(refusing).toMatchObject({ identity: infoIdentity, status });
    expect(result.hops.map(({ at }) => at)).not.toContain('west/backend');
  });

  test('double slashes and dots mean what they come to', async () => {
    for (const path of ['//healthz', '/x/../healthz', '/./healthz']) {
      expect(await call('east/info', 'west/backend', path)).toMatchObject({ ok: true, status: 200 });
    }
  });

  test('the border passes the one port of the one gateway', async () => {
    const address = west.gateway?.address ?? '';
    expect(await dials(address, 15443)).toBe(true);
    for (const port of [31443, 30080, 6443, 10250, 8443])
      expect([port, await dials(address, port)]).toEqual([port, false]);
  });

  test('status tells of the export, and info of what it saw', async () => {
    const { stdout } = await isthmus('--config', file, 'status', '--json');
    const { exports: exported } = outputs.status.parse(JSON.parse(stdout));
    expect(exported).toContainEqual({
      service: 'west/backend',
      peer: 'east',
      identity: entry.identity,
      gateway: `${west.gateway?.address}:15443`,
      leafExpires: expect.any(String),
      healthy: true,
    });
    const seen = async () => {
      const { stdout: answer } = await execute(lab, info, [
        '-e',
        `fetch('http://127.0.0.1:${info.port}/places/helsinki').then((r) => r.text()).then(console.log)`,
      ]);
      return (JSON.parse(answer) as { backend?: { ok: boolean; status: number } }).backend?.status === 200;
    };
    expect(await until(seen, patient)).toBe(true);
  });

  test('calls go both ways at once, and none fails while the root of each side is replaced', async () => {
    const load = async (from: typeof info, to: typeof info): Promise<LoadResult> => {
      const wanted = { url: `${urlOf(lab, from, to)}/healthz`, headers: {}, rate: 20, seconds: 20, warmUp: 1 };
      const { stdout } = await execute(lab, from, ['-e', loadProgram, JSON.stringify(wanted)]);
      return JSON.parse(stdout.trim()) as LoadResult;
    };
    const loads = Promise.all([load(info, backend), load(backend, info)]);
    await rotateRoot(lab, west);
    await rotateRoot(lab, east);
    for (const result of await loads) {
      expect(result.failed).toBe(0);
      expect(result.samples.length).toBe(400);
    }
  });
});

describe("a hostile peer, which has Consul's CA", () => {
  const other = consulServiceIdentity(east.trustDomain, 'dc1', 'web');
  let ca: StolenCa;

  beforeAll(async () => {
    ca = await stealPeerCa(lab);
    const trusted = async () => (await callGatewayWithLeaf(lab, ca, [infoIdentity])).status === 200;
    expect(await until(trusted, patient)).toBe(true);
  });

  test.each([
    ['another service', [other]],
    ['the mesh gateway', [`spiffe://${east.trustDomain}/gateway/mesh/dc/dc1`]],
    ['info in another datacenter', [consulServiceIdentity(east.trustDomain, 'dc2', 'info')]],
    ['a local identity of Istio', [istioIdentity('cluster.local', 'frontend', 'frontend')]],
    ["the gateway's own account", [gatewayIdentity]],
    ["info's name behind another", [other, infoIdentity]],
    ["another name behind info's", [infoIdentity, other]],
    ["a local identity behind info's", [infoIdentity, istioIdentity('cluster.local', 'frontend', 'frontend')]],
    ["info's name twice", [infoIdentity, infoIdentity]],
    ['no name at all', []],
  ])('is refused as %s', async (_what, uris) => {
    expect([0, 403]).toContain((await callGatewayWithLeaf(lab, ca, uris)).status);
    expect(await callGatewayWithLeaf(lab, ca, [infoIdentity])).toEqual({ status: 200 });
  });

  test.each([
    ['no server name', ''],
    ['a service that is not exported', entry.sni.replace('backend', 'frontend')],
    ["the callee's name inside Istio", 'backend.backend.svc.cluster.local'],
    ["Istio's own form", 'outbound_.80_._.backend.backend.svc.cluster.local'],
  ])('finds nothing under %s', async (_what, servername) => {
    expect((await callGatewayWithLeaf(lab, ca, [infoIdentity], { servername })).status).toBe(0);
  });

  test('gets no more than the row with the right certificate', async () => {
    for (const request of ['POST /healthz', 'GET /api/', 'GET /healthz/', 'HEAD /healthz']) {
      expect(await callGatewayWithLeaf(lab, ca, [infoIdentity], { request })).toEqual({ status: 403 });
    }
  });
});

test('a row that is taken away closes the call', async () => {
  const { file: narrower } = makeLab('narrower', (raw) => {
    raw.access = raw.access.map((row) => (row.from === 'east/info' ? { ...row, paths: ['/other'] } : row));
  });
  await succeed('--config', narrower, 'up');
  const refused = async () => (await call('east/info', 'west/backend')).status === 403;
  expect(await until(refused, patient)).toBe(true);
  await succeed('--config', file, 'up');
  expect(await until(passes, patient)).toBe(true);
});
