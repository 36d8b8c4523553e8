import * as fc from 'fast-check';
import { parseDeclaration } from '../../../model/guard/declaration';
import { formatReason } from '../../../model/guard/reason';
import type { Container } from '../../../model/guard/types';

const containers: readonly Container[] = [
  { name: 'app', ports: [{ name: 'http', containerPort: 8080 }] },
  {
    name: 'cache',
    ports: [
      { name: 'redis', containerPort: 6379 },
      { name: 'stats', containerPort: 8125, protocol: 'UDP' },
    ],
  },
];

const allow = (text: string) => parseDeclaration({ 'guard.isthmus.dev/allow': text }, containers);
const reasons = (text: string) => allow(text).faults.map(formatReason);

test('pairs by number and by name, TCP unless said', () => {
  const text = `[
    {"from": "app", "to": "cache", "port": 9000},
    {"from": "app", "to": "cache", "port": "redis"},
    {"from": "app", "to": "cache", "port": "stats", "protocol": "UDP"},
    {"from": "cache", "to": "cache", "port": 9000}
  ]`;
  expect(allow(text)).toEqual({
    declaration: {
      pairs: [
        { from: 'app', to: 'cache', port: 9000, protocol: 'TCP' },
        { from: 'app', to: 'cache', port: 6379, protocol: 'TCP' },
        { from: 'app', to: 'cache', port: 8125, protocol: 'UDP' },
        { from: 'cache', to: 'cache', port: 9000, protocol: 'TCP' },
      ],
      sharedUsers: [],
    },
    faults: [],
  });
});

test('nothing declared is no fault', () => {
  expect(parseDeclaration({ 'guard.isthmus.dev/enabled': 'true' }, containers)).toEqual({
    declaration: { pairs: [], sharedUsers: [] },
    faults: [],
  });
});

