/** On Linux: a lab's long-running programs are started once, and found again after a `kill -9` of their starter. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Daemon, listDaemons, startDaemon, stopDaemon, stopOutdated } from '../../../scripts/machine/daemon';
import { startTime } from '../../../scripts/machine/processes';
import { until } from '../../../scripts/machine/until';

// Programs are started, which takes its time on a busy machine.
jest.setTimeout(60_000);

const onLinux = process.platform === 'linux' ? describe : describe.skip;
const lab = `d${process.pid}`;
const sleeper: Daemon = { name: 'sleeper', command: 'sleep', args: ['600'] };
let state: string;

const start = (daemon: Daemon) => startDaemon(state, lab, daemon);
const pid = (name = 'sleeper') => listDaemons(state).find((daemon) => daemon.name === name && daemon.running)?.pid ?? 0;
const record = () => join(state, 'run', 'sleeper.json');

onLinux('startDaemon (needs Linux)', () => {
  beforeEach(() => {
    state = mkdtempSync(join(tmpdir(), 'isthmus-daemon-test-'));
  });

  afterEach(async () => {
    for (const { name } of listDaemons(state)) await stopDaemon(state, name);
    rmSync(state, { recursive: true });
  });

  it('starts a program once, and anew when its config changed', async () => {
    expect(await start(sleeper)).toBe(true);
    const first = pid();
    expect(await start(sleeper)).toBe(false);
    expect(pid()).toBe(first);
    expect(await start({ ...sleeper, revision: '2' })).toBe(true);
    expect(startTime(first)).toBeUndefined();
  });

  it('ends an outdated one without a successor, and no other', async () => {
    await start(sleeper);
    const first = pid();
    await stopOutdated(state, sleeper);
    expect(pid()).toBe(first);
    await stopOutdated(state, { ...sleeper, revision: '2' });
    expect(startTime(first)).toBeUndefined();
    await stopOutdated(state, { ...sleeper, name: 'never' });
  });

  it.each([
    ['was never written', () => rmSync(record())],
    ['names a process that is gone', () => writeFileSync(record(), '{"pid":99999999,"startTime":"1","hash":""}')],
  ])('ends the one whose record %s', async (_what, lose) => {
    await start(sleeper);
    const lost = pid();
    lose();
    expect(await start(sleeper)).toBe(true);
    expect(startTime(lost)).toBeUndefined();
    expect(pid()).toBeGreaterThan(0);
  });

  it('leaves the one of another lab and another name alone', async () => {
    await start(sleeper);
    const kept = pid();
    await start({ ...sleeper, name: 'sleeper-2' });
    await startDaemon(state, `${lab}-b`, { ...sleeper, name: 'sleeper-3' });
    rmSync(join(state, 'run', 'sleeper-2.json'));
    await start({ ...sleeper, name: 'sleeper-2' });
    expect(pid()).toBe(kept);
    expect(pid('sleeper-3')).toBeGreaterThan(0);
  });

  it('leaves what the lost one had started, which inherited its marks', async () => {
    const file = join(state, 'child');
    const parent = { ...sleeper, command: 'sh', args: ['-c', `sleep 600 & echo $! > ${file}; wait`] };
    await start(parent);
    const child = () => Number(readFileSync(file, 'utf8'));
    expect(await until(async () => child() > 0, { timeout: 5_000, interval: 10 })).toBe(true);
    const survivor = child();
    rmSync(record());
    await start(sleeper);
    expect(startTime(survivor)).toBeDefined();
    process.kill(survivor, 'SIGKILL');
  });

  it('does not take a recycled process id for its own', async () => {
    await start(sleeper);
    const { hash } = JSON.parse(readFileSync(record(), 'utf8'));
    await stopDaemon(state, 'sleeper');
    writeFileSync(record(), JSON.stringify({ pid: process.pid, startTime: '1', hash }));
    expect(await start(sleeper)).toBe(true);
    expect(startTime(process.pid)).toBeDefined();
  });
});
