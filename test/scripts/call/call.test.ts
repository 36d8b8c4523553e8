/** Which lines of which logs belong to one call. */
import { service } from '../../../model/lab';
import { call } from '../../../scripts/call/call';
import type { LogLine } from '../../../scripts/call/log';
import { federationGatewayLog, gatewayLog, sidecarLog } from '../../../scripts/call/proxies';
import { type Answer, type Request, send } from '../../../scripts/call/request';
import { labOf, localLab, smallFile } from '../../support/labs';

jest.mock('../../../scripts/call/proxies');
jest.mock('../../../scripts/call/request');

const lab = localLab();
const backend = service(lab, 'west/backend/backend');
const info = service(lab, 'east/info/info');
const frontend = service(lab, 'west/frontend/frontend');

interface World {
  readonly answer?: Answer;
  readonly caller?: readonly LogLine[];
  readonly callee?: readonly LogLine[];
  readonly gateway?: readonly LogLine[];
  /** The federation gateway's. */
  readonly door?: readonly LogLine[];
}

/** The logs as they are once the call has been made; REQUEST stands for its id. */
function given({ answer = { status: 200, ms: 1.5 }, caller = [], callee = [], gateway = [], door = [] }: World): void {
  let id = 'none';
  const marked = (lines: readonly LogLine[]) =>
    lines.map((line) => ({ ...line, request: line.request === 'REQUEST' ? id : line.request }));
  jest.mocked(send).mockImplementation(async (_lab, request: Request) => {
    id = request.id;
    return answer;
  });
  jest.mocked(sidecarLog).mockImplementation(async (_lab, { id: of }) => marked(of === backend.id ? caller : callee));
  jest.mocked(gatewayLog).mockImplementation(async () => marked(gateway));
  jest.mocked(federationGatewayLog).mockImplementation(async () => marked(door));
}

const get = { method: 'GET', path: '/places' };
const calleeIdentity = 'spiffe://TD/ns/default/dc/dc1/svc/info';
const callerIdentity = 'spiffe://FED/ns/default/dc/istio/svc/backend';
const sni = 'info.default.default.west.external.TD';
const callerLine: LogLine = {
  request: 'REQUEST',
  status: 200,
  details: 'via_upstream',
  upstreamPeer: calleeIdentity,
  upstreamLocal: '10.10.0.2:40001',
};
const gatewayLine: LogLine = {
  request: '-',
  peer: '-',
  sni,
  remote: '10.10.0.2:40001',
  upstreamLocal: '10.20.0.11:50001',
};
const calleeLine: LogLine = {
  request: 'REQUEST',
  status: 200,
  details: 'via_upstream',
  peer: callerIdentity,
  sni,
  remote: '10.20.0.11:50001',
};

test('a call across the border has three hops, each with what its own proxy saw', async () => {
  given({ caller: [callerLine], gateway: [gatewayLine], callee: [calleeLine] });
  expect(await call(lab, backend, info, get)).toEqual({
    ok: true,
    from: 'west/backend',
    to: 'east/info',
    ...get,
    status: 200,
    ms: 1.5,
    hops: [
      { at: 'west/backend', identity: calleeIdentity, sni: null, status: 200 },
      { at: 'east/mesh-gateway', identity: null, sni },
      { at: 'east/info', identity: callerIdentity, sni, status: 200 },
    ],
  });
});

test('lines of other requests and other connections are not taken for its own', async () => {
  const others = { request: 'another', upstreamPeer: 'spiffe://wrong' };
  given({
    caller: [{ ...callerLine, ...others }, callerLine],
    gateway: [
      { ...gatewayLine, sni: 'wrong', remote: '10.10.0.2:40002', upstreamLocal: '10.20.0.11:50002' },
      gatewayLine,
    ],
    callee: [{ ...calleeLine, request: 'another', peer: 'spiffe://wrong' }, calleeLine],
  });
  const { hops } = await call(lab, backend, info, get);
  expect(JSON.stringify(hops)).not.toContain('wrong');
  expect(hops).toHaveLength(3);
});

test.each([
  ['the callee accepted', { ...gatewayLine, remote: '10.10.0.1:1' }],
  ['the caller opened', { ...gatewayLine, upstreamLocal: '10.20.0.11:1' }],
])("the gateway's line is that of the connection that %s", async (_what, line) => {
  given({ caller: [callerLine], gateway: [line], callee: [calleeLine] });
  expect((await call(lab, backend, info, get)).hops[1]).toEqual({ at: 'east/mesh-gateway', identity: null, sni });
});

test('a gateway line without addresses is nobody’s', async () => {
  const line = { ...gatewayLine, remote: '-', upstreamLocal: '-' };
  given({
    answer: { status: 403, ms: 1 },
    caller: [{ ...callerLine, upstreamLocal: '-' }],
    gateway: [line],
    callee: [{ ...calleeLine, remote: '-' }],
  });
  expect((await call(lab, backend, info, get)).hops.map(({ at }) => at)).toEqual(['west/backend', 'east/info']);
});

test('a refused call says who refused it and why', async () => {
  given({
    answer: { status: 403, ms: 1 },
    caller: [{ ...callerLine, status: 403 }],
    gateway: [gatewayLine],
    callee: [{ ...calleeLine, status: 403, details: 'rbac_access_denied_matched_policy[none]' }],
  });
  const { ok, status, hops } = await call(lab, backend, info, { method: 'POST', path: '/places' });
  expect([ok, status]).toEqual([false, 403]);
  expect(hops.map(({ at, refused }) => [at, refused])).toEqual([
    ['west/backend', undefined],
    ['east/mesh-gateway', undefined],
    ['east/info', 'rbac_access_denied_matched_policy[none]'],
  ]);
});

