/** backend: joins the weather of a place with what info knows about it. */
import type { Logger } from 'pino';
import type { Endpoint, IndexAnswer, NoInfo, PlacesAnswer, WeatherAnswer } from '../common/answers';
import { type Application, createApp, failure } from '../common/app';
import { nameFault } from '../common/placename';
import type { Home } from '../common/served';
import type { InfoClient } from './info';
import type { WeatherClient } from './openweather';

export interface BackendParts {
  readonly info: InfoClient;
  readonly weather: WeatherClient;
}

const endpoints: readonly Endpoint[] = [
  {
    method: 'GET',
    path: '/api/weather',
    gives: 'the weather of a place and what info knows about it; units: metric, imperial',
    example: '/api/weather?place=Helsinki&units=metric',
  },
  {
    method: 'GET',
    path: '/api/places',
    gives: 'suggestions for what has been typed',
    example: '/api/places?q=hel',
  },
];

export function backendApp(home: Home, parts: BackendParts, log: Logger): Application {
  const app = createApp(home, log);

  app.get('/api/', (c) => c.json({ service: home.service, served: c.var.served, endpoints } satisfies IndexAnswer));

  app.get('/api/weather', async (c) => {
    const name = (c.req.query('place') ?? '').trim();
    const units = c.req.query('units') ?? 'metric';
    const fault = nameFault(name);
    if (fault !== undefined) return failure(c, 400, `place can't be used: ${fault}; example: ?place=Helsinki`);
    if (units !== 'metric' && units !== 'imperial') {
      return failure(c, 400, `units is ${JSON.stringify(units.slice(0, 20))}; allowed: metric, imperial`);
    }
    // info first: its coordinates name the place without doubt. Without it the name has to do.
    const info = await parts.info.place(name, c.var.trace);
    if (!info.ok) report(info);
    const coordinates = info.ok ? { lat: info.lat, lon: info.lon } : undefined;
    const found = await parts.weather({ name: info.ok ? info.name : name, coordinates, units });
    const place = info.ok ? { name: info.name, country: info.country } : { name: found.name, country: null };
    return c.json({ place, weather: found.weather, info, served: c.var.served } satisfies WeatherAnswer);
  });

  app.get('/api/places', async (c) => {
    const query = (c.req.query('q') ?? '').trim();
    const fault = query === '' ? undefined : nameFault(query);
    if (fault !== undefined) return failure(c, 400, `q can't be used: ${fault}`);
    const found = await parts.info.search(query, c.var.trace);
    if (!found.ok) {
      report(found);
      return failure(c, 502, found.error);
    }
    return c.json({ places: found.places, served: c.var.served } satisfies PlacesAnswer);
  });

  function report(fault: NoInfo): void {
    if (fault.reason === 'unreachable') log.warn({ detail: fault.detail }, fault.error);
  }

  return app;
}
