/** Nothing is left. Looked at by other means than `down` itself uses. */
import { existsSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { run } from '../../scripts/machine/exec';
import { succeed } from './support/cli';
import { folder, labName, openLab } from './support/labs';

const { file, lab } = openLab();

test('down takes everything away', async () => {
  const before = await trace();
  expect(before.namespaces.length).toBeGreaterThan(3);
  await succeed('--config', file, 'down');
  expect(await trace()).toEqual({ namespaces: [], mounts: [], cgroups: [], processes: [], state: false });
});

test('down of a lab that is not there is fine', async () => {
  expect(await succeed('--config', file, 'down')).toContain(`Nothing of lab ${lab.name} is left`);
});

afterAll(() => rmSync(folder, { recursive: true, force: true }));

async function trace() {
  const { stdout } = await run('ip', ['netns', 'list']);
  const marked = readdirSync('/proc').filter(
    (pid) => /^\d+$/.test(pid) && environment(pid).includes(`ISTHMUS_LAB=${labName}\0`),
  );
  return {
    namespaces: stdout.split('\n').filter((line) => line.startsWith(`isthmus-${labName}`)),
    mounts: readFileSync('/proc/self/mounts', 'utf8')
      .split('\n')
      .filter((line) => line.includes(`/var/lib/isthmus/${labName}/`)),
    cgroups: readdirSync('/sys/fs/cgroup').filter((controller) =>
      existsSync(`/sys/fs/cgroup/${controller}/isthmus-${labName}`),
    ),
    processes: marked,
    state: existsSync(`/var/lib/isthmus/${labName}`),
  };
}

function environment(pid: string): string {
  try {
    return readFileSync(`/proc/${pid}/environ`, 'utf8');
  } catch {
    return '';
  }
}
