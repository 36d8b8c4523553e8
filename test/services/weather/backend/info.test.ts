import { infoClient } from '../../../../services/weather/backend/info';
import { fakeFetch, helsinki, infoServed } from '../support';

const known = { ...helsinki, served: infoServed };
const trace = { 'x-request-id': 'r1', traceparent: 't1' };

function setUp(answer: () => Response | Promise<Response>) {
  const { fetch, calls } = fakeFetch(answer);
  return { client: infoClient({ url: 'http://info.east.example', fetch }), calls };
}

describe('infoClient', () => {
  test('asks by id and passes the trace on', async () => {
    const { client, calls } = setUp(() => Response.json(known));
    expect(await client.place('São Paulo', trace)).toEqual({ ok: true, ...known });
    expect(calls[0]?.url.href).toBe('http://info.east.example/places/sao-paulo');
    expect(Object.fromEntries(calls[0]?.headers ?? [])).toMatchObject(trace);
  });

  test('escapes what a name may hold', async () => {
    const { client, calls } = setUp(() => Response.json({ places: [], served: infoServed }));
    await client.search('a&b=c', trace);
    expect(calls[0]?.url.search).toBe('?q=a%26b%3Dc');
    await client.place('東京', trace);
    expect(calls[1]?.url.pathname).toBe('/places/%E6%9D%B1%E4%BA%AC');
  });

  test('tells an unknown place from an unreachable info', async () => {
    const refusal = { error: 'no data about x', served: infoServed };
    const { client } = setUp(() => Response.json(refusal, { status: 404 }));
    expect(await client.place('x', trace)).toMatchObject({ ok: false, reason: 'unknown', served: infoServed });
  });

  test.each<[string, () => Response | Promise<Response>, string]>([
    [
      "a proxy's refusal",
      () => new Response('RBAC: access denied', { status: 403 }),
      'status 403: RBAC: access denied',
    ],
    ["a proxy's 404", () => new Response('', { status: 404 }), 'status 404: '],
    ['a proxy without endpoints', () => new Response('no healthy upstream', { status: 503 }), 'status 503: no healthy'],
    ['another shape', () => Response.json({ hello: 1 }), 'another shape'],
    [
      'an identity that is no text',
      () => Response.json({ ...known, served: { ...infoServed, caller: 1 } }),
      'another shape',
    ],
    ['a link that is no web page', () => Response.json({ ...known, record: 'javascript:alert(1)' }), 'another shape'],
    ['no connection', () => Promise.reject(new TypeError('fetch failed')), 'connection failed'],
  ])('calls %s unreachable and says what was seen', async (_name, answer, detail) => {
    const { client } = setUp(answer);
    const fault = await client.place('Helsinki', trace);
    expect(fault).toMatchObject({ ok: false, reason: 'unreachable', error: "info can't be reached", served: null });
    expect(fault.ok ? '' : fault.detail).toContain(detail);
  });

  test('asks anew each time', async () => {
    const { client, calls } = setUp(() => Response.json(known));
    await client.place('Helsinki', trace);
    await client.place('Helsinki', trace);
    expect(calls).toHaveLength(2);
  });
});
