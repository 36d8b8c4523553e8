/**
 * Which commands keep each other out.
 *
 * Of one lab, one command at a time changes anything: `up`, `down`, `rotate`, `attack` (which takes rows and the peering
 * away for a while) and `bench`. They hold the lab's lock.
 *
 * `up` and `down` of two labs keep each other out as well, by the machine's lock: they write the plan into the one
 * folder of the checkout (cdktf.out, dist), mount over the same places of the machine (/var/lib/kubelet,
 * /run/containerd), which the last `down` removes, and two of them at once on a small machine run into each other's
 * deadlines. Networks, firewalls, the border and the state are each lab's own, and what is built has a lock of its own
 * (`cacheLock`). So `attack` and `rotate`, which touch only that, go on beside commands on other labs.
 *
 * `bench` measures: nothing else of ours may be at work on the machine, whatever the lab.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { FailureError } from '../errors';
import { userStates } from '../state';
import { askHolder, describeHolder, type Holder, isOwn, withLock } from './lock';

/**
 * The machine's lock; for labs that need no root one for each person. Where the kernel has no abstract sockets it is a
 * socket in a folder.
 * @param onMachine whether the lab has a part on this machine
 */
export function machineLock(onMachine: boolean): string {
  if (process.platform !== 'linux') return join(userStates(), '.lock');
  return onMachine || user() === 0 ? '\0isthmus' : `\0isthmus-${user()}`;
}

/** The lock of one lab, by its name. A lab on this machine is root's. */
export function labLock(lab: string): string {
  return process.platform === 'linux' ? `\0${labLocks()}${lab}` : join(userStates(), `.lock-${lab}`);
}

/** For `up` and `down`. Throws {@link FailureError} when another command holds the machine or the lab. */
export function whileChanging<T>(command: string, lab: string, onMachine: boolean, work: () => Promise<T>): Promise<T> {
  return withLock(command, lab, () => withLock(command, lab, work, labLock(lab)), machineLock(onMachine));
}

/** For what touches one lab only. Throws {@link FailureError} when another command holds the lab, or measures. */
export function whileUsing<T>(command: string, lab: string, onMachine: boolean, work: () => Promise<T>): Promise<T> {
  const unmeasured = async () => {
    const holder = await askHolder(machineLock(onMachine));
    if (holder?.command === benchCommand) throw new FailureError(describeHolder(holder));
    return work();
  };
  return withLock(command, lab, unmeasured, labLock(lab));
}

const benchCommand = 'bench';

/** For `bench`. Throws {@link FailureError} when any other command is at work on a lab of this machine. */
export function whileMeasuring<T>(lab: string, onMachine: boolean, work: () => Promise<T>): Promise<T> {
  // Both sides take their own lock before they look for the other's: never do both go on.
  return whileChanging(benchCommand, lab, onMachine, async () => {
    const [other] = await othersAtWork(lab);
    if (other !== undefined) throw new FailureError(describeHolder(other));
    return work();
  });
}

/**
 * Throws {@link FailureError} when another command is at work on this lab. Whoever changes a lab's machine calls it, so
 * that a caller who forgot the lock can't take a lab away from under the one who has it.
 */
export async function assertNotBusy(lab: string): Promise<void> {
  const holder = await askHolder(labLock(lab));
  if (holder !== undefined && !isOwn(holder)) throw new FailureError(describeHolder(holder));
}

/** Who holds locks of other labs. Only Linux tells; elsewhere no lab is on the machine. */
async function othersAtWork(lab: string): Promise<Holder[]> {
  if (process.platform !== 'linux') return [];
  // An abstract socket is written with an @ for each zero byte: one before its name, and what Node.js 20 fills it up with.
  const names = readFileSync('/proc/net/unix', 'utf8')
    .split('\n')
    .map((line) => (line.split(' ').at(-1) ?? '').replace(/^@/, '\0').replace(/@+$/, ''))
    .filter((name) => name.startsWith(`\0${labLocks()}`) && name !== labLock(lab));
  const holders = await Promise.all([...new Set(names)].map((name) => askHolder(name)));
  return holders.filter((holder) => holder !== undefined);
}

function labLocks(): string {
  return `isthmus-lab-${user()}-`;
}

function user(): number {
  return process.getuid?.() ?? 0;
}
