import { Cache } from '../../../../services/weather/backend/cache';

function setUp(size = 3) {
  let time = 0;
  let made = 0;
  const cache = new Cache<string>({ size, now: () => time });
  const get = (key: string, keep = 100) =>
    cache.get(key, async () => {
      made += 1;
      return { value: `${key}${made}`, keep };
    });
  return { cache, get, pass: (ms: number) => (time += ms), made: () => made };
}

describe('Cache', () => {
  test('remembers until the time is up', async () => {
    const { get, pass } = setUp();
    expect(await get('a')).toBe('a1');
    pass(99);
    expect(await get('a')).toBe('a1');
    pass(1);
    expect(await get('a')).toBe('a2');
  });

  test('forgets at once what is to be kept for no time', async () => {
    const { get } = setUp();
    await get('a', 0);
    expect(await get('a', 0)).toBe('a2');
  });

  test('lets the one unused for longest go when it is full', async () => {
    const { get, made } = setUp(2);
    await get('a');
    await get('b');
    await get('a');
    await get('c');
    expect(await get('a')).toBe('a1');
    expect(made()).toBe(3);
    expect(await get('b')).toBe('b4');
  });

  test('makes one call for the same question asked at once', async () => {
    const { get, made } = setUp();
    expect(await Promise.all([get('a'), get('a'), get('b')])).toEqual(['a1', 'a1', 'b2']);
    expect(made()).toBe(2);
  });

  test('does not remember an error', async () => {
    const { cache, get } = setUp();
    await expect(cache.get('a', () => Promise.reject(new Error('down')))).rejects.toThrow('down');
    expect(await get('a')).toBe('a1');
  });
});
