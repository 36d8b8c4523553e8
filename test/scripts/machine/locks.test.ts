/** Commands as they meet: each of the others is a process of its own. */
import { type ChildProcess, spawn } from 'node:child_process';
import { join } from 'node:path';
import { FailureError } from '../../../scripts/errors';
import { assertNotBusy, labLock, whileChanging, whileMeasuring, whileUsing } from '../../../scripts/machine/locks';

const root = join(__dirname, '../../..');
/** Nobody's id: real commands on this machine have other locks. */
const nobody = 3_000_000_000 + process.pid;
const uid = jest.spyOn(process, 'getuid').mockReturnValue(nobody);
const others = new Set<ChildProcess>();

afterEach(async () => {
  for (const child of others) await end(child);
});
afterAll(() => uid.mockRestore());

/** `whileUsing('attack', 'weather', …)` and the like, in another process, until it is ended. */
async function elsewhere(call: string): Promise<ChildProcess> {
  const program = `
    process.getuid = () => ${nobody};
    const locks = require('./scripts/machine/locks');
    const hold = () => new Promise(() => { setInterval(() => {}, 1000); console.log('holds'); });
    locks.${call.replace('…', 'hold')}.catch((error) => { console.log(error.message); process.exit(1); });`;
  const args = ['--require', join(root, 'node_modules/tsx/dist/cjs/index.cjs'), '-e', program];
  const child = spawn(process.execPath, args, { cwd: root, stdio: ['ignore', 'pipe', 'inherit'] });
  others.add(child);
  const said = await new Promise<string>((resolve) => child.stdout.once('data', (text) => resolve(String(text))));
  expect(said).toBe('holds\n');
  return child;
}

function end(child: ChildProcess): Promise<void> {
  others.delete(child);
  return new Promise((resolve) => {
    if (child.exitCode !== null) resolve();
    child.once('close', () => resolve());
    child.kill('SIGKILL');
  });
}

const goes = async () => 'went on' as const;
const up = (lab: string) => whileChanging('up', lab, false, goes);
const attack = (lab: string) => whileUsing('attack', lab, false, goes);
const bench = (lab: string) => whileMeasuring(lab, false, goes);
const refused = { rejects: expect.any(FailureError) };

/** Who goes on beside a command on lab `weather` of another process. */
const meetings: readonly [held: string, verb: string, go: readonly string[]][] = [
  ["whileUsing('attack', 'weather', false, …)", 'attack', ['up shop', 'attack shop']],
  ["whileChanging('up', 'weather', false, …)", 'up', ['attack shop']],
  ["whileMeasuring('weather', false, …)", 'bench', []],
];

test.each(meetings)('beside %s', async (held, verb, go) => {
  await elsewhere(held);
  const mine = { up, attack, bench };
  for (const lab of ['weather', 'shop']) {
    for (const [name, command] of Object.entries(mine)) {
      const met = await command(lab).catch((error: unknown) => error);
      const wanted = go.includes(`${name} ${lab}`) ? 'went on' : refused.rejects;
      expect([name, lab, met]).toEqual([name, lab, wanted]);
      if (met instanceof FailureError) expect(met.message).toContain(`\`${verb}\` on lab weather (process `);
    }
  }
});

test('when the other is gone, even killed, everything goes on', async () => {
  const other = await elsewhere("whileMeasuring('weather', false, …)");
  await expect(attack('weather')).rejects.toThrow('`bench` on lab weather');
  await end(other);
  expect([await bench('weather'), await attack('weather'), await up('shop')]).toEqual(Array(3).fill('went on'));
});

test('a caller without the lock is kept off the lab that another command is at work on, and off no other', async () => {
  await elsewhere("whileChanging('up', 'weather', false, …)");
  await expect(assertNotBusy('weather')).rejects.toThrow('`up` on lab weather');
  await assertNotBusy('shop');
  await whileUsing('rotate', 'shop', false, () => assertNotBusy('shop'));
});

test('a lab whose name begins with the name of another has a lock of its own', async () => {
  await elsewhere("whileUsing('attack', 'weather', false, …)");
  expect(labLock('weather-two')).not.toBe(labLock('weather'));
  expect(await attack('weather-two')).toBe('went on');
});
