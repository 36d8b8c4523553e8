import { getJson, UpstreamError } from '../../../../services/weather/common/upstream';
import { type FakeServer, fakeServer } from '../support';

let server: FakeServer | undefined;

afterEach(async () => {
  await server?.close();
  server = undefined;
});

const options = { fetch: globalThis.fetch, timeout: 5_000, headers: { 'x-request-id': 'r1' } };

async function fault(url: string, timeout = 5_000): Promise<UpstreamError> {
  const error: unknown = await getJson(url, { ...options, timeout }).catch((caught: unknown) => caught);
  expect(error).toBeInstanceOf(UpstreamError);
  return error as UpstreamError;
}

describe('getJson', () => {
  test('gives status and JSON, and sends the headers', async () => {
    server = await fakeServer((_request, response) => response.writeHead(418).end('{"a":[1]}'));
    expect(await getJson(server.url, options)).toEqual({ status: 418, json: { a: [1] }, text: '{"a":[1]}' });
    expect(server.requests[0]?.headers).toMatchObject({ accept: 'application/json', 'x-request-id': 'r1' });
  });

  test('gives the text of an answer that is no JSON', async () => {
    server = await fakeServer((_request, response) => response.writeHead(403).end('RBAC: access denied'));
    expect(await getJson(server.url, options)).toEqual({ status: 403, json: undefined, text: 'RBAC: access denied' });
  });

  test('does not follow a redirect', async () => {
    server = await fakeServer((_request, response) => response.writeHead(302, { location: 'http://elsewhere' }).end());
    expect((await getJson(server.url, options)).status).toBe(302);
  });

  test('gives up on a server that never answers', async () => {
    server = await fakeServer(() => {});
    expect(await fault(server.url, 50)).toMatchObject({ kind: 'timeout', message: 'no answer within 50 ms' });
  });

  test('gives up on a body that never ends', async () => {
    server = await fakeServer((_request, response) => response.writeHead(200).write('{'));
    expect((await fault(server.url, 50)).kind).toBe('timeout');
  });

  test('refuses a body that is too large', async () => {
    server = await fakeServer((_request, response) => response.end('x'.repeat(300_000)));
    expect((await fault(server.url)).kind).toBe('too-large');
  });

  test('says why there is no connection, without the URL', async () => {
    server = await fakeServer(() => {});
    const { url } = server;
    await server.close();
    const error = await fault(`${url}/?appid=secret`);
    expect(error).toMatchObject({ kind: 'unreachable', message: 'connection failed (ECONNREFUSED)' });
  });

  test('reports a connection that breaks in the middle', async () => {
    server = await fakeServer((_request, response) => {
      response.writeHead(200, { 'content-length': '100' });
      response.write('{', () => response.destroy());
    });
    expect((await fault(server.url)).kind).toBe('unreachable');
  });
});
