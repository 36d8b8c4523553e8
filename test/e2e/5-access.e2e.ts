/** The lab does what the reference decision says: requests as they are on the wire, normalisation strings among them. */
import { decide } from '../../model/access/decide';
import { questions, withEchoes } from './support/access-lab';
import { isthmus, succeed } from './support/cli';
import { makeLab, openLab } from './support/labs';
import { expected, replay, settle } from './support/replay';

const { file, lab } = makeLab('access', withEchoes(true));

beforeAll(() => succeed('--config', file, 'up'));
afterAll(() => succeed('--config', openLab().file, 'up'));

test('each request passes exactly when decide says so, and the program gets what decide says', async () => {
  const asked = questions(lab);
  const passing = asked.filter(
    ({ caller, callee, method, target }) => decide(lab, caller, callee, method, target).allowed,
  );
  const directions = new Set(
    passing.map(({ caller, callee }) => `${caller === 'anybody' ? '' : caller.mesh} ${callee.mesh}`),
  );
  expect(directions).toEqual(new Set(['west west', 'west east', 'east west', 'east east']));
  expect([asked.length >= 150, passing.length >= 40, asked.length - passing.length >= 60]).toEqual([true, true, true]);
  const firsts = new Map(
    passing.map((one) => [`${one.caller === 'anybody' ? '' : one.caller.id} ${one.callee.id}`, one]),
  );
  await settle(lab, [...firsts.values()]);
  const found = await replay(lab, asked);
  const byName = new Map(found.map(({ question, target }) => [question, target]));
  const wrong = asked
    .map((question) => ({ ...expected(lab, question), found: byName.get(expected(lab, question).question) }))
    .filter(({ target, found: got }) => target !== got);
  expect(wrong).toEqual([]);
}, 300_000);

test('explain tells the row, its line and the object', async () => {
  const { status, stdout } = await isthmus(
    '--config',
    file,
    'access',
    'explain',
    '--json',
    'east/info',
    'west/apples',
    'GET',
    '/orders/../x',
  );
  expect(status).toBe(1);
  expect(JSON.parse(stdout)).toMatchObject({
    allowed: false,
    reason: 'path',
    read: '/x',
    decidedBy: { at: 'west/federation-gateway', object: 'AuthorizationPolicy federation-gateway/apples-east' },
  });
});

test('plan tells what a row that goes would close, and changes nothing', async () => {
  const fewer = makeLab('access-fewer', withEchoes(false));
  const report = JSON.parse(await succeed('--config', fewer.file, 'plan', '--json'));
  expect(report.tableApplied).toBe(true);
  expect(report.opens).toEqual([]);
  expect(report.closes).toContainEqual({ from: 'east/info', to: 'east/plums', methods: [], paths: [] });
  expect(
    report.stacks.some(
      ({ change, remove }: { change: string[]; remove: string[] }) => change.length + remove.length > 0,
    ),
  ).toBe(true);
  const same = JSON.parse(await succeed('--config', file, 'plan', '--json'));
  expect([same.opens, same.closes]).toEqual([[], []]);
  expect(
    same.stacks.flatMap(({ add, change, replace, remove }: Record<string, string[]>) =>
      [add, change, replace, remove].flat(),
    ),
  ).toEqual([]);
});
