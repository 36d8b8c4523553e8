/** The table as a bundle, decided by the real OPA. */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { decide } from '../../../model/access/decide';
import { type Lab, service } from '../../../model/lab';
import { opaBundle, opaTable, regoPolicy } from '../../../scripts/access/opa';
import { type Question, questionsOf } from '../../support/checker';
import { temporaryFolder } from '../../support/folder';
import { labOf, localLab, smallFile } from '../../support/labs';
import { largestLab } from '../../support/large-labs';
import { opaProgram } from '../../support/opa';

const folder = temporaryFolder();
const opa = opaProgram();
if ('missing' in opa) process.stderr.write(`skipped: tests with the real OPA (${opa.missing})\n`);
const testWithOpa = 'missing' in opa ? test.skip : test;

function run(args: readonly string[], input = ''): string {
  const path = 'path' in opa ? opa.path : '';
  const { status, stdout, stderr } = spawnSync(path, args, { encoding: 'utf8', maxBuffer: 50 << 20, input });
  if (status !== 0) throw new Error(`opa ${args[0]} ended with ${status}: ${stderr}${stdout}`);
  return stdout;
}

test('the bundle goes over an earlier one, and over nothing of other people', () => {
  const made = mkdtempSync(join(folder, 'bundle-'));
  opaBundle(localLab(), [], made);
  expect(() => opaBundle(localLab(), [], made)).not.toThrow();
  writeFileSync(join(made, '.manifest'), '{"roots": ["theirs"]}');
  writeFileSync(join(made, 'data.json'), '{"theirs": 1}');
  expect(() => opaBundle(localLab(), [], made)).toThrow(
    /holds \.manifest, data\.json, access\.rego that isthmus did not write, so it writes nothing there\. Allowed:/,
  );
  expect(readFileSync(join(made, 'data.json'), 'utf8')).toBe('{"theirs": 1}');
});

test('the bundle holds the table, its one policy and a manifest that claims no more than its root', () => {
  const lab = localLab();
  const made = mkdtempSync(join(folder, 'bundle-'));
  expect(opaBundle(lab, [18, 19, 20], made)).toEqual(['.manifest', 'data.json', 'access.rego']);
  const read = (name: string) => JSON.parse(readFileSync(join(made, name), 'utf8'));
  expect(read('.manifest')).toEqual({ revision: 'weather', roots: ['isthmus'], rego_version: 1 });
  expect(read('data.json').isthmus.table.rows).toEqual([
    {
      index: 0,
      line: 18,
      from: 'west/frontend/frontend',
      to: 'west/backend/backend',
      methods: ['GET'],
      paths: ['/api/'],
    },
    { index: 1, line: 19, from: 'west/backend/backend', to: 'east/info/info', methods: ['GET'], paths: [] },
    {
      index: 2,
      line: 20,
      from: 'east/info/info',
      to: 'west/backend/backend',
      methods: ['GET'],
      paths: ['/healthz'],
    },
    { index: 'page', from: 'anybody', to: 'west/frontend/frontend', methods: ['GET', 'HEAD'], paths: [] },
  ]);
});

test('a Consul service whose rows name no requests is told apart', () => {
  const lab = labOf({ access: [{ from: 'west/backend', to: 'east/info' }] });
  expect(opaTable(lab, []).connections_only).toEqual(['east/info/info']);
});

testWithOpa('the policy is strict Rego v1, in its own format, and passes its own tests', () => {
  run(['check', '--strict', dirname(regoPolicy)]);
  expect(run(['fmt', '--list', dirname(regoPolicy)])).toBe('');
  expect(run(['test', dirname(regoPolicy)])).toMatch(/^PASS: (\d+)\/\1$/m);
});

interface Answer {
  readonly allow: boolean;
  readonly grounds: readonly (number | 'page')[];
}

/** All decisions in one run of OPA. */
function decisions(lab: Lab, questions: readonly object[]): readonly Answer[] {
  const made = mkdtempSync(join(folder, 'bundle-'));
  opaBundle(lab, [], made);
  const query =
    '[answer | some question in input.questions; answer := data.isthmus.access.decision with input as question]';
  const printed = run(
    ['eval', '--bundle', made, '--stdin-input', '--format', 'values', query],
    JSON.stringify({ questions }),
  );
  return (JSON.parse(printed) as [readonly Answer[]])[0];
}

testWithOpa('it decides as decide does', () => {
  const small = labOf({
    services: { ...smallFile.services, 'east/shop': { port: 8080, program: 'a.js' } },
    access: [
      { from: 'west/frontend', to: 'west/backend', methods: ['GET'], paths: ['/api/', '/v1.0'] },
      { from: 'west/backend', to: 'east/info', methods: ['GET', 'POST'] },
      { from: 'east/info', to: 'west/backend', paths: ['/healthz'] },
      { from: 'east/info', to: 'east/shop' },
    ],
  });
  // Only connections count at these callees; in Istio the caller's own proxy reads requests all the same.
  const open = labOf({
    services: { ...smallFile.services, 'east/shop': { port: 8080, program: 'a.js' } },
    access: [
      { from: 'west/backend', to: 'east/info' },
      { from: 'east/shop', to: 'east/info' },
    ],
  });
  const odd = ['FETCH /x', 'GET /a%00b', 'GET /a%2fb', 'GET /a/%2e%2e;/b', 'GET /a#b', 'GET //a', 'GET /a b', 'get /x'];
  const asOpen: readonly Question[] = odd.flatMap((line) =>
    ['west/backend/backend', 'east/shop/shop'].map((caller) => {
      const [method = '', ...target] = line.split(' ');
      return {
        caller: service(open, caller),
        callee: service(open, 'east/info/info'),
        method,
        target: target.join(' '),
      };
    }),
  );
  expect(service(small, 'east/shop/shop').name).toBe('shop');
  let allowed = 0;
  for (const [lab, questions] of [
    [small, questionsOf(small, 400, 9)],
    [largestLab(), questionsOf(largestLab(), 300, 9)],
    [open, [...asOpen, ...questionsOf(open, 200, 9)]],
  ] as const) {
    const asked = questions.map((one) => ({
      ...one,
      found: decide(lab, one.caller, one.callee, one.method, one.target, one.upgrade),
    }));
    const answers = decisions(
      lab,
      // As the proxies read it: OPA is asked after the fact, or about a change.
      asked.map(({ caller, callee, method, target, upgrade = false, found }) => ({
        from: caller === 'anybody' ? caller : caller.id,
        to: callee.id,
        method,
        path: found.target ?? target,
        upgrade,
      })),
    );
    for (const [index, { caller, callee, method, target, found }] of asked.entries()) {
      const name = `${caller === 'anybody' ? caller : caller.id} → ${callee.id} ${method} ${target}`;
      expect({ name, allow: answers[index]?.allow }).toEqual({ name, allow: found.allowed });
      if (!found.allowed) continue;
      allowed += 1;
      const ground = found.ground.kind === 'row' ? found.ground.index : 'page';
      expect(answers[index]?.grounds).toContain(ground);
    }
  }
  expect(allowed).toBeGreaterThan(100);
});
