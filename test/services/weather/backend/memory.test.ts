/** The backend's use of the cache container: what is kept there, and that nothing depends on it. */
import { cacheContainer } from '../../../../services/weather/backend/memory';
import { noWeather } from '../../../../services/weather/backend/openweather';
import { cacheApp } from '../../../../services/weather/cache/app';
import { Store } from '../../../../services/weather/cache/store';
import type { Fetch } from '../../../../services/weather/common/upstream';
import { memoryLog } from '../support';

function setUp(answer?: Fetch) {
  const app = cacheApp(new Store({ size: 9, now: Date.now }), memoryLog().log);
  const faults: string[] = [];
  let made = 0;
  const fetch: Fetch = answer ?? (async (url, init) => app.request(String(url), init));
  const memory = cacheContainer({
    url: 'http://127.0.0.1:9000',
    fetch,
    now: Date.now,
    onFault: (it) => faults.push(it),
  });
  const get = (key: string, keep = 60_000) =>
    memory.get(key, async () => {
      made += 1;
      return { value: noWeather(key, 'timeout'), keep };
    });
  return { get, faults, made: () => made };
}

test('a finding is made once', async () => {
  const { get, made, faults } = setUp();
  expect(await get('a/ä?')).toEqual(noWeather('a/ä?', 'timeout'));
  expect(await get('a/ä?')).toEqual(noWeather('a/ä?', 'timeout'));
  expect([made(), faults]).toEqual([1, []]);
});

test('what is to be kept for no second is not put there', async () => {
  const { get, made } = setUp();
  await get('a', 999);
  await get('a', 999);
  expect(made()).toBe(2);
});

test('the same question asked at once is one call', async () => {
  const { get, made } = setUp();
  await Promise.all([get('a'), get('a')]);
  expect(made()).toBe(1);
});

test.each<[string, Fetch]>([
  ['is not there', () => Promise.reject(new TypeError('connection refused'))],
  ['is broken', async () => new Response('no', { status: 500 })],
  ['gives something else', async () => new Response('{"name":"x","weather":{"ok":true}}')],
])('without a cache that works, which %s, every finding comes from its source', async (_what, fetch) => {
  const { get, made } = setUp(fetch);
  expect(await get('a')).toEqual(noWeather('a', 'timeout'));
  await get('a');
  expect(made()).toBe(2);
});
