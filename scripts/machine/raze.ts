/** Takes a lab off the machine, in whatever state it is, and proves that nothing is left. */
import { rmSync } from 'node:fs';
import { stateFolder } from '../../model/names';
import { FailureError } from '../errors';
import type { Progress } from '../progress';
import { labCgroups, removeCgroups } from './cgroup';
import { run } from './exec';
import { assertNotBusy } from './locks';
import { razeNetwork } from './network';
import { removeMountPoints } from './node-mounts';
import { labMounts, labProcesses, labSockets, remains } from './remains';
import { until } from './until';

/** How long processes may take to die and cgroups to empty. Everything is killed at once, so it is far less. */
const patience = 8_000;

/**
 * Ends every process of a lab, removes its mounts, namespaces, cgroups and state, and looks again. Safe to repeat, and
 * fine for a lab that isn't there. Throws {@link FailureError} that lists what could not be removed.
 */
export async function razeMachine(labName: string, progress: Progress): Promise<void> {
  await assertNotBusy(labName);
  await progress.step(`take lab ${labName} off this machine`, async (say) => {
    say('processes');
    await until(async () => killAll(labName), { timeout: patience, interval: 50 });
    say('network, mounts and state');
    for (const path of labMounts(labName)) await run('umount', ['--lazy', path], { allow: [0, 1, 32] });
    await razeNetwork(labName);
    for (const path of labSockets(labName)) rmSync(path, { force: true });
    await until(async () => cgroupsGone(labName), { timeout: patience, interval: 50 });
    // Last: as long as it is there, a lab whose name begins with this one's can tell the two apart.
    rmSync(stateFolder(labName), { recursive: true, force: true, maxRetries: 5 });
    removeMountPoints();
    const left = remains(labName);
    if (left.length > 0) {
      throw new FailureError(
        `lab ${labName} is not gone; these are left and \`isthmus down\` can be run again:\n${left.map((line) => `  ${line}`).join('\n')}`,
      );
    }
  });
}

/** Kills every process of the lab; true when there was none. Repeated, it gets those that were just being started. */
function killAll(labName: string): boolean {
  const alive = labProcesses(labName);
  for (const pid of alive) {
    try {
      process.kill(pid, 'SIGKILL');
    } catch {
      // It ended in between.
    }
  }
  return alive.length === 0;
}

function cgroupsGone(labName: string): boolean {
  removeCgroups(labName);
  return labCgroups(labName).length === 0;
}