test('a call that got no answer is told with its error, and the hops there are', async () => {
  const failure = 'TLS_error:CERTIFICATE_VERIFY_FAILED';
  given({ answer: { status: 503, ms: 3 }, caller: [{ ...callerLine, status: 503, failure, upstreamPeer: '-' }] });
  expect((await call(lab, backend, info, get)).hops).toEqual([
    { at: 'west/backend', identity: null, sni: null, status: 503, refused: failure },
  ]);
});

test('lines that come late are waited for', async () => {
  given({ caller: [callerLine], gateway: [gatewayLine], callee: [calleeLine] });
  jest.mocked(gatewayLog).mockResolvedValueOnce([]);
  expect((await call(lab, backend, info, get)).hops).toHaveLength(3);
});

test('the log of an existing mesh’s proxy is not waited for: it may look like anything', async () => {
  const west = { kind: 'istio', network: '10.10.0.0/16', platform: 'kubeconfig', context: 'prod', existing: true };
  const other = labOf({
    meshes: { ...smallFile.meshes, west },
    services: {
      'west/shop': { port: 8080, account: 'shop', labels: { app: 'shop' } },
      'east/info': smallFile.services['east/info'],
    },
    access: [{ from: 'west/shop', to: 'east/info' }],
  });
  given({ gateway: [gatewayLine], callee: [calleeLine] });
  // What is written of the caller would be asked for as the callee's.
  jest.mocked(sidecarLog).mockImplementationOnce(async () => []);
  const begin = Date.now();
  const { hops } = await call(other, service(other, 'west/shop/shop'), service(other, 'east/info/info'), get);
  expect(hops.map(({ at }) => at)).toEqual(['east/mesh-gateway', 'east/info']);
  expect(Date.now() - begin).toBeLessThan(2_000);
});

describe('a call from Consul to Istio', () => {
  const from = '127.0.0.1:50123';
  const caller: LogLine = { remote: from, upstreamPeer: 'spiffe://FED/ns/default/dc/istio/svc/backend', flags: '-' };
  const door: LogLine = { request: 'REQUEST', peer: calleeIdentity, sni: 'backend.sni', status: 200 };
  const gatewayPrincipal = 'spiffe://cluster.local/ns/federation-gateway/sa/federation-gateway';
  const callee: LogLine = { request: 'REQUEST', peer: gatewayPrincipal, sni: 'inside', status: 200 };
  // Here info calls, and the mock gives `caller` for backend.
  const world = { caller: [callee], callee: [{ ...caller, remote: '127.0.0.1:1' }, caller], door: [door] };

  test('has three hops: the connection that the caller opened, and the request at gateway and callee', async () => {
    given({ answer: { status: 200, ms: 1, from }, ...world });
    const result = await call(lab, info, backend, get);
    expect(result.hops).toEqual([
      { at: 'east/info', identity: caller.upstreamPeer, sni: null },
      { at: 'west/federation-gateway', identity: calleeIdentity, sni: 'backend.sni', status: 200 },
      { at: 'west/backend', identity: gatewayPrincipal, sni: 'inside', status: 200 },
    ]);
    expect(result.from).toBe('east/info');
    expect(gatewayLog).not.toHaveBeenCalled();
  });

  test('that the gateway refuses is told by the gateway', async () => {
    const refused = { ...door, status: 403, details: 'rbac_access_denied_matched_policy[none]' };
    given({ answer: { status: 403, ms: 1, from }, ...world, caller: [], door: [refused] });
    const { hops } = await call(lab, info, backend, { method: 'POST', path: '/healthz' });
    expect(hops.map(({ at, refused: why }) => [at, why])).toEqual([
      ['east/info', undefined],
      ['west/federation-gateway', 'rbac_access_denied_matched_policy[none]'],
    ]);
  });

  test('that gets no connection is told by the caller’s own proxy', async () => {
    const shut = { ...caller, upstreamPeer: '-', flags: 'UF,URX', failure: 'TLS_error:CERTIFICATE_UNKNOWN' };
    given({ answer: { status: 0, ms: 1, error: 'socket hang up', from }, callee: [shut] });
    expect((await call(lab, info, backend, get)).hops).toEqual([
      { at: 'east/info', identity: null, sni: null, refused: 'TLS_error:CERTIFICATE_UNKNOWN' },
    ]);
  });
});

test('a call inside a mesh passes no gateway', async () => {
  const inside = { ...callerLine, upstreamPeer: 'spiffe://cluster.local/ns/backend/sa/backend' };
  given({ caller: [calleeLine], callee: [inside], gateway: [gatewayLine] });
  const { hops } = await call(lab, frontend, backend, get);
  expect(hops.map(({ at }) => at)).toEqual(['west/frontend', 'west/backend']);
  expect(jest.mocked(gatewayLog)).not.toHaveBeenCalled();
});

test('a namespace that says something is shown', async () => {
  const own = { port: 8080, program: 'a.js' };
  const file = {
    services: { ...smallFile.services, 'west/apps/web': own },
    access: [{ from: 'west/apps/web', to: 'west/backend' }],
  };
  const other = labOf(file);
  given({
    answer: { status: 0, ms: 1, error: 'socket hang up' },
    callee: [{ request: 'REQUEST', status: 0, flags: 'UF' }],
  });
  const result = await call(other, service(other, 'west/apps/web'), backend, get);
  expect(result).toMatchObject({
    ok: false,
    status: 0,
    error: 'socket hang up',
    from: 'west/apps/web',
    to: 'west/backend',
  });
  expect(result.hops).toEqual([{ at: 'west/apps/web', identity: null, sni: null, status: 0, refused: 'UF' }]);
});

beforeEach(() => jest.clearAllMocks());
