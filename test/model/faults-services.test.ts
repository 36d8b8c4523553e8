/** Faults of services in a lab file. */
import type { Fault } from '../../model/fault';
import {
  at,
  backend,
  type Case,
  info,
  invalid,
  label,
  missing,
  other,
  range,
  testFaults,
  unknown,
  wrong,
} from '../support/faults';

const serviceKeys = 'port, program, image, expose, env, secrets, account, labels, health, replicas, containers, guard';
const hosts = 'is not supported for hosts on platform local';
const port = (value: number): [string, string] => [info, info.replace('8080', String(value))];
const sidecar = (value: number): Fault => ({
  path: ['services', 'east/info', 'port'],
  line: 11,
  value,
  problem: "is one of the sidecar's own ports",
  allowed: 'all but 9191 to 9446, 19001 and 20000',
  fix: 'use 8080',
});
const withBackend = (more: string): [string, string] => [backend, backend.replace('a.js', `a.js, ${more}`)];

const services: Case[] = [
  ['a port that needs root', backend, backend.replace('8080', '80'), range(at('port'), 10, 80, 'at least 1024')],
  ['a port above all', backend, backend.replace('8080', '70000'), range(at('port'), 10, 70000, 'at most 65535')],
  ['text as port', backend, backend.replace('8080', '"8080"'), wrong(at('port'), 10, '8080', 'a number')],
  ['half a port', backend, backend.replace('8080', '8080.5'), wrong(at('port'), 10, 8080.5, 'a whole number')],
  [
    "a port of Istio's",
    backend,
    backend.replace('8080', '15001'),
    {
      path: at('port'),
      line: 10,
      value: 15001,
      problem: "is one of Istio's own ports",
      allowed: '1024 to 14999 or 15100 to 65535',
      fix: 'use 8080',
    },
  ],
  ["the sidecar's public port", ...port(20000), sidecar(20000)],
  ["the sidecar's ready port", ...port(19001), sidecar(19001)],
  ["the sidecar's first upstream", ...port(9191), sidecar(9191)],
  [
    'nothing to run',
    backend,
    'west/backend: { port: 8080 }',
    {
      path: at(),
      line: 10,
      problem: 'says nothing to run',
      allowed: 'program: a bundled JavaScript file',
      fix: 'add program',
    },
  ],
  ['nothing at all', backend, 'west/backend:', missing(at('port'), 10, 'a number')],
  [
    'an image',
    backend,
    'west/backend: { port: 8080, image: nginx }',
    {
      path: at('image'),
      line: 10,
      value: 'nginx',
      problem: 'can not run on platform local, whose networks reach no registry',
      allowed: 'program: a bundled JavaScript file',
      fix: 'use program instead of image',
    },
  ],
  ['an empty program', backend, backend.replace('a.js', '""'), range(at('program'), 10, '', 'at least 1 character')],
  [
    'a mistyped key of a service',
    backend,
    backend.replace('program', 'porgram'),
    unknown(at('porgram'), 10, serviceKeys, 'did you mean program?'),
  ],
  [
    'a mistyped exposure',
    ...withBackend('expose: pgae'),
    other(at('expose'), 10, 'pgae', 'page', 'did you mean page?'),
  ],
  [
    'a second page',
    ...withBackend('expose: page'),
    {
      path: at('expose'),
      line: 10,
      value: 'page',
      problem: 'is exposed although west/frontend already is the page of mesh west',
      fix: 'keep one page in each mesh',
    },
  ],
  [
    'a health path without slash',
    ...withBackend('health: healthz'),
    invalid(at('health'), 10, 'healthz', 'a plain path such as /healthz'),
  ],
  ['no replica', ...withBackend('replicas: 0'), range(at('replicas'), 10, 0, 'at least 1')],
  ['too many replicas', ...withBackend('replicas: 21'), range(at('replicas'), 10, 21, 'at most 20')],
  [
    'replicas of a host',
    info,
    info.replace('a.js', 'a.js, replicas: 2'),
    {
      path: ['services', 'east/info', 'replicas'],
      line: 11,
      value: 2,
      problem: hosts,
      allowed: '1',
      fix: 'remove it',
    },
  ],
  [
    'secrets of a host',
    info,
    info.replace('a.js', 'a.js, secrets: { KEY: mine }'),
    {
      path: ['services', 'east/info', 'secrets'],
      line: 11,
      problem: hosts,
      fix: 'use env',
    },
  ],
  [
    'a bad variable',
    ...withBackend('env: { 1A: x }'),
    {
      path: at('env', '1A'),
      line: 10,
      value: '1A',
      problem: 'is not a valid name',
      allowed: 'the name of an environment variable: letters, digits and _, not starting with a digit',
      fix: 'rename it',
    },
  ],
  ['a number in the environment', ...withBackend('env: { A: 1 }'), wrong(at('env', 'A'), 10, 1, 'text')],
  [
    'a control character in the environment',
    ...withBackend('env: { A: "a\\0" }'),
    invalid(at('env', 'A'), 10, 'a\0', 'text without control characters'),
  ],
  ['a list as environment', ...withBackend('env: [a]'), wrong(at('env'), 10, ['a'], 'a mapping of names to values')],
  [
    'a variable twice',
    ...withBackend('env: { A: x }, secrets: { A: mine }'),
    {
      path: at('secrets', 'A'),
      line: 10,
      value: 'A',
      problem: 'is set by env and by secrets',
      fix: 'keep one of the two',
    },
  ],
  ['a bad Secret', ...withBackend('secrets: { A: X_Y }'), invalid(at('secrets', 'A'), 10, 'X_Y', label)],
];

testFaults(services);
