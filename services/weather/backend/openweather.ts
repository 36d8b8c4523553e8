/**
 * Current weather from OpenWeather, API 2.5 (`GET /data/2.5/weather`). The key travels in the query, as their API
 * wants it, and nowhere else: no message and no log line of ours holds a URL.
 */
import * as z from 'zod';
import type { Icon, NoWeather, Units, Weather, WeatherFault } from '../common/answers';
import { type Fetch, getJson, UpstreamError } from '../common/upstream';
import type { Kept } from './cache';
import { type Memory, ownMemory, remembered } from './memory';

export interface WeatherQuestion {
  readonly name: string;
  /** Degrees; with them the answer is for this very place, not for the best match of its name. */
  readonly coordinates: { readonly lat: number; readonly lon: number } | undefined;
  readonly units: Units;
}

export interface WeatherFinding {
  /** Name that the weather service gives the place. */
  readonly name: string;
  readonly weather: Weather | NoWeather;
}

/** Answers every question, with a fault when there is no weather. Never rejects. */
export type WeatherClient = (question: WeatherQuestion) => Promise<WeatherFinding>;

export interface OpenWeatherOptions {
  readonly key: string;
  /** Base URL, without a trailing slash. */
  readonly url: string;
  readonly fetch: Fetch;
  /** @default - findings are remembered in this program */
  readonly memory?: Memory;
  readonly now: () => number;
  /** Milliseconds for one call; 3000 without it. */
  readonly timeout?: number;
}

const minute = 60_000;

/** How long each outcome is remembered. Faults briefly: long enough not to hammer, short enough to see the mend. */
const lives: Readonly<Record<WeatherFault | 'ok', number>> = {
  ok: 10 * minute,
  'unknown-place': 10 * minute,
  key: minute,
  'rate-limit': minute,
  unavailable: minute / 4,
  timeout: minute / 4,
};

const faults: Readonly<Record<WeatherFault, string>> = {
  'unknown-place': 'OpenWeather knows no such place; check the spelling',
  key: 'OpenWeather refused the key; check OPENWEATHER_API_KEY (a new key takes up to two hours to work)',
  'rate-limit': "OpenWeather's rate limit is reached; try again in a minute or use a larger plan",
  unavailable: 'OpenWeather is not available now; try again in a minute',
  timeout: 'OpenWeather did not answer in time; try again in a minute',
};

export function openWeather(options: OpenWeatherOptions): WeatherClient {
  return remembered((question) => ask(question, options), options.memory ?? ownMemory(options.now));
}

/** A finding without weather. */
export function noWeather(name: string, reason: WeatherFault): WeatherFinding {
  return { name, weather: { ok: false, reason, error: faults[reason] } };
}

async function ask(question: WeatherQuestion, options: OpenWeatherOptions): Promise<Kept<WeatherFinding>> {
  const finding = await call(question, options).catch((error: unknown) => {
    if (!(error instanceof UpstreamError)) throw error;
    return noWeather(question.name, error.kind === 'timeout' ? 'timeout' : 'unavailable');
  });
  return { value: finding, keep: lives[finding.weather.ok ? 'ok' : finding.weather.reason] };
}

async function call(question: WeatherQuestion, options: OpenWeatherOptions): Promise<WeatherFinding> {
  const url = new URL(`${options.url}/data/2.5/weather`);
  const where =
    question.coordinates === undefined
      ? { q: question.name }
      : { lat: String(question.coordinates.lat), lon: String(question.coordinates.lon) };
  url.search = new URLSearchParams({ ...where, units: question.units, appid: options.key }).toString();
  const answer = await getJson(url, { fetch: options.fetch, timeout: options.timeout ?? 3_000, headers: {} });
  if (answer.status !== 200) return noWeather(question.name, faultOf(answer.status));
  return readOpenWeather(answer.json, question.units) ?? noWeather(question.name, 'unavailable');
}

function faultOf(status: number): WeatherFault {
  if (status === 401 || status === 403) return 'key';
  if (status === 429) return 'rate-limit';
  // 400 is "Nothing to geocode".
  return status === 404 || status === 400 ? 'unknown-place' : 'unavailable';
}

/** The part of their answer that we use. */
const response = z.object({
  name: z.string(),
  dt: z.number(),
  main: z.object({ temp: z.number(), feels_like: z.number(), humidity: z.number() }),
  wind: z.object({ speed: z.number() }),
  weather: z.array(z.object({ description: z.string(), icon: z.string() })).min(1),
});

/** Their answer in our shape; undefined when it is not what their docs promise. */
export function readOpenWeather(json: unknown, units: Units): WeatherFinding | undefined {
  const read = response.safeParse(json);
  const sky = read.data?.weather[0];
  if (read.data === undefined || sky === undefined) return undefined;
  const { name, dt, main, wind } = read.data;
  return {
    name,
    weather: {
      ok: true,
      source: 'openweather',
      label: 'Live weather by OpenWeather',
      temperature: main.temp,
      feelsLike: main.feels_like,
      units,
      description: sky.description,
      icon: iconOf(sky.icon),
      night: sky.icon.endsWith('n'),
      humidity: main.humidity,
      wind: wind.speed,
      observedAt: new Date(dt * 1000).toISOString(),
    },
  };
}

/** Their icon codes: https://openweathermap.org/weather-conditions */
const icons: Readonly<Record<string, Icon>> = {
  '01': 'clear',
  '02': 'few-clouds',
  '03': 'clouds',
  '04': 'clouds',
  '09': 'showers',
  '10': 'rain',
  '11': 'thunder',
  '13': 'snow',
  '50': 'mist',
};

function iconOf(code: string): Icon {
  return icons[code.slice(0, 2)] ?? 'clouds';
}
