import { ConsulApi, ConsulError, managementApi } from '../../../scripts/hosts/consul-api';
import { type Answered, type Asked, FakeConsul } from './fake-consul';

let consul: FakeConsul | undefined;

async function serve(answer: (asked: Asked) => Answered): Promise<ConsulApi> {
  consul = await FakeConsul.start(answer);
  return new ConsulApi(consul.socket, 'the-token');
}

afterEach(async () => {
  await consul?.stop();
  consul = undefined;
});

test('sends the token as a header, never in the path', async () => {
  const api = await serve(() => ({ body: { ok: true } }));
  expect(await api.get('/v1/agent/self')).toEqual({ ok: true });
  expect(consul?.asked).toEqual([{ method: 'GET', url: '/v1/agent/self', token: 'the-token', body: undefined }]);
});

test('sends a body as JSON and takes an answer that is no JSON', async () => {
  const api = await serve(() => ({ body: '' }));
  expect(await api.put('/v1/agent/service/register', { ID: 'info' })).toBe('');
  await api.post('/v1/peering/token', { PeerName: 'west' });
  await api.delete('/v1/peering/west');
  expect(consul?.asked.map(({ method, body }) => [method, body])).toEqual([
    ['PUT', { ID: 'info' }],
    ['POST', { PeerName: 'west' }],
    ['DELETE', undefined],
  ]);
});

test('says what was asked and what Consul answered', async () => {
  const api = await serve(() => ({ status: 403, body: 'Permission denied: lacks mesh:write' }));
  const error = await api.put('/v1/config', {}).catch((thrown: unknown) => thrown);
  expect(error).toBeInstanceOf(ConsulError);
  expect(error).toMatchObject({
    status: 403,
    message: 'Consul: PUT /v1/config answered 403: Permission denied: lacks mesh:write',
  });
});

test('finds nothing where Consul says 404, and only there', async () => {
  const api = await serve(({ url }) => ({ status: url.endsWith('none') ? 404 : 500, body: 'sorry' }));
  expect(await api.find('/v1/peering/none')).toBeUndefined();
  await expect(api.find('/v1/peering/other')).rejects.toThrow('answered 500: sorry');
  await expect(api.get('/v1/peering/none')).rejects.toThrow('answered 404');
});

test('watches with the index it knows and hands back the next one', async () => {
  const api = await serve(() => ({ body: ['a'], index: 8 }));
  expect(await api.watch('/v1/health/service/info?passing', { index: 7, wait: 5 })).toEqual({ value: ['a'], index: 8 });
  expect(consul?.asked[0]?.url).toBe('/v1/health/service/info?passing&index=7&wait=5s');
});

test('stops watching when told to', async () => {
  const stop = new AbortController();
  const api = await serve(() => {
    stop.abort();
    return { hang: true };
  });
  await expect(api.watch('/v1/peerings', { index: 7, signal: stop.signal })).rejects.toThrow(/abort/i);
});

test('names the socket that nobody answers on', async () => {
  await expect(new ConsulApi('/nowhere/http.sock').get('/v1/status/leader')).rejects.toThrow(
    /GET \/v1\/status\/leader at \/nowhere\/http\.sock: .*ENOENT/,
  );
});

test('tells to raise the lab when there is no management token', () => {
  expect(() => managementApi('no-such-lab', 'east')).toThrow(
    /lab no-such-lab has no Consul mesh east on this machine .*isthmus up/,
  );
});
