import { watchBackend } from '../../../../services/weather/info/backend';

/** A backend whose answers are given one by one, and a clock that goes only when told. */
function world() {
  let now = 1_000_000;
  const asked: { url: string; answer: (response: Response | Error) => Promise<void> }[] = [];
  const fetch = ((url: string) =>
    new Promise<Response>((resolve, reject) => {
      asked.push({
        url,
        answer: async (response) => {
          if (response instanceof Error) reject(response);
          else resolve(response);
          // Lets what waits for it run.
          await new Promise((done) => setImmediate(done));
        },
      });
    })) as typeof globalThis.fetch;
  const watch = watchBackend({ url: 'http://127.0.0.1:9191', fetch, now: () => now });
  const pass = (milliseconds: number) => {
    now += milliseconds;
  };
  return { asked, watch, pass };
}

const well = () => new Response('{"ok":true}', { status: 200 });

test('nobody waits for backend: until it answered there is nothing to say', async () => {
  const { asked, watch, pass } = world();
  expect(asked.map(({ url }) => url)).toEqual(['http://127.0.0.1:9191/healthz']);
  expect(watch()).toBeUndefined();
  pass(12);
  await asked[0]?.answer(well());
  expect(watch()).toEqual({
    service: 'backend',
    ok: true,
    status: 200,
    ms: 12,
    detail: '',
    at: new Date(1_000_000).toISOString(),
  });
});

test('what was seen is remembered for some seconds, then looked at once more while the old is told', async () => {
  const { asked, watch, pass } = world();
  await asked[0]?.answer(well());
  pass(4_999);
  watch();
  expect(asked).toHaveLength(1);
  pass(1);
  expect(watch()?.ok).toBe(true);
  watch();
  expect(asked).toHaveLength(2);
  await asked[1]?.answer(new Response('RBAC: access denied', { status: 403 }));
  expect(watch()).toMatchObject({ ok: false, status: 403, detail: 'RBAC: access denied' });
});

test('no answer at all is told with its reason', async () => {
  jest.useFakeTimers({ doNotFake: ['setImmediate'] });
  try {
    const { asked, watch, pass } = world();
    await asked[0]?.answer(Object.assign(new TypeError('fetch failed'), { cause: { code: 'ECONNREFUSED' } }));
    expect(watch()).toMatchObject({ ok: false, status: null, detail: 'connection failed (ECONNREFUSED)' });
    // And looked at again without anybody asking, until backend answers.
    pass(5_000);
    await jest.advanceTimersByTimeAsync(5_000);
    expect(asked).toHaveLength(2);
    await asked[1]?.answer(well());
    expect(watch()?.ok).toBe(true);
    pass(60_000);
    await jest.advanceTimersByTimeAsync(60_000);
    expect(asked).toHaveLength(2);
  } finally {
    jest.useRealTimers();
  }
});
