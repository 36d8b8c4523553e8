import * as z from 'zod';
import { readVariables } from '../common/environment';
import { runProgram } from '../common/program';
import { infoApp } from './app';
import { makePlaces, watchedPlaces } from './places';
import builtIn from './places.json';

runProgram('info', (environment, log) => {
  const { PLACES_FILE: file } = readVariables(z.object({ PLACES_FILE: z.string().optional() }), process.env);
  const own = makePlaces(builtIn, 'places.json');
  const places =
    file === undefined
      ? () => own
      : watchedPlaces(file, (fault) => log.error(`${fault.message}\nkeeping the last good data`));
  return infoApp({ service: 'info', mesh: environment.mesh, meshKind: environment.meshKind }, places, log);
});
