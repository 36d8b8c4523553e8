import { createApp } from '../../../../services/weather/common/app';
import { memoryLog, xfcc } from '../support';

const home = { service: 'backend', mesh: 'west', meshKind: 'istio' } as const;

function setUp() {
  const memory = memoryLog();
  const app = createApp(home, memory.log);
  app.get('/trace', (c) => c.json(c.var.trace));
  app.get('/served', (c) => c.json(c.var.served));
  app.get('/broken', () => {
    throw new Error('no such table');
  });
  return { app, ...memory };
}

describe('createApp', () => {
  test('answers the health check and does not log it', async () => {
    const { app, lines } = setUp();
    expect((await app.request('/healthz')).status).toBe(200);
    expect(lines).toEqual([]);
  });

  test.each(['POST', 'PUT', 'DELETE', 'PATCH', 'OPTIONS'])('refuses %s', async (method) => {
    const response = await setUp().app.request('/trace', { method });
    expect(response.status).toBe(405);
    expect(response.headers.get('allow')).toBe('GET, HEAD');
    expect(await response.json()).toMatchObject({ error: `${method} is not allowed here; allowed: GET` });
  });

  test('logs one line a request, with the path but without the query', async () => {
    const { app, lines, text } = setUp();
    const headers = { 'x-request-id': 'r1', 'x-forwarded-client-cert': xfcc.backend };
    await app.request('/served?place=secret-place', { headers });
    expect(lines).toHaveLength(1);
    expect(lines[0]).toMatchObject({
      requestId: 'r1',
      method: 'GET',
      path: '/served',
      status: 200,
      caller: 'spiffe://cluster.local/ns/frontend/sa/frontend',
    });
    expect(text()).not.toContain('secret-place');
  });

  test('makes a request id where none came, passes it on and gives it back', async () => {
    const response = await setUp().app.request('/trace');
    const id = response.headers.get('x-request-id');
    expect(id).toMatch(/^[0-9a-f-]{36}$/);
    expect(await response.json()).toEqual({ 'x-request-id': id });
  });

  test('says who served', async () => {
    const response = await setUp().app.request('/served', { headers: { 'x-forwarded-client-cert': xfcc.backend } });
    expect(await response.json()).toMatchObject({
      service: 'backend',
      kind: 'istio',
      identity: 'spiffe://cluster.local/ns/backend/sa/backend',
    });
  });

  test('answers JSON for a path that is not there', async () => {
    const response = await setUp().app.request('/nowhere');
    expect(response.status).toBe(404);
    expect(await response.json()).toMatchObject({ error: 'no such path: /nowhere', served: { service: 'backend' } });
  });

  test('keeps an unexpected error in the log', async () => {
    const { app, text } = setUp();
    const response = await app.request('/broken');
    expect(response.status).toBe(500);
    expect(await response.text()).not.toContain('no such table');
    expect(text()).toContain('no such table');
  });
});
