import { outputs } from '../../../model/output';
import { linesOf } from '../../../model/parse';
import { formatMatrix } from '../../../scripts/access/format';
import { accessReport, explainReport, formatExplain } from '../../../scripts/commands/access';
import { labOf, localLab, localText } from '../../support/labs';

const lab = localLab();
const lines = linesOf(localText, 'access', lab.access.length);
const ask = (from: string, to: string, method: string, path: string) =>
  explainReport(lab, lines, { from, to, method, path });

test('rows are found at their lines in the lab file', () => {
  const at = localText.split('\n').findIndex((line) => line.includes('from: west/frontend')) + 1;
  expect(lines).toEqual([at, at + 1, at + 2]);
});

test('the report is what its schema says, with the page that anybody may read', () => {
  const report = outputs.access.parse(accessReport(lab, lines));
  expect(report.grants.map(({ from, to }) => [from, to])).toEqual([
    ['west/frontend', 'west/backend'],
    ['west/backend', 'east/info'],
    ['east/info', 'west/backend'],
    ['anybody', 'west/frontend'],
  ]);
  expect(report.pods).toEqual([{ pod: 'west/backend', pairs: [{ from: 'backend', to: 'cache', port: 9000 }] }]);
});

test('it is a matrix where that fits, and a list where it does not', () => {
  const report = accessReport(lab, lines);
  expect(formatMatrix(report, 100)).toBe(
    [
      'from ↓  to →   west/frontend  west/backend  east/info',
      'west/frontend  –              GET /api/…    –',
      'west/backend   –              –             GET',
      'east/info      –              GET /healthz  –',
      'anybody        GET, HEAD      –             –',
      '',
      'Inside a pod, between its containers:',
      '  west/backend: backend → cache 9000',
      '',
      'What is not there is refused. A path with … is a prefix.',
    ].join('\n'),
  );
  expect(formatMatrix(report, 40).split('\n')).toContain('west/frontend → west/backend  GET /api/…');
  const empty = { services: [], grants: [], pods: [] };
  expect(formatMatrix(empty, 80)).toBe('The access table is empty: nobody may call anybody.');
  expect(formatMatrix({ ...empty, pods: [{ pod: 'hub/orders', pairs: [] }] }, 80)).toContain('  hub/orders: nothing');
});

test.each([
  ['west/frontend', 'west/backend', 'GET', '//api/x', 'row', [0], '/api/x'],
  ['west/frontend', 'west/backend', 'POST', '/api/', 'method', [0], '/api/'],
  ['west/frontend', 'west/backend', 'GET', '/healthz', 'path', [0], '/healthz'],
  ['west/frontend', 'west/backend', 'GET', '/api/..%2f', 'unreadable', [], null],
  ['west/frontend', 'east/info', 'GET', '/', 'no row', [], null],
  ['anybody', 'west/frontend', 'GET', '/', 'page', [], '/'],
])('%s → %s %s %s: %s', (from, to, method, path, reason, rows, read) => {
  const report = outputs['access-explain'].parse(ask(from, to, method, path));
  expect(report).toMatchObject({ reason, read, allowed: ['row', 'page'].includes(reason) });
  expect(report.rows).toEqual(rows.map((row) => ({ row, line: lines[row] })));
});

describe('inside an existing mesh', () => {
  const there = labOf({
    platform: 'kubeconfig',
    meshes: {
      west: {
        kind: 'istio',
        network: '10.10.0.0/16',
        context: 'a',
        existing: true,
        trustDomain: 'cluster.local',
        gateway: '10.10.0.2',
      },
      east: { kind: 'consul', network: '10.20.0.0/16', context: 'b', gateway: '10.20.0.2' },
    },
    services: {
      'west/other': { port: 8080 },
      'west/back': { port: 8080 },
      'east/info': { port: 8080, program: 'a.js' },
    },
    access: [
      { from: 'west/back', to: 'east/info' },
      { from: 'east/info', to: 'west/back', paths: ['/api/'] },
    ],
  });
  const explained = (from: string, to: string, path = '/api/x') =>
    outputs['access-explain'].parse(explainReport(there, [], { from, to, method: 'GET', path }));

  test.each(['west/other', 'anybody'])(
    'calls of %s are not decided by the lab, and no object of it is named',
    (from) => {
      const report = explained(from, 'west/back');
      expect(report).toMatchObject({ allowed: false, reason: 'not decided', decidedBy: null, points: [], rows: [] });
      expect(formatExplain(report, 'lab.yaml')).toBe(
        [
          `NOT DECIDED  ${from} → west/back  GET /api/x`,
          '  not decided by this lab: mesh west was there before, and its own policies decide inside it',
        ].join('\n'),
      );
    },
  );

  test('calls from the other mesh are decided at the federation gateway, and by nothing of the callee', () => {
    const report = explained('east/info', 'west/back');
    expect(report).toMatchObject({ allowed: true, decidedBy: { at: 'west/federation-gateway' } });
    expect(report.points.map(({ at }) => at)).not.toContain('west/back');
    expect(explained('east/info', 'west/other').decidedBy?.object).toMatch(/^no export of other/);
  });

  test('calls to the other mesh are decided there, without help that nobody made', () => {
    const report = explained('west/back', 'east/info');
    expect(report).toMatchObject({ allowed: true, decidedBy: { at: 'east/info' } });
    expect(report.points.filter(({ enforces }) => enforces === 'help')).toEqual([]);
    expect(explained('west/back', 'east/info', '/a%00')).toMatchObject({ reason: 'unreadable', decidedBy: null });
  });
});

test.each([
  ['GET', '/api/..%2f', /before any rule: it holds an escaped slash/],
  ['FOO', '/api/', /before any rule: FOO is no method that proxies pass on$/],
  ['get', '/api/', /before any rule: get is no method that proxies pass on: methods are case-sensitive, write GET$/],
])('what proxies refuse unread is decided by no policy: %s %s', (method, path, why) => {
  const report = outputs['access-explain'].parse(ask('west/frontend', 'west/backend', method, path));
  expect(report).toMatchObject({ allowed: false, reason: 'unreadable', decidedBy: null, method });
  expect(report.why).toMatch(why);
  const text = formatExplain(report, 'lab.yaml');
  expect(text).toMatch(/^REFUSED/);
  expect(text).not.toContain('decided at');
});

test('the text says the verdict, the row with its line, and the object', () => {
  const text = formatExplain(ask('west/frontend', 'west/backend', 'PUT', '/api//x'), 'labs/local.yaml');
  expect(text.split('\n').slice(0, 4)).toEqual([
    'REFUSED  west/frontend → west/backend  PUT /api//x',
    `  no row allows this method; allowed: GET (access[0], labs/local.yaml:${lines[0]})`,
    '  read by the proxies as /api/x',
    '  decided at west/backend: AuthorizationPolicy backend/backend',
  ]);
});

test('a mistyped service is told with the nearest', () => {
  expect(() => ask('west/fronted', 'west/backend', 'GET', '/')).toThrow('Did you mean west/frontend?');
  expect(() => ask('west/frontend', 'west/backend', 'GET', 'api')).toThrow('must start with a slash');
});
