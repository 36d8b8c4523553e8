/** Faults of access rows in a lab file. */
import { type Case, invalid, last, missing, other, range, testFaults, unknown, wrong } from '../support/faults';

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

const bad = [
  '',
  'api',
  '/a//b',
  '//',
  '/.',
  '/..',
  '/a/../b',
  '/a/./',
  '/.hidden',
  '/a%2fb',
  '/a?b',
  '/a#b',
  '/a;b',
  '/*',
  '/a b',
  '/ä',
  '/a\\b',
];
const paths: Case[] = bad.map((text) => [
  `path ${JSON.stringify(text)}`,
  ...row(`paths: [${JSON.stringify(text)}]`),
  invalid(['access', 1, 'paths', 0], 14, text, path),
]);

describe('rows', () => {
  testFaults(access);
});

describe('paths of a row', () => {
  testFaults(paths);
});
