/** On Linux: the cache is not taken away from under a lab. */
import { spawn } from 'node:child_process';
import { copyFileSync, existsSync, mkdirSync, mkdtempSync, realpathSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { cacheClean } from '../../../scripts/commands/cache';
import { cacheFolder } from '../../../scripts/machine/cache';
import { cacheLock, withLock } from '../../../scripts/machine/lock';

const onLinux = process.platform === 'linux' ? describe : describe.skip;
const before = process.env.XDG_CACHE_HOME;
let base: string;

onLinux('cacheClean (needs Linux)', () => {
  beforeEach(() => {
    base = realpathSync(mkdtempSync(join(tmpdir(), 'isthmus-clean-test-')));
    process.env.XDG_CACHE_HOME = base;
    mkdirSync(cacheFolder());
  });

  afterEach(() => {
    if (before === undefined) delete process.env.XDG_CACHE_HOME;
    else process.env.XDG_CACHE_HOME = before;
    rmSync(base, { recursive: true, force: true });
  });

  it('removes the cache and tells its folder, and says when there is none', async () => {
    expect(await cacheClean()).toBe(cacheFolder());
    expect(existsSync(cacheFolder())).toBe(false);
    expect(await cacheClean()).toBe('the cache is empty');
  });

  it('refuses while a lab runs programs from it, by the names of the labs', async () => {
    const program = join(cacheFolder(), 'sleep');
    copyFileSync('/bin/sleep', program);
    const running = ['two', 'one', 'two'].map((lab) => spawn(program, ['600'], { env: { ISTHMUS_LAB: lab } }));
    await Promise.all(running.map((child) => new Promise((resolve) => child.once('spawn', resolve))));
    await expect(cacheClean()).rejects.toThrow(/of these labs: one, two; take them down first/);
    expect(existsSync(program)).toBe(true);
    const gone = running.map((child) => new Promise((resolve) => child.once('close', resolve)));
    for (const child of running) child.kill('SIGKILL');
    await Promise.all(gone);
    expect(await cacheClean()).toBe(cacheFolder());
  });

  it('refuses while it is being filled', async () => {
    const filling = withLock(
      'up',
      'weather',
      async () => {
        // As another process would see it.
        delete process.env.ISTHMUS_LOCK_HOLDER;
        await expect(cacheClean()).rejects.toThrow('`up` on lab weather');
      },
      cacheLock(),
    );
    await filling;
    expect(existsSync(cacheFolder())).toBe(true);
  });
});
