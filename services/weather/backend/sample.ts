/** Weather that is made up, and says so: what the page shows without an OpenWeather key. */
import { createHash } from 'node:crypto';
import type { Units } from '../common/answers';
import { fold } from '../common/placename';
import { type Memory, remembered } from './memory';
import { readOpenWeather, type WeatherClient, type WeatherFinding } from './openweather';

const sampleLabel = 'Sample data: set OPENWEATHER_API_KEY for live weather';

const skies: readonly (readonly [id: number, main: string, description: string, icon: string])[] = [
  [800, 'Clear', 'clear sky', '01d'],
  [801, 'Clouds', 'few clouds', '02d'],
  [803, 'Clouds', 'broken clouds', '04d'],
  [500, 'Rain', 'light rain', '10d'],
  [521, 'Rain', 'shower rain', '09d'],
  [701, 'Mist', 'mist', '50d'],
];

/** Milliseconds. */
const keep = 60_000;

/** @param memory where findings are remembered; they are made anew each time without it */
export function sampleWeather(now: () => number, memory?: Memory): WeatherClient {
  const sample = makeSample(now);
  return memory === undefined
    ? sample
    : remembered(async (question) => ({ value: await sample(question), keep }), memory);
}

function makeSample(now: () => number): WeatherClient {
  return async ({ name, units }) => {
    const finding: WeatherFinding | undefined = readOpenWeather(sampleResponse(name, units, now()), units);
    if (finding === undefined || !finding.weather.ok) throw new Error('the sample is not of the shape that we read');
    return { name: finding.name, weather: { ...finding.weather, source: 'sample', label: sampleLabel } };
  };
}

/**
 * A response in OpenWeather's shape, the same for a place throughout a day (UTC). It depends on the name alone, so that
 * it stays the same while info can't be reached, and it keeps to mild values that are odd nowhere.
 */
function sampleResponse(name: string, units: Units, now: number): unknown {
  const noon = Math.floor(now / 86_400_000) * 86_400_000 + 12 * 3_600_000;
  const random = createHash('sha256')
    .update(`${fold(name)} ${noon}`)
    .digest();
  const [id, main, description, icon] = skies[random.readUInt8(0) % skies.length] ?? [800, 'Clear', 'clear sky', '01d'];
  const celsius = 8 + (random.readUInt8(1) % 150) / 10;
  const metresPerSecond = 1 + (random.readUInt8(2) % 70) / 10;
  const temperature = (c: number) => rounded(units === 'metric' ? c : c * 1.8 + 32);
  return {
    weather: [{ id, main, description, icon }],
    base: 'sample',
    main: {
      temp: temperature(celsius),
      feels_like: temperature(celsius - metresPerSecond / 4),
      pressure: 1000 + (random.readUInt8(3) % 30),
      humidity: 40 + (random.readUInt8(4) % 50),
    },
    wind: {
      speed: rounded(units === 'metric' ? metresPerSecond : metresPerSecond * 2.236_94),
      deg: random.readUInt16BE(5) % 360,
    },
    dt: Math.floor(Math.min(noon, now) / 1000),
    name,
    cod: 200,
  };
}

function rounded(value: number): number {
  return Math.round(value * 10) / 10;
}
