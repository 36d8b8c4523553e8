/** Request targets as an attacker writes them: paths that two readers could read in two ways. */
import * as fc from 'fast-check';

const pieces = [
  ...['/', '//', '/.', '/..', '/./', '/../', '/...', '/%2e', '/%2E%2e/', '/.%2e/', '/%2e./', '\\', '\\..\\', '/..;/'],
  ...['%2f', '%2F', '%5c', '%5C', '%252f', '%00', '%20', '%3b', '%61', '%7e', '%zz', '%', ';', ';x=1', '.', '..', '~'],
  ...['api', 'API', 'Api', 'healthz', 'a', 'b', '/api/', '/api', '/a/b', '*', '?', '?x=/api/', '#', '"', '{', '|', '^'],
];

/** Targets in origin form. */
export const rawTargets: fc.Arbitrary<string> = fc
  .array(fc.constantFrom(...pieces), { maxLength: 7 })
  .map((parts) => `/${parts.join('')}`);

const escaped = (sign: string) => `%${sign.charCodeAt(0).toString(16)}`;

/** Ways to write a path that a row names, or nearly. */
export const nearly: readonly ((path: string) => string)[] = [
  (path) => path,
  (path) => `${path}?to=/api/`,
  (path) => `${path}x`,
  (path) => `${path}/`,
  (path) => `${path}/x?y`,
  (path) => path.slice(0, -1),
  (path) => path.toUpperCase(),
  (path) => `/x${path}`,
  (path) => `/x?${path}`,
  (path) => path.replaceAll('.', 'x'),
  (path) => `${path}.`,
  (path) => `/${path}`,
  (path) => path.replaceAll('/', '//'),
  (path) => `/.${path}`,
  (path) => `/x/..${path}`,
  (path) => `/x/%2e%2e${path}`,
  (path) => `/x/..;${path}`,
  (path) => `${path}../x`,
  (path) => `${path}/../x`,
  (path) => `${path}%2e%2e/x`,
  (path) => `${path}%2e%2e;/x`,
  (path) => `${path}..;/x`,
  (path) => `${path}..%2fx`,
  (path) => `${path}%5c..%5cx`,
  (path) => `${path}..\\x`,
  (path) => `/${path.slice(1).replaceAll('/', '\\')}`,
  (path) => path.replaceAll(/[a-z]/g, escaped),
  (path) => path.replaceAll('/', '%2f'),
  (path) => `${path};x=1`,
  (path) => `${path}#x`,
  (path) => `${path}%00`,
];

/** Each way of writing a path, in origin form. */
export function nearTarget(path: string, way: number): string {
  const written = (nearly[way % nearly.length] ?? String)(path);
  return written.startsWith('/') ? written : `/${written}`;
}
