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
