/** Faults of access rows in a lab file. */
import { parseLab } from '../../model/parse';
import {
  type Case,
  faultsAfter,
  info,
  last,
  missing,
  other,
  range,
  right,
  testFaults,
  unknown,
  wrong,
} from '../support/faults';

const rowKeys = 'from, to, methods, paths';
const all = 'at least 1 entry, or leave the key out for "all"';
const allMethods = 'GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS';
const row = (more: string): [string, string] => [last, last.replace(' }', `, ${more} }`)];
const ids = 'west/frontend, west/backend, east/info';

const path = 'a normalised path: / then segments of A-Z a-z 0-9 . _ ~ -, without //, dots only, %, ; ? # or *';
const access: Case[] = [
  [
    'a mistyped service',
    last,
    last.replace('info', 'inof'),
    {
      path: ['access', 1, 'to'],
      line: 14,
      value: 'east/inof',
      problem: 'names no service of this file',
      allowed: ids,
      fix: 'did you mean east/info?',
    },
  ],
  [
    'an unknown service',
    last,
    last.replace('west/backend', 'north/nothing'),
    {
      path: ['access', 1, 'from'],
      line: 14,
      value: 'north/nothing',
      problem: 'names no service of this file',
      allowed: ids,
      fix: 'use one of the service names above, or add it',
    },
  ],
  ['no callee', last, '- { from: west/backend }', missing(['access', 1, 'to'], 14, 'text')],
  ['a number as callee', last, '- { from: west/backend, to: 7 }', wrong(['access', 1, 'to'], 14, 7, 'text')],
  ['an empty row', last, '-', wrong(['access', 1], 14, null, 'a mapping of keys to values')],
  [
    'a call to itself',
    last,
    '- { from: west/backend, to: west/backend/backend }',
    {
      path: ['access', 1],
      line: 14,
      value: 'west/backend → west/backend/backend',
      problem: 'lets a service call itself, which needs no row',
      fix: 'remove the row',
    },
  ],
  [
    'an unknown callee from Consul to Istio',
    last,
    '- { from: east/info, to: west/bakend }',
    {
      path: ['access', 1, 'to'],
      line: 14,
      value: 'west/bakend',
      problem: 'names no service of this file',
      allowed: ids,
      fix: 'did you mean west/backend?',
    },
  ],
  [
    'the same row twice',
    last,
    `${last}\n  - { to: east/info/info, from: west/backend }`,
    {
      path: ['access', 2],
      line: 15,
      value: 'west/backend → east/info/info',
      problem: 'repeats access[1]',
      fix: 'remove one of the two',
    },
  ],
  [
    'a mistyped method',
    ...row('methods: [GTE]'),
    other(['access', 1, 'methods', 0], 14, 'GTE', allMethods, 'did you mean GET?'),
  ],
  [
    'a method in small letters',
    ...row('methods: [get]'),
    other(['access', 1, 'methods', 0], 14, 'get', allMethods, 'did you mean GET?'),
  ],
  ['no method', ...row('methods: []'), range(['access', 1, 'methods'], 14, [], all)],
  ['a method that is no list', ...row('methods: GET'), wrong(['access', 1, 'methods'], 14, 'GET', 'a list')],
  ['no path', ...row('paths: []'), range(['access', 1, 'paths'], 14, [], all)],
  [
    'a mistyped key of a row',
    ...row('method: [GET]'),
    unknown(['access', 1, 'method'], 14, rowKeys, 'did you mean methods?'),
  ],
];

const twoWays = [
  'holds what programs may read in two ways',
  'name another path, or a prefix that ends before it',
] as const;
const odd = 'it holds a space, a control character or a byte above 7e';
const bad: readonly (readonly [text: string, problem: string, fix: string])[] = [
  ['', 'does not start with a slash', 'write /'],
  ['api', 'does not start with a slash', 'write /api'],
  ['api/?x', 'does not start with a slash', 'write /'],
  ['/a//b', 'is read as /a/b by the proxies', 'write /a/b'],
  ['//', ...twoWays],
  ['/.', 'is read as / by the proxies', 'write /'],
  ['/..', 'is read as / by the proxies', 'write /'],
  ['/a/../b', 'is read as /b by the proxies', 'write /b'],
  ['/a/./', 'is read as /a/ by the proxies', 'write /a/'],
  ['/a/%2e%2E/b', 'is read as /b by the proxies', 'write /b'],
  ['/%61pi/', 'is read as /api/ by the proxies', 'write /api/'],
  ['/a/..;x/b', 'is read as /b by the proxies', 'write /b'],
  ['/a\\b', 'is read as /a/b by the proxies', 'write /a/b'],
  ['/"', 'is read as /%22 by the proxies', 'name another path'],
  ['/.hidden', ...twoWays],
  ['/a%20b', ...twoWays],
  ['/a;b', ...twoWays],
  ['/a%2fb', 'is refused by the proxies: it holds an escaped slash (%2f or %5c)', 'remove it'],
  ['/a b', `is refused by the proxies: ${odd}`, 'remove it'],
  ['/ä', `is refused by the proxies: ${odd}`, 'remove it'],
  ['/a?b', 'holds a query, which rules do not compare', 'write /a'],
  ['/a#b', 'holds a fragment, which is never sent', 'write /a'],
  ['/*', 'holds a star, which would stand for itself', 'write /'],
  ['/api/*', 'holds a star, which would stand for itself', 'write /api/'],
  ['/a*', 'holds a star, which would stand for itself', 'write /a/'],
  ['/a*b', 'holds a star, which would stand for itself', 'a slash at the end makes a prefix'],
];
const paths: Case[] = bad.map(([text, problem, fix]) => [
  `path ${JSON.stringify(text)}`,
  ...row(`paths: [${JSON.stringify(text)}]`),
  { path: ['access', 1, 'paths', 0], line: 14, value: text, problem, allowed: path, fix },
]);

