import { outputs } from '../../../model/output';
import { linesOf } from '../../../model/parse';
import { formatMatrix } from '../../../scripts/access/format';
import { accessReport, explainReport, formatExplain } from '../../../scripts/commands/access';
import { localLab, localText } from '../../support/labs';

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
      'What is not there is refused. A path with … is a prefix.',
    ].join('\n'),
  );
  expect(formatMatrix(report, 40).split('\n')).toContain('west/frontend → west/backend  GET /api/…');
  expect(formatMatrix({ services: [], grants: [] }, 80)).toBe('The access table is empty: nobody may call anybody.');
});

test.each([
  ['west/frontend', 'west/backend', 'get', '//api/x', 'row', [0], '/api/x'],
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
