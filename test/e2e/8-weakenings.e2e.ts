/**
 * The attack suite must notice: each enforcement point is switched off in turn, and what it held back gets through and
 * is named. Nothing here proves the lab safe; it proves that the suite would tell if it were not.
 */
import { outputs } from '../../model/output';
import { isthmus, succeed } from './support/cli';
import { makeLab } from './support/labs';
import { differences, type Objects } from './support/objects';
import { enforcement } from './support/weakenings/enforcement';
import { Ground } from './support/weakenings/ground';
import { weakenings } from './support/weakenings/table';

/** The default lab, whose proxies let go of connections sooner: each step waits until none is left of before. */
const { file, lab } = makeLab('weak', (raw) => {
  raw.settings = { ...raw.settings, drainSeconds: 1 };
});
const ground = new Ground(lab);
const concerned = [...new Set(weakenings.flatMap(({ through }) => Object.keys(through)))];
let before: Objects;

beforeAll(async () => {
  await succeed('--config', file, 'up');
  before = await enforcement(ground);
});

afterEach(() => ground.restore());

async function attack(ids: readonly string[]) {
  const { status, stdout, stderr } = await isthmus('--config', file, 'attack', '--json', '--only', ...ids);
  if (status === 2 || stdout === '') throw new Error(`isthmus attack ended with ${status}\n${stderr}`);
  const report = outputs.attack.parse(JSON.parse(stdout));
  // An attack that the lab does not have what it takes for is left out.
  expect(report.attacks.map(({ id }) => id).sort()).toEqual([...ids].sort());
  return { status, ...report };
}

/** All of them; what is not as it should be is shown with its evidence. */
async function expectRefused(): Promise<void> {
  const { status, attacks } = await attack(concerned);
  expect(attacks.filter(({ refused, control }) => !refused || !control.ok)).toEqual([]);
  expect(status).toBe(0);
}

/** Each step waits for proxies, packet filters or the API to take what changed. */
const patience = 600_000;

test(
  'with everything in force all of these attacks are refused',
  async () => {
    await expectRefused();
  },
  patience,
);

test.each(weakenings)(
  'without it something gets through: $off',
  async ({ weaken, through }) => {
    await weaken(ground);
    const ids = Object.keys(through);
    const report = await attack(ids);
    // Named as what got through, on a lab that works: not because the step could not be made.
    expect(report.status).toBe(1);
    expect(report.attacks.filter(({ control }) => !control.ok)).toEqual([]);
    expect([...report.through].sort()).toEqual([...ids].sort());
    for (const { id, evidence } of report.attacks) expect(evidence.join('\n')).toMatch(through[id] ?? /^$/);
  },
  patience,
);

test(
  'with everything back nothing is changed, and all are refused again',
  async () => {
    expect(differences(before, await enforcement(ground))).toEqual([]);
    await expectRefused();
  },
  patience,
);