const both = 'west/backend → east/info';
const conflicts: Case[] = [
  [
    'a row that a wider one makes void',
    last,
    `${last}\n  - { from: west/backend, to: east/info/info, methods: [GET] }`,
    {
      path: ['access', 2],
      line: 15,
      value: 'west/backend → east/info/info',
      problem: 'is void: access[1] allows all of it already',
      fix: 'remove it, or narrow access[1]',
    },
  ],
  [
    'a row that a later one makes void',
    last,
    `- { from: west/backend, to: east/info, methods: [GET], paths: [/a/b, /a/c/] }\n  - { from: west/backend, to: east/info, paths: [/a/] }`,
    {
      path: ['access', 1],
      line: 14,
      value: both,
      problem: 'is void: access[2] allows all of it already',
      fix: 'remove it, or narrow access[2]',
    },
  ],
  [
    'a row that two others make void together',
    last,
    `- { from: west/backend, to: east/info, methods: [GET, PUT], paths: [/a] }\n  - { from: west/backend, to: east/info, methods: [GET] }\n  - { from: west/backend, to: east/info, methods: [PUT], paths: [/] }`,
    {
      path: ['access', 1],
      line: 14,
      value: both,
      problem: 'is void: access[2] and access[3] allow all of it already',
      fix: 'remove it, or narrow access[2] and access[3]',
    },
  ],
  [
    'a method twice and a path within another',
    ...row('methods: [GET, PUT, GET], paths: [/api/x, /api/, /api/]'),
    {
      path: ['access', 1, 'methods', 2],
      line: 14,
      value: 'GET',
      problem: 'repeats methods[0]',
      fix: 'remove one of the two',
    },
    {
      path: ['access', 1, 'paths', 2],
      line: 14,
      value: '/api/',
      problem: 'repeats paths[1]',
      fix: 'remove one of the two',
    },
    {
      path: ['access', 1, 'paths', 0],
      line: 14,
      value: '/api/x',
      problem: 'is void: /api/ of the same row covers it',
      fix: 'remove it, or /api/',
    },
  ],
];

test('a path that says nothing is told beside one that can not stand in a row', () => {
  const faults = faultsAfter(...row('paths: [/b/, /b/c, /a//b, /b//d]'));
  expect(faults.map(({ path: [, , , at], problem }) => [at, problem])).toEqual([
    [2, 'is read as /a/b by the proxies'],
    [3, 'is read as /b/d by the proxies'],
    [1, 'is void: /b/ of the same row covers it'],
  ]);
});

test('rows that each allow something stand beside each other', () => {
  const rows = `- { from: west/backend, to: east/info, methods: [GET] }\n  - { from: west/backend, to: east/info, paths: [/a] }`;
  expect(faultsAfter(last, rows)).toEqual([]);
});

test('methods and paths of a service in an existing Consul mesh can not be enforced', () => {
  const existing = 'platform: kubeconfig, context: c, gateway: 10.20.0.2, existing: true, trustDomain: td.consul';
  const file = right
    .replace('datacenter: dc1 }', `datacenter: dc1, ${existing} }`)
    .replace(info, 'east/info: { port: 8080 }')
    .replace(last, last.replace(' }', ', methods: [GET], paths: [/a] }'));
  const fault = {
    problem: 'can not be enforced: east/info is in an existing Consul mesh, whose proxies look at connections only',
    allowed: 'rows without methods and paths',
  };
  expect(parseLab(file).faults).toEqual([
    {
      ...fault,
      line: 14,
      path: ['access', 1, 'methods'],
      value: ['GET'],
      fix: 'remove methods, or let the lab install Consul',
    },
    {
      ...fault,
      line: 14,
      path: ['access', 1, 'paths'],
      value: ['/a'],
      fix: 'remove paths, or let the lab install Consul',
    },
  ]);
});

test('all faults of a table are told at once', () => {
  const rows = `- { from: west/bakend, to: east/info, methods: [GTE] }\n  - { from: west/backend, to: east/info, paths: [/a//b] }\n  - { from: west/frontend, to: west/backend, methods: [GET] }`;
  expect(faultsAfter(last, rows).map(({ line, fix }) => [line, fix])).toEqual([
    [14, 'did you mean GET?'],
    [14, 'did you mean west/backend?'],
    [15, 'write /a/b'],
    [16, 'remove it, or narrow access[0]'],
  ]);
});

describe('rows that say the same', () => {
  testFaults(conflicts);
});

describe('rows', () => {
  testFaults(access);
});

describe('paths of a row', () => {
  testFaults(paths);
});
