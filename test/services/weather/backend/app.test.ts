import { backendApp } from '../../../../services/weather/backend/app';
import { infoClient } from '../../../../services/weather/backend/info';
import { noWeather, type WeatherClient, type WeatherQuestion } from '../../../../services/weather/backend/openweather';
import { sampleWeather } from '../../../../services/weather/backend/sample';
import type { IndexAnswer, WeatherAnswer } from '../../../../services/weather/common/answers';
import { fakeFetch, helsinki, infoServed, memoryLog, xfcc } from '../support';

const home = { service: 'backend', mesh: 'west', meshKind: 'istio' } as const;
const known = { ...helsinki, served: infoServed };

function setUp(info: () => Response, weather: WeatherClient = sampleWeather(() => 0)) {
  const { fetch, calls } = fakeFetch(info);
  const questions: WeatherQuestion[] = [];
  const memory = memoryLog();
  const asked: WeatherClient = (question) => {
    questions.push(question);
    return weather(question);
  };
  const parts = { info: infoClient({ url: 'http://info', fetch }), weather: asked };
  return { app: backendApp(home, parts, memory.log), calls, questions, ...memory };
}

const reachable = () => Response.json(known);
const refused = () => new Response('RBAC: access denied', { status: 403 });

async function weatherOf(response: Response | Promise<Response>): Promise<WeatherAnswer> {
  return (await (await response).json()) as WeatherAnswer;
}

describe('GET /api/', () => {
  test('says what backend can be asked and who served, without asking anybody', async () => {
    const { app, calls } = setUp(refused);
    const response = await app.request('/api/', { headers: { 'x-forwarded-client-cert': xfcc.backend } });
    expect(response.status).toBe(200);
    expect(await response.json()).toEqual({
      service: 'backend',
      served: {
        service: 'backend',
        mesh: 'west',
        kind: 'istio',
        identity: 'spiffe://cluster.local/ns/backend/sa/backend',
        caller: 'spiffe://cluster.local/ns/frontend/sa/frontend',
      },
      endpoints: [
        expect.objectContaining({ method: 'GET', path: '/api/weather' }),
        expect.objectContaining({ method: 'GET', path: '/api/places' }),
      ],
    });
    expect(calls).toEqual([]);
  });

  test('gives examples that work', async () => {
    const { endpoints } = (await (await setUp(reachable).app.request('/api/')).json()) as IndexAnswer;
    for (const { path, example } of endpoints) {
      const info = () => Response.json(path === '/api/places' ? { places: [], served: infoServed } : known);
      expect(example.startsWith(`${path}?`)).toBe(true);
      expect((await setUp(info).app.request(example)).status).toBe(200);
    }
  });

  test('answers nothing but GET', async () => {
    expect((await setUp(reachable).app.request('/api/', { method: 'POST' })).status).toBe(405);
  });
});

describe('GET /api/weather', () => {
  test('joins weather and info, each with who served it', async () => {
    const { app, questions } = setUp(reachable);
    const headers = { 'x-forwarded-client-cert': xfcc.backend };
    const answer = await weatherOf(app.request('/api/weather?place=helsinki&units=imperial', { headers }));
    expect(answer).toMatchObject({
      place: { name: 'Helsinki', country: 'Finland' },
      weather: { ok: true, source: 'sample', units: 'imperial' },
      info: { ok: true, population: 658_864, served: infoServed },
      served: {
        service: 'backend',
        mesh: 'west',
        kind: 'istio',
        identity: 'spiffe://cluster.local/ns/backend/sa/backend',
        caller: 'spiffe://cluster.local/ns/frontend/sa/frontend',
      },
    });
    expect(questions).toEqual([
      { name: 'Helsinki', coordinates: { lat: helsinki.lat, lon: helsinki.lon }, units: 'imperial' },
    ]);
  });

  test('keeps the weather when info can not be reached', async () => {
    const { app, questions, lines } = setUp(refused);
    const answer = await weatherOf(app.request('/api/weather?place=Helsinki'));
    expect(answer).toMatchObject({
      place: { name: 'Helsinki', country: null },
      weather: { ok: true },
      info: { ok: false, reason: 'unreachable', error: "info can't be reached" },
    });
    expect(questions).toEqual([{ name: 'Helsinki', coordinates: undefined, units: 'metric' }]);
    expect(lines[0]).toMatchObject({ level: 40, detail: 'status 403: RBAC: access denied' });
  });

  test('gives the same sample with and without info', async () => {
    const [with_, without] = await Promise.all(
      [reachable, refused].map((info) => weatherOf(setUp(info).app.request('/api/weather?place=Helsinki'))),
    );
    expect(without?.weather).toEqual(with_?.weather);
  });

  test('answers by name for a place that info does not know', async () => {
    const { app } = setUp(() => Response.json({ error: 'no data', served: infoServed }, { status: 404 }));
    const answer = await weatherOf(app.request('/api/weather?place=Hogwarts'));
    expect(answer).toMatchObject({ weather: { ok: true }, info: { ok: false, reason: 'unknown', served: infoServed } });
  });

  test('keeps info when there is no weather', async () => {
    const { app } = setUp(reachable, async ({ name }) => noWeather(name, 'key'));
    const answer = await weatherOf(app.request('/api/weather?place=Helsinki'));
    expect(answer).toMatchObject({ weather: { ok: false, reason: 'key' }, info: { ok: true } });
  });

  test('passes the trace on to info', async () => {
    const { app, calls } = setUp(reachable);
    const headers = { 'x-request-id': 'r1', b3: 'b', cookie: 'secret' };
    await app.request('/api/weather?place=Helsinki', { headers });
    expect(Object.fromEntries(calls[0]?.headers ?? [])).toEqual({
      accept: 'application/json',
      'x-request-id': 'r1',
      b3: 'b',
    });
  });

  test.each([
    ['/api/weather', "place can't be used: it holds no letter or digit; example: ?place=Helsinki"],
    ['/api/weather?place=%00', "place can't be used: it holds control characters"],
    ['/api/weather?place=Oslo&units=kelvin', 'units is "kelvin"; allowed: metric, imperial'],
    [`/api/places?q=${'x'.repeat(101)}`, "q can't be used: longer than 100 characters"],
  ])('refuses %s', async (path, message) => {
    const { app, calls } = setUp(reachable);
    const response = await app.request(path);
    expect(response.status).toBe(400);
    expect(((await response.json()) as { error: string }).error).toContain(message);
    expect(calls).toEqual([]);
  });
});

describe('GET /api/places', () => {
  test('gives what info suggests', async () => {
    const { id, name, country, countryCode } = helsinki;
    const places = [{ id, name, country, countryCode }];
    const { app } = setUp(() => Response.json({ places, served: infoServed }));
    expect(await (await app.request('/api/places?q=hel')).json()).toMatchObject({
      places,
      served: { service: 'backend' },
    });
  });

  test('says so when info can not be reached', async () => {
    const response = await setUp(refused).app.request('/api/places?q=hel');
    expect(response.status).toBe(502);
    expect(await response.json()).toMatchObject({ error: "info can't be reached" });
  });
});
