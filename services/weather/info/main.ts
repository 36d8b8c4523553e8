import * as z from 'zod';
import { readVariables, upstreamUrl } from '../common/environment';
import { runProgram } from '../common/program';
import { infoApp } from './app';
import { watchBackend } from './backend';
import { makePlaces, watchedPlaces } from './places';
import builtIn from './places.json';

const variables = z.object({ PLACES_FILE: z.string().optional(), BACKEND_URL: upstreamUrl.optional() });

runProgram('info', (environment, log) => {
  const { PLACES_FILE: file, BACKEND_URL: url } = readVariables(variables, process.env);
  const own = makePlaces(builtIn, 'places.json');
  const places =
    file === undefined
      ? () => own
      : watchedPlaces(file, (fault) => log.error(`${fault.message}\nkeeping the last good data`));
  const backend = url === undefined ? undefined : watchBackend({ url, fetch: globalThis.fetch, now: Date.now });
  const home = { service: 'info', mesh: environment.mesh, meshKind: environment.meshKind };
  return infoApp(home, places, log, backend);
});
