import { brotliCompressSync, brotliDecompressSync } from 'node:zlib';
import { frontendApp } from '../../../../services/weather/frontend/app';
import type { PageFile } from '../../../../services/weather/frontend/files';
import { type Call, fakeFetch, memoryLog } from '../support';

const file = (path: string, type: string, content: string): PageFile => ({
  path,
  type,
  brotli: brotliCompressSync(content).toString('base64'),
});
const files = [
  file('/index.html', 'text/html; charset=utf-8', '<p>page</p>'),
  file('/assets/a-1.js', 'text/javascript', 'let a'),
];
const home = { service: 'frontend', mesh: 'west', meshKind: 'istio' } as const;

function setUp(answer: (call: Call) => Response | Promise<Response> = () => Response.json({}), timeout = 5_000) {
  const { fetch, calls } = fakeFetch(answer);
  const memory = memoryLog();
  return { app: frontendApp(home, { files, backend: 'http://backend', fetch, timeout }, memory.log), calls, ...memory };
}

describe('the page', () => {
  test('comes with a policy that lets nothing foreign or inline in', async () => {
    const response = await setUp().app.request('/');
    expect(await response.text()).toBe('<p>page</p>');
    expect(response.headers.get('content-type')).toBe('text/html; charset=utf-8');
    expect(response.headers.get('cache-control')).toBe('no-cache');
    expect(response.headers.get('content-security-policy')).toContain("default-src 'self'");
    expect(response.headers.get('content-security-policy')).not.toContain('unsafe');
    expect(response.headers.get('x-content-type-options')).toBe('nosniff');
    expect(response.headers.get('strict-transport-security')).toBeNull();
  });

  test('lets hashed files be kept for good', async () => {
    const response = await setUp().app.request('/assets/a-1.js');
    expect(await response.text()).toBe('let a');
    expect(response.headers.get('cache-control')).toBe('public, max-age=31536000, immutable');
  });

  test('is packed for those who can unpack it', async () => {
    const response = await setUp().app.request('/', { headers: { 'accept-encoding': 'gzip, deflate, br' } });
    expect(response.headers.get('content-encoding')).toBe('br');
    expect(brotliDecompressSync(await response.arrayBuffer()).toString()).toBe('<p>page</p>');
    const plain = await setUp().app.request('/', { headers: { 'accept-encoding': 'br;q=0' } });
    expect(plain.headers.get('content-encoding')).toBeNull();
  });

  test.each(['/nowhere', '/assets/', '/../etc/passwd', '/__proto__'])('has no %s', async (path) => {
    expect((await setUp().app.request(path)).status).toBe(404);
  });
});

describe('/served', () => {
  test('says who serves the page', async () => {
    const headers = { 'x-forwarded-client-cert': 'By=spiffe://c/frontend;URI=spiffe://c/ingress' };
    const response = await setUp().app.request('/served', { headers });
    expect(await response.json()).toEqual({
      served: {
        service: 'frontend',
        mesh: 'west',
        kind: 'istio',
        identity: 'spiffe://c/frontend',
        caller: 'spiffe://c/ingress',
      },
    });
  });
});

describe('/api/', () => {
  test('goes to backend with its query and trace headers, and no others', async () => {
    const { app, calls } = setUp(() => Response.json({ hello: 1 }));
    const headers = {
      'x-request-id': 'r1',
      cookie: 'secret',
      authorization: 'secret',
      'x-forwarded-client-cert': 'By=spiffe://a',
    };
    const response = await app.request('/api/weather?place=S%C3%A3o%20Paulo', { headers });
    expect(await response.json()).toEqual({ hello: 1 });
    expect(response.headers.get('cache-control')).toBe('no-store');
    expect(response.headers.get('content-security-policy')).toContain("default-src 'self'");
    expect(calls[0]?.url.href).toBe('http://backend/api/weather?place=S%C3%A3o%20Paulo');
    expect(Object.fromEntries(calls[0]?.headers ?? [])).toEqual({ accept: 'application/json', 'x-request-id': 'r1' });
  });

  test('stays below /api/', async () => {
    const { app, calls } = setUp();
    expect((await app.request('/api/%2e%2e/metrics')).status).toBe(404);
    expect(calls).toEqual([]);
  });

  test('refuses everything but GET', async () => {
    const { app, calls } = setUp();
    expect((await app.request('/api/weather', { method: 'POST' })).status).toBe(405);
    expect(calls).toEqual([]);
  });

  test.each<[string, () => Response, number, string]>([
    ["backend's own refusal", () => Response.json({ error: 'bad place' }, { status: 400 }), 400, 'bad place'],
    [
      "the mesh's refusal",
      () => new Response('RBAC: access denied', { status: 403 }),
      403,
      "backend can't be reached: status 403, RBAC: access denied",
    ],
    ['no backend', () => new Response('no healthy upstream', { status: 503 }), 503, 'no healthy upstream'],
    ['a redirect', () => new Response('', { status: 302 }), 502, 'status 302'],
    ['a page instead of JSON', () => new Response('<html>'), 502, 'status 200'],
  ])('gives %s as JSON', async (_name, answer, status, message) => {
    const response = await setUp(answer).app.request('/api/weather');
    expect(response.status).toBe(status);
    expect(response.headers.get('content-type')).toBe('application/json');
    expect(((await response.json()) as { error: string }).error).toContain(message);
  });

  test('says so when backend can not be reached', async () => {
    const { app, lines } = setUp(() => Promise.reject(new TypeError('fetch failed')));
    const response = await app.request('/api/weather');
    expect(response.status).toBe(502);
    expect(await response.json()).toMatchObject({ error: "backend can't be reached: connection failed" });
    expect(lines[0]).toMatchObject({ level: 40 });
  });
});
