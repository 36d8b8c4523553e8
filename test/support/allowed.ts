/** The access table read as plainly as possible: what every compiled policy must mean. */
import * as fc from 'fast-check';
import { type Lab, type Method, methods } from '../../model/lab';
import { rowPaths } from './labs';

export interface Request {
  readonly method: Method;
  /** As it stands in the request line: normalised, with the query. */
  readonly path: string;
}

/** Whether a row lets one service ask this of another. */
export function allowed(lab: Lab, caller: string, callee: string, { method, path }: Request): boolean {
  const [plain = ''] = path.split('?');
  return lab.access.some(
    (row) =>
      row.from === caller &&
      row.to === callee &&
      (row.methods.length === 0 || row.methods.includes(method)) &&
      (row.paths.length === 0 || row.paths.some((one) => (one.endsWith('/') ? plain.startsWith(one) : plain === one))),
  );
}

/** Ways to ask for nearly what a row names. */
const nearly: readonly ((path: string) => string)[] = [
  (path) => path,
  (path) => `${path}?to=/api/`,
  (path) => `${path}x`,
  (path) => `${path}/`,
  (path) => `${path}/x?y`,
  (path) => path.slice(0, -1),
  (path) => path.toUpperCase(),
  (path) => `/x${path}`,
  (path) => path.replaceAll('.', 'x'),
];

const picks = fc.record({
  method: fc.constantFrom(...methods),
  free: rowPaths,
  row: fc.nat(),
  path: fc.nat(),
  change: fc.constantFrom(...nearly),
});

/** A lab's own paths and what is close to them, with some that no row knows. */
export const requestsOf = fc.array(picks, { minLength: 1, maxLength: 12 }).map((list) => (lab: Lab): Request[] => {
  const known = lab.access.flatMap(({ paths }) => paths);
  return list.map(({ method, free, row, change }) => {
    const base = known.length > 0 && row % 4 > 0 ? (known[row % known.length] ?? free) : free;
    const path = change(base);
    return { method, path: path.startsWith('/') ? path : `/${path}` };
  });
});
