import { cacheApp } from '../../../../services/weather/cache/app';
import { Store } from '../../../../services/weather/cache/store';
import { memoryLog } from '../support';

function setUp(size = 2) {
  let time = 0;
  const { log, text } = memoryLog();
  const app = cacheApp(new Store({ size, now: () => time }), log);
  const put = (key: string, query: string, body = 'text') =>
    app.request(`/entries/${key}?${query}`, { method: 'PUT', body });
  const get = async (key: string) => {
    const answer = await app.request(`/entries/${key}`);
    return answer.status === 200 ? answer.text() : answer.status;
  };
  return { app, put, get, text, pass: (ms: number) => (time += ms) };
}

test('an entry is there until its time is up', async () => {
  const { put, get, pass } = setUp();
  expect(await get('a')).toBe(404);
  expect((await put('a', 'ttl=2', 'one')).status).toBe(204);
  pass(1_999);
  expect(await get('a')).toBe('one');
  pass(1);
  expect(await get('a')).toBe(404);
});

test('the entry unused for longest goes first', async () => {
  const { put, get } = setUp();
  await put('a', 'ttl=9');
  await put('b', 'ttl=9');
  await get('a');
  await put('c', 'ttl=9');
  expect([await get('a'), await get('b'), await get('c')]).toEqual(['text', 404, 'text']);
});

test.each([
  ['no ttl', 'a', '', 'x', 400],
  ['a ttl of no time', 'a', 'ttl=0', 'x', 400],
  ['a ttl of more than an hour', 'a', 'ttl=3601', 'x', 400],
  ['a ttl that is no number', 'a', 'ttl=soon', 'x', 400],
  ['too long a key', 'a'.repeat(201), 'ttl=1', 'x', 400],
  ['too large a text', 'a', 'ttl=1', 'x'.repeat(16 * 1024 + 1), 413],
])('%s is refused', async (_what, key, query, body, status) => {
  expect((await setUp().put(key, query, body)).status).toBe(status);
});

test('answers its health, and logs no key', async () => {
  const { app, put, text } = setUp();
  expect((await app.request('/healthz')).status).toBe(200);
  await put('somewhere', 'ttl=1');
  expect(text()).toContain('"status":204');
  expect(text()).not.toContain('somewhere');
});
