/** On a Linux machine as root: what a dead command leaves is found by its mark and removed. */
import { spawn } from 'node:child_process';
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { netns } from '../../../model/local';
import { stateFolder } from '../../../model/names';
import { ensureCgroup } from '../../../scripts/machine/cgroup';
import { run } from '../../../scripts/machine/exec';
import { labNamespaces } from '../../../scripts/machine/namespaces';
import { raiseNetwork, razeNetwork } from '../../../scripts/machine/network';
import { onPath } from '../../../scripts/machine/packages';
import { razeMachine } from '../../../scripts/machine/raze';
import { labProcesses, remains } from '../../../scripts/machine/remains';
import { until } from '../../../scripts/machine/until';
import { silentProgress } from '../../../scripts/progress';
import { testLab } from './lab';

// Programs are started, which takes its time on a busy machine.
jest.setTimeout(60_000);

const able = process.platform === 'linux' && process.getuid?.() === 0 && ['ip', 'nft', 'nsenter'].every(onPath);
const onMachine = able ? describe : describe.skip;
const name = `t${process.pid}`;
const longer = `${name}-b`;

onMachine('razeMachine (needs Linux, root, ip, nft)', () => {
  afterEach(async () => {
    await razeMachine(longer, silentProgress);
    await razeMachine(name, silentProgress);
  });

  it('removes processes, mounts, namespaces, cgroups and state, and leaves a lab whose name is longer', async () => {
    for (const lab of [name, longer]) {
      mkdirSync(stateFolder(lab), { recursive: true });
      await raiseNetwork(testLab(lab));
      ensureCgroup(lab, 'west');
    }
    const mountPoint = join(stateFolder(name), 'with blank');
    mkdirSync(mountPoint);
    await run('mount', ['-t', 'tmpfs', 'tmpfs', mountPoint]);
    const marked = sleeper({ ISTHMUS_LAB: name });
    const inNetwork = sleeper({}, netns(name, 'east'));
    const other = sleeper({ ISTHMUS_LAB: longer });
    const found = async () => [marked, inNetwork].every((pid) => labProcesses(name).includes(pid));
    expect(await until(found, { timeout: 5_000, interval: 20 })).toBe(true);

    await razeMachine(name, silentProgress);

    expect(remains(name)).toEqual([]);
    expect(labProcesses(longer)).toEqual([other]);
    expect(labNamespaces(longer)).toHaveLength(3);
    // A second time, with nothing there, is fine.
    await razeMachine(name, silentProgress);
  });

  it('raises and razes a namespace that a killed command left half made', async () => {
    mkdirSync(stateFolder(name), { recursive: true });
    mkdirSync('/run/netns', { recursive: true });
    writeFileSync(join('/run/netns', netns(name, 'border')), '');
    await raiseNetwork(testLab(name));
    expect(labNamespaces(name)).toHaveLength(3);
    await razeNetwork(name);
    expect(labNamespaces(name)).toEqual([]);
  });

  it('removes a half-made namespace without raising it first', async () => {
    mkdirSync('/run/netns', { recursive: true });
    writeFileSync(join('/run/netns', netns(name, 'west')), '');
    await razeMachine(name, silentProgress);
    expect(remains(name)).toEqual([]);
    rmSync(join('/run/netns', netns(name, 'west')), { force: true });
  });
});

function sleeper(env: Readonly<Record<string, string>>, namespace?: string): number {
  const enter = namespace === undefined ? [] : ['nsenter', `--net=/run/netns/${namespace}`];
  const [command = '', ...args] = [...enter, 'sleep', '600'];
  const child = spawn(command, args, { env: { PATH: process.env.PATH ?? '', ...env }, stdio: 'ignore' });
  return child.pid ?? 0;
}
