import * as z from 'zod';
import { noRow, readVariables, upstreamUrl } from '../common/environment';
import { runProgram } from '../common/program';
import { frontendApp } from './app';
import { pageFiles } from './files';

runProgram('frontend', (environment, log) => {
  const { BACKEND_URL } = readVariables(z.object({ BACKEND_URL: upstreamUrl.default(noRow('backend')) }), process.env);
  const home = { service: 'frontend', mesh: environment.mesh, meshKind: environment.meshKind };
  return frontendApp(home, { files: pageFiles, backend: BACKEND_URL, fetch: globalThis.fetch }, log);
});