test.each([
  ['[{', /^\["guard.isthmus.dev\/allow"\]: is no JSON \(.*\); value: "\[\{"; allowed: a JSON list, for example .*fix:/],
  ['{}', /is no list; value: "\{\}"/],
  ['[7]', /allow"\]\[0\]: is no entry; value: 7/],
  ['[{"from":"app","to":"cache"}]', /\[0\]\.port: is missing/],
  ['[{"to":"cache","port":1}]', /\[0\]\.from: is missing/],
  ['[{"from":1,"to":"cache","port":1}]', /\[0\]\.from: is not allowed; value: 1; allowed: the name of a container/],
  [
    '[{"from":"ap","to":"cache","port":1}]',
    /\[0\]\.from: is no container.*value: "ap"; allowed: app, cache; fix: write app/,
  ],
  ['[{"from":"app","to":"x","port":1}]', /\[0\]\.to: is no container.*fix: write the name of a container/],
  ['[{"from":"app","to":"istio-proxy","port":1}]', /\[0\]\.to: is no container/],
  ['[{"from":"app","to":"cache","port":0}]', /\[0\]\.port: is no port; value: 0; allowed: 1 to 65535/],
  ['[{"from":"app","to":"cache","port":65536}]', /\[0\]\.port: is no port; value: 65536/],
  ['[{"from":"app","to":"cache","port":80.5}]', /\[0\]\.port: is no port; value: 80.5/],
  [
    '[{"from":"app","to":"cache","port":"reids"}]',
    /\[0\]\.port: is no TCP port of container cache.*allowed: redis.*fix: write redis/,
  ],
  [
    '[{"from":"app","to":"cache","port":"redis","protocol":"UDP"}]',
    /is no UDP port of container cache; .*allowed: stats/,
  ],
  ['[{"from":"app","to":"cache","port":true}]', /\[0\]\.port: is not allowed; value: true/],
  ['[{"from":"app","to":"cache","port":15000}]', /\[0\]\.port: belongs to Istio's proxy/],
  ['[{"from":"app","to":"cache","port":15006}]', /\[0\]\.port: belongs to Istio's proxy/],
  ['[{"from":"app","to":"cache","port":19000}]', /\[0\]\.port: belongs to Consul's proxy/],
  ['[{"from":"app","to":"cache","port":20200}]', /\[0\]\.port: belongs to Consul's proxy/],
  ['[{"from":"app","to":"cache","port":1,"protocol":"SCTP"}]', /\[0\]\.protocol: is not allowed; value: "SCTP"/],
  ['[{"from":"app","to":"cache","port":1,"protcol":"UDP"}]', /\[0\]\.protcol: is no field.*fix: write protocol/],
  ['[{"from":"app","to":"cache","port":1},{"from":"app","to":"cache","port":1}]', /\[1\]: says the same as entry 0/],
])('%s', (text, reason) => {
  expect(reasons(text)).toEqual([expect.stringMatching(reason)]);
});

test.each<[string, RegExp[]]>([
  [
    '[{"from":"app","to":"cash","port":99001,"protcol":"UDP"}]',
    [/\[0\]\.protcol: is no field/, /\[0\]\.to: is no container/, /\[0\]\.port: is no port; value: 99001/],
  ],
  [
    '[{"from":7,"to":"cash","port":15000,"protocol":"SCTP"}]',
    [/\.from: is not allowed/, /\.protocol: is not allowed/, /\.to: is no container/, /\.port: belongs to Istio's/],
  ],
  ['[{"form":"app","to":"cache","port":9000}]', [/\.form: is no field of an entry.*fix: write from/]],
  ['[{"from":"app","port":99001}]', [/\[0\]\.to: is missing/, /\[0\]\.port: is no port/]],
])('all faults of one entry come at once, each cause once: %s', (text, patterns) => {
  expect(reasons(text)).toEqual(patterns.map((pattern) => expect.stringMatching(pattern)));
});

test('all faults come at once, whichever annotation they are in', () => {
  const { faults } = parseDeclaration(
    {
      'guard.isthmus.dev/alow': '[]',
      'guard.isthmus.dev/enabled': 'yes',
      'guard.isthmus.dev/allow': '[{"from":"x1","to":"y1","port":0}]',
      'guard.isthmus.dev/shared-users': '[["app"], ["app", "cashe"]]',
    },
    containers,
  );
  expect(faults.map(formatReason)).toEqual([
    expect.stringMatching(/alow"\]: is no annotation of guard; .*fix: write guard.isthmus.dev\/allow/),
    expect.stringMatching(/enabled"\]: switches nothing off; value: "yes"; allowed: "true"/),
    expect.stringMatching(/\[0\]\.from/),
    expect.stringMatching(/\[0\]\.to/),
    expect.stringMatching(/\[0\]\.port/),
    expect.stringMatching(/shared-users"\]\[0\]: is no group/),
    expect.stringMatching(/shared-users"\]\[1\]\[1\]: is no container.*fix: write cache/),
  ]);
});

test('a container belongs to one party only', () => {
  const { faults } = parseDeclaration({ 'guard.isthmus.dev/shared-users': '[["app", "app"]]' }, containers);
  expect(faults.map(formatReason)).toEqual([expect.stringMatching(/\[0\]\[1\]: is named twice; value: "app"/)]);
});

test('whatever is written, the answer is a declaration or a fault, never an exception', () => {
  fc.assert(
    fc.property(fc.oneof(fc.string(), fc.json()), fc.oneof(fc.string(), fc.json()), (pairs, shared) => {
      const given = { 'guard.isthmus.dev/allow': pairs, 'guard.isthmus.dev/shared-users': shared };
      const { declaration, faults } = parseDeclaration(given, containers);
      const empty = (text: string) => /^\s*\[\s*\]\s*$/.test(text);
      expect(faults.length > 0 || declaration.pairs.length > 0 || (empty(pairs) && empty(shared))).toBe(true);
      for (const fault of faults) expect(formatReason(fault)).toContain('fix: ');
    }),
  );
});
