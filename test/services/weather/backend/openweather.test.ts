import type { RequestListener } from 'node:http';
import { openWeather, readOpenWeather, type WeatherQuestion } from '../../../../services/weather/backend/openweather';
import type { WeatherFault } from '../../../../services/weather/common/answers';
import { type FakeServer, fakeServer } from '../support';

/** The shape of https://openweathermap.org/current, with our own values. */
const response = {
  coord: { lon: 24.9384, lat: 60.1699 },
  weather: [{ id: 600, main: 'Snow', description: 'light snow', icon: '13n' }],
  base: 'stations',
  main: { temp: -3.4, feels_like: -8.1, temp_min: -5, temp_max: -1, pressure: 1013, humidity: 86 },
  visibility: 10_000,
  wind: { speed: 4.1, deg: 80 },
  dt: 1_795_420_800,
  sys: { country: 'FI', sunrise: 1, sunset: 2 },
  timezone: 7200,
  id: 658_225,
  name: 'Helsinki',
  cod: 200,
};

const question: WeatherQuestion = { name: 'Helsinki', coordinates: undefined, units: 'metric' };
let server: FakeServer;
let time = 0;

async function client(listener: RequestListener, timeout = 5_000) {
  server = await fakeServer(listener);
  return openWeather({ key: 'KEY', url: server.url, fetch: globalThis.fetch, now: () => time, timeout });
}

const json =
  (status: number, body: unknown): RequestListener =>
  (_request, reply) => {
    reply.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
  };

const asked = () => server.requests.map((request) => new URL(request.url ?? '', server.url));

beforeEach(() => {
  time = 1_000_000;
});
afterEach(() => server.close());

describe('openWeather', () => {
  test('reads the current weather', async () => {
    const ask = await client(json(200, response));
    expect(await ask(question)).toEqual({
      name: 'Helsinki',
      weather: {
        ok: true,
        source: 'openweather',
        label: 'Live weather by OpenWeather',
        temperature: -3.4,
        feelsLike: -8.1,
        units: 'metric',
        description: 'light snow',
        icon: 'snow',
        night: true,
        humidity: 86,
        wind: 4.1,
        observedAt: '2026-11-23T08:00:00.000Z',
      },
    });
    expect(asked()[0]?.pathname).toBe('/data/2.5/weather');
    expect(Object.fromEntries(asked()[0]?.searchParams ?? [])).toEqual({
      q: 'Helsinki',
      units: 'metric',
      appid: 'KEY',
    });
  });

  test('asks by coordinates where they are known', async () => {
    const ask = await client(json(200, response));
    await ask({ ...question, coordinates: { lat: 60.2, lon: -0.1 }, units: 'imperial' });
    expect(Object.fromEntries(asked()[0]?.searchParams ?? [])).toEqual({
      lat: '60.2',
      lon: '-0.1',
      units: 'imperial',
      appid: 'KEY',
    });
  });

  test('asks once in ten minutes, and for each place and unit apart', async () => {
    const ask = await client(json(200, response));
    await ask(question);
    await ask({ ...question, name: 'HELSINKI' });
    expect(asked()).toHaveLength(1);
    await ask({ ...question, units: 'imperial' });
    await ask({ ...question, name: 'Oslo' });
    expect(asked()).toHaveLength(3);
    time += 10 * 60_000;
    await ask(question);
    expect(asked()).toHaveLength(4);
  });

  test.each<[number, unknown, WeatherFault, string, number]>([
    [401, { cod: 401, message: 'Invalid API key' }, 'key', 'check OPENWEATHER_API_KEY', 60_000],
    [404, { cod: '404', message: 'city not found' }, 'unknown-place', 'knows no such place', 600_000],
    [400, { cod: '400', message: 'Nothing to geocode' }, 'unknown-place', 'knows no such place', 600_000],
    [429, { cod: 429, message: 'blocked' }, 'rate-limit', 'rate limit', 60_000],
    [500, { cod: 500 }, 'unavailable', 'not available', 15_000],
    [503, 'no JSON object', 'unavailable', 'not available', 15_000],
    [200, { cod: 200, name: 'Helsinki' }, 'unavailable', 'not available', 15_000],
  ])('status %i with %j is %s, remembered for a while', async (status, body, reason, message, keep) => {
    const ask = await client(json(status, body));
    const finding = await ask(question);
    expect(finding).toMatchObject({ name: 'Helsinki', weather: { ok: false, reason } });
    expect(finding.weather.ok ? '' : finding.weather.error).toContain(message);
    expect(JSON.stringify(finding)).not.toContain('appid');
    time += keep - 1;
    await ask(question);
    expect(asked()).toHaveLength(1);
    time += 1;
    await ask(question);
    expect(asked()).toHaveLength(2);
  });

  test('gives up when no answer comes in time', async () => {
    const ask = await client(() => {}, 50);
    expect((await ask(question)).weather).toMatchObject({ ok: false, reason: 'timeout' });
  });

  test('says so when the connection breaks', async () => {
    const ask = await client((request) => request.destroy());
    expect((await ask(question)).weather).toMatchObject({ ok: false, reason: 'unavailable' });
  });
});

describe('readOpenWeather', () => {
  test.each([
    ['01d', 'clear', false],
    ['02n', 'few-clouds', true],
    ['04d', 'clouds', false],
    ['09d', 'showers', false],
    ['10n', 'rain', true],
    ['11d', 'thunder', false],
    ['50d', 'mist', false],
    ['99d', 'clouds', false],
  ])('icon %s is %s', (code, icon, night) => {
    const sky = { ...response, weather: [{ id: 1, main: 'x', description: 'x', icon: code }] };
    expect(readOpenWeather(sky, 'metric')?.weather).toMatchObject({ icon, night });
  });
});
