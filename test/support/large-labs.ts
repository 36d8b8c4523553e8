/** Labs as large as people have them: up to 200 services and 1,000 rows, made from one number so that they are quick. */
import * as fc from 'fast-check';
import { type AccessRow, type Lab, methods, type Service } from '../../model/lab';
import { labOf, rowPaths } from './labs';

const pool = [
  ...new Set([
    '/',
    '/api/',
    '/api/v1/',
    '/healthz',
    '/v1.0',
    '/API/',
    ...fc.sample(rowPaths, { numRuns: 40, seed: 5 }),
  ]),
];

/** A source of numbers from 0 to below 1 (mulberry32). */
export function numbers(seed: number): () => number {
  let state = seed | 0;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

export function pick<T>(next: () => number, list: readonly [T, ...T[]] | readonly T[]): T {
  const found = list[Math.floor(next() * list.length)];
  if (found === undefined) throw new Error('an empty list');
  return found;
}

const base = labOf({ access: [] });

function madeLab(count: number, rowCount: number, seed: number): Lab {
  const next = numbers(seed);
  const services = Array.from({ length: count }, (_, index): Service => {
    const mesh = (index < 2 ? index / 2 : next()) < 0.5 ? 'west' : 'east';
    const name = `s${index}`;
    const [like] = base.services.filter((one) => one.mesh === mesh && one.expose === undefined);
    if (like === undefined) throw new Error(`no service in ${mesh}`);
    const page = index < 2 ? ({ expose: 'page' } as const) : {};
    return { ...like, id: `${mesh}/${name}/${name}`, mesh, namespace: name, name, ...page };
  });
  const some = <T>(list: readonly T[]): T[] =>
    next() < 0.3 ? [] : [...new Set(Array.from({ length: 1 + Math.floor(next() * 3) }, () => pick(next, list)))];
  // A few services have most of the rows, as in life.
  const skewed = () => services[Math.floor(next() ** 2 * services.length)] ?? pick(next, services);
  const access = Array.from({ length: rowCount }, (): AccessRow => {
    return { from: pick(next, services).id, to: skewed().id, methods: some(methods), paths: some(pool) };
  }).filter(({ from, to }) => from !== to);
  return { ...base, services, access };
}

export const largeLabs: fc.Arbitrary<Lab> = fc
  .tuple(fc.integer({ min: 2, max: 200 }), fc.nat(1000), fc.integer())
  .map(([services, rows, seed]) => madeLab(services, rows, seed));

/** The largest that is promised. */
export const largestLab = () => madeLab(200, 1000, 7);
