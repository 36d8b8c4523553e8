/**
 * Process groups of their own for programs that we start. Ctrl-C on a terminal goes to all of its group: in another one,
 * a program lives on and we say when it ends, so that what was begun can still be put back with its help.
 */
import type { ChildProcess } from 'node:child_process';

/** Whether Ctrl-C ends this process in its own way: otherwise it ends at once, and what it started should as well. */
export function catchesInterrupt(): boolean {
  return process.listenerCount('SIGINT') > 0;
}

/** Groups that run now. */
const groups = new Set<number>();
const endGroups = () => {
  for (const group of groups) killGroup(group, 'SIGKILL');
};

/** When this process exits before the leader of a group, as after a second Ctrl-C, the group ends with it. */
export function endGroupWithUs(leader: ChildProcess): void {
  const { pid } = leader;
  if (pid === undefined) return;
  if (groups.size === 0) process.on('exit', endGroups);
  groups.add(pid);
  leader.once('close', () => {
    groups.delete(pid);
    if (groups.size === 0) process.off('exit', endGroups);
  });
}

export function killGroup(group: number, name: NodeJS.Signals): void {
  try {
    process.kill(-group, name);
  } catch {
    // It ended in between.
  }
}
