import * as z from 'zod';
import { noRow, readVariables, upstreamUrl } from '../common/environment';
import { runProgram } from '../common/program';
import { backendApp } from './app';
import { infoClient } from './info';
import { cacheContainer } from './memory';
import { openWeather } from './openweather';
import { sampleWeather } from './sample';

const variables = z.object({
  CACHE_URL: upstreamUrl.optional(),
  INFO_URL: upstreamUrl.default(noRow('info')),
  OPENWEATHER_API_KEY: z.string().trim().min(1).optional(),
  OPENWEATHER_URL: upstreamUrl.default('https://api.openweathermap.org'),
});

runProgram('backend', (environment, log) => {
  const { CACHE_URL, INFO_URL, OPENWEATHER_API_KEY: key, OPENWEATHER_URL } = readVariables(variables, process.env);
  const { fetch } = globalThis;
  const onFault = (detail: string) => log.warn({ detail }, 'the cache gave no answer');
  const memory =
    CACHE_URL === undefined ? {} : { memory: cacheContainer({ url: CACHE_URL, fetch, now: Date.now, onFault }) };
  const weather =
    key === undefined
      ? sampleWeather(Date.now, memory.memory)
      : openWeather({ key, url: OPENWEATHER_URL, fetch, now: Date.now, ...memory });
  log.info({ weather: key === undefined ? 'sample' : 'openweather' }, 'weather source');
  const home = { service: 'backend', mesh: environment.mesh, meshKind: environment.meshKind };
  return backendApp(home, { info: infoClient({ url: INFO_URL, fetch: globalThis.fetch }), weather }, log);
});
