/** A lab with echoing services in both meshes and rows in all four directions, and what to ask in it. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { readsRequests } from '../../../model/access/decide';
import type { Lab } from '../../../model/lab';
import type { Question } from '../../support/checker';
import { nearly, nearTarget } from '../../support/targets';
import { echoProgram } from './echo';
import { folder, type RawLab } from './labs';

const rows = [
  { from: 'west/frontend', to: 'west/apples', methods: ['GET', 'POST'], paths: ['/api/', '/v1.0'] },
  { from: 'west/backend', to: 'east/pears', methods: ['GET', 'DELETE'], paths: ['/places', '/api/'] },
  { from: 'west/backend', to: 'east/plums' },
  { from: 'east/info', to: 'west/apples', methods: ['GET', 'PUT'], paths: ['/healthz', '/orders/'] },
  { from: 'east/plums', to: 'west/apples', methods: ['GET'], paths: ['/orders/x/y'] },
  { from: 'east/info', to: 'east/pears', paths: ['/api/'] },
  { from: 'east/info', to: 'east/plums' },
];

/** @param open whether rows name the echoing services */
export function withEchoes(open: boolean): (raw: RawLab) => void {
  const program = join(folder, 'echo.js');
  writeFileSync(program, echoProgram);
  return (raw) => {
    // An object for each: YAML would write one that stands twice as an alias.
    for (const id of ['west/apples', 'east/pears', 'east/plums']) raw.services[id] = { port: 8080, program };
    if (open) raw.access.push(...rows);
  };
}

/** Every row's paths in every way of writing, and what no row names. */
export function questions(lab: Lab): Question[] {
  const echoes = lab.services.filter(({ name }) => ['apples', 'pears', 'plums'].includes(name));
  const pairs = echoes.flatMap((callee) =>
    lab.services.filter((caller) => caller.id !== callee.id).map((caller) => ({ caller, callee })),
  );
  const all = pairs.flatMap(({ caller, callee }) => {
    const rows = lab.access.filter(({ from, to }) => from === caller.id && to === callee.id);
    const ask = (method: string, target: string): Question => ({ caller, callee, method, target });
    const plain = ['/', '/api/x', '/orders/x/y'].map((target) => ask('GET', target));
    const named = rows.flatMap(({ methods, paths }) => {
      const [method = 'GET'] = methods;
      const paths_ = paths.length === 0 ? ['/api/'] : paths;
      const written = paths_.flatMap((path, at) =>
        nearly.map((_, way) => ask(method, nearTarget(path, way))).filter((_, way) => at === 0 || way % 4 === 0),
      );
      const asked = ['GET', 'POST', 'PUT', 'DELETE', 'PURGE', 'get'].map((one) => ask(one, paths_[0] ?? '/'));
      return [...written, ...asked];
    });
    return [...plain, ...named];
  }); // Where no proxy reads requests, the program's own parser refuses what it does not know.
  return all.filter(
    ({ callee, method, target }) =>
      callee.mesh === 'west' || readsRequests(lab, callee) || (method !== 'get' && !target.includes('#')),
  );
}
