import { spawn } from 'node:child_process';
import { FailureError } from '../../../scripts/errors';
import { acquireLock, askHolder } from '../../../scripts/machine/lock';

// Each test has an address of its own, so that a real command on this machine is not disturbed.
let count = 0;
const address = () => `\0isthmus-test-${process.pid}-${count++}`;
const variable = 'ISTHMUS_LOCK_HOLDER';

afterEach(() => {
  delete process.env[variable];
});

/** Another process with the same rights has no mark of ours. */
function forgetHolder(): void {
  delete process.env[variable];
}

it('tells the second command who holds the lock', async () => {
  const at = address();
  const lock = await acquireLock('up', 'weather', at);
  forgetHolder();
  const second = acquireLock('down', 'weather', at);
  await expect(second).rejects.toThrow(FailureError);
  await expect(second).rejects.toThrow(`\`up\` on lab weather (process ${process.pid}, since `);
  await lock.release();
});

it('is free after release', async () => {
  const at = address();
  await (await acquireLock('up', 'weather', at)).release();
  await (await acquireLock('down', 'weather', at)).release();
  expect(await askHolder(at)).toBeUndefined();
});

it('lets a child of the holder through', async () => {
  const at = address();
  const lock = await acquireLock('up', 'weather', at);
  const child = await acquireLock('pair', 'weather', at);
  await child.release();
  expect((await askHolder(at))?.command).toBe('up');
  await lock.release();
});

it('does not believe a mark whose holder is gone', async () => {
  process.env[variable] = '1';
  const lock = await acquireLock('up', 'weather', address());
  expect(process.env[variable]).toBe(String(process.pid));
  await lock.release();
});

it('is freed by the kernel when its holder is killed', async () => {
  const at = address();
  const program = `require('node:net').createServer(() => {}).listen(${JSON.stringify(at)}, () => console.log('held'))`;
  const holder = spawn(process.execPath, ['-e', program], { stdio: ['ignore', 'pipe', 'inherit'] });
  await new Promise((resolve) => holder.stdout.once('data', resolve));
  await expect(acquireLock('up', 'weather', at)).rejects.toThrow(/which does not answer/);
  const gone = new Promise((resolve) => holder.once('close', resolve));
  holder.kill('SIGKILL');
  await gone;
  await (await acquireLock('up', 'weather', at)).release();
});
