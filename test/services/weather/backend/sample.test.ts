import fc from 'fast-check';
import { sampleWeather } from '../../../../services/weather/backend/sample';
import type { Units, Weather } from '../../../../services/weather/common/answers';

const noon = Date.UTC(2026, 10, 23, 12);

async function sample(name: string, units: Units = 'metric', now = noon): Promise<Weather> {
  const { weather } = await sampleWeather(() => now)({ name, coordinates: undefined, units });
  if (!weather.ok) throw new Error('a sample has no faults');
  return weather;
}

describe('sampleWeather', () => {
  test('says that it is a sample, and how to get live weather', async () => {
    expect(await sample('Helsinki')).toMatchObject({
      source: 'sample',
      label: 'Sample data: set OPENWEATHER_API_KEY for live weather',
    });
  });

  test('is the same for a place throughout a day, however it is spelled', async () => {
    const first = await sample('São Paulo');
    expect(await sample('sao-paulo', 'metric', noon + 3 * 3_600_000)).toEqual(first);
    const days = await Promise.all([1, 2, 3].map((day) => sample('São Paulo', 'metric', noon + day * 86_400_000)));
    expect(days.some((day) => day.temperature !== first.temperature)).toBe(true);
  });

  test('is the same weather in both units', async () => {
    const metric = await sample('Oslo');
    const imperial = await sample('Oslo', 'imperial');
    expect(imperial.temperature).toBeCloseTo(metric.temperature * 1.8 + 32, 0);
    expect(imperial.wind).toBeCloseTo(metric.wind * 2.237, 0);
    expect(imperial.description).toBe(metric.description);
  });

  test('is mild and observed in the past, for every name and time', async () => {
    await fc.assert(
      fc.asyncProperty(fc.string(), fc.integer({ min: 0, max: 4e12 }), async (name, now) => {
        const weather = await sample(name, 'metric', now);
        expect(weather.temperature).toBeGreaterThanOrEqual(8);
        expect(weather.temperature).toBeLessThan(24);
        expect(weather.humidity).toBeLessThanOrEqual(100);
        expect(Date.parse(weather.observedAt)).toBeLessThanOrEqual(now);
      }),
    );
  });
});
