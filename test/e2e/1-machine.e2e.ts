/** The machine: interrupted, repeated, contended. Leaves the lab up, with the border row not yet written. */
import { setTimeout as delay } from 'node:timers/promises';
import { askHolder } from '../../scripts/machine/lock';
import { labLock } from '../../scripts/machine/locks';
import { until } from '../../scripts/machine/until';
import { isthmus, start, succeed } from './support/cli';
import { closedLab, labName, page, writePlaces } from './support/labs';

const { file } = closedLab();

beforeAll(async () => {
  writePlaces();
  await succeed('--config', file, 'down');
});

test.each([700, 4_000, 15_000])(
  'up that is killed after %d ms leaves nothing that a later one trips over',
  async (moment) => {
    const { child, ended } = start(['--config', file, 'up']);
    await Promise.race([ended, delay(moment)]);
    if (child.pid !== undefined && child.exitCode === null) process.kill(-child.pid, 'SIGKILL');
    const { status } = await ended;
    expect(status).not.toBe(0);
  },
);

test('a second command says who holds the lock', async () => {
  const first = start(['--config', file, 'up']);
  const held = async () => (await askHolder(labLock(labName)))?.lab === labName;
  expect(await until(held, { timeout: 30_000, interval: 20 })).toBe(true);
  const second = await isthmus('--config', file, 'up');
  expect(second.status).toBe(1);
  expect(second.stderr).toMatch(
    new RegExp(`another command is at work on this machine: .up. on lab ${labName} \\(process \\d+, since `),
  );
  const { status, stderr } = await first.ended;
  expect({ status, stderr: status === 0 ? '' : stderr }).toEqual({ status: 0, stderr: '' });
});

test('the page answers', async () => {
  const response = await fetch(page);
  expect(response.status).toBe(200);
});

test('up again changes nothing', async () => {
  const { stdout: before } = await isthmus(
    '--config',
    file,
    'exec',
    'west',
    '--',
    'kubectl',
    'get',
    'pods',
    '-A',
    '-o',
    'name',
  );
  await succeed('--config', file, 'up');
  const { stdout: after } = await isthmus(
    '--config',
    file,
    'exec',
    'west',
    '--',
    'kubectl',
    'get',
    'pods',
    '-A',
    '-o',
    'name',
  );
  expect(after).toBe(before);
  expect(after).toContain('pod/frontend-');
});

test('the border lets nothing but the mesh gateway through', async () => {
  const dial = (host: string, port: number) =>
    isthmus('--config', file, 'exec', 'west', '--', 'timeout', '2', 'bash', '-c', `exec 3<>/dev/tcp/${host}/${port}`);
  expect((await dial('10.20.0.11', 8443)).status).toBe(0);
  for (const [host, port] of [
    ['10.20.0.11', 8301],
    ['10.20.0.10', 8503],
    ['10.20.0.20', 20000],
    ['10.20.0.12', 8080],
  ] as const) {
    expect((await dial(host, port)).status).not.toBe(0);
  }
  const back = await isthmus(
    '--config',
    file,
    'exec',
    'east/info',
    '--',
    'timeout',
    '2',
    'bash',
    '-c',
    'exec 3<>/dev/tcp/10.10.0.2/6443',
  );
  expect(back.status).not.toBe(0);
});
