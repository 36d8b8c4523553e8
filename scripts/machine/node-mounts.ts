/**
 * A mount namespace that containerd and the kubelet share. Every mount of a pod lives and dies in it: the machine's
 * own mount table shows none, and when the node's processes are gone, so are the mounts, after a `kill -9`, too.
 *
 * It also gives them their own copy of the few places outside the state folder that they insist on.
 */
import { existsSync, mkdirSync, readdirSync, readFileSync, rmdirSync } from 'node:fs';
import { join } from 'node:path';
import type { Lab, Mesh } from '../../model/lab';
import { netns } from '../../model/local';
import { stateFolder, statesFolder } from '../../model/names';
import { FailureError } from '../errors';
import { listDaemons, startDaemon } from './daemon';
import { until } from './until';

export interface MountNamespace {
  /** Command line that runs a program in this namespace. */
  enter(command: string, args: readonly string[]): { readonly command: string; readonly args: readonly string[] };
}

/** Folders that kubelet and containerd have compiled in: device plugin and shim sockets, pod logs. */
const ownFolders = ['/var/lib/kubelet', '/run/containerd', '/var/log'];

/** Kernel parameters that every kubelet sets for the whole machine; ours writes to copies instead. */
const ownParameters = [
  'vm/overcommit_memory',
  'vm/panic_on_oom',
  'kernel/panic',
  'kernel/panic_on_oops',
  'kernel/keys/root_maxkeys',
  'kernel/keys/root_maxbytes',
];

/** Makes the namespace, held by a process that only sleeps, or finds it. */
export async function ensureMountNamespace(lab: Lab, mesh: Mesh, folder: string): Promise<MountNamespace> {
  const name = `${mesh.name}-mounts`;
  const state = stateFolder(lab.name);
  const ready = join(folder, 'mounts.pid');
  for (const path of ownFolders) mkdirSync(path, { recursive: true });
  await startDaemon(state, lab.name, {
    name,
    netns: netns(lab.name, mesh.name),
    command: 'unshare',
    args: ['--mount', '--propagation', 'slave', '--', 'sh', '-ec', script(folder, ready)],
  });
  const holder = () => listDaemons(state).find((daemon) => daemon.name === name && daemon.running);
  const isReady = async () => {
    const pid = holder()?.pid;
    return pid !== undefined && readFileSync(ready, 'utf8').trim() === String(pid);
  };
  if (!(await until(isReady, { timeout: 10_000, interval: 10 }))) {
    throw new FailureError(
      `the mounts of mesh ${mesh.name} could not be made; see ${join(state, 'logs', `${name}.log`)}. Mounting needs CAP_SYS_ADMIN: run as root, and in a container as a privileged one`,
    );
  }
  const pid = holder()?.pid ?? 0;
  return {
    enter: (command, args) => ({ command: 'nsenter', args: [`--mount=/proc/${pid}/ns/mnt`, '--', command, ...args] }),
  };
}

/**
 * Removes the empty folders that had to exist on the machine to be mounted over. Only when no lab is left: removing a
 * folder takes away what any other lab has mounted over it.
 */
export function removeMountPoints(): void {
  if (existsSync(statesFolder) && readdirSync(statesFolder).length > 0) return;
  for (const path of ['/var/lib/kubelet', '/run/containerd']) {
    try {
      rmdirSync(path);
    } catch {
      // Absent, or somebody else's: it has content.
    }
  }
}

function script(folder: string, ready: string): string {
  const own = join(folder, 'own');
  const folders = ownFolders.flatMap((path) => [`mkdir -p '${own}${path}'`, `mount --bind '${own}${path}' '${path}'`]);
  const parameters = ownParameters
    .filter((name) => existsSync(`/proc/sys/${name}`))
    .flatMap((name) => [
      `mkdir -p '${own}/sys/${name}'`,
      `cat '/proc/sys/${name}' > '${own}/sys/${name}/value'`,
      `mount --bind '${own}/sys/${name}/value' '/proc/sys/${name}'`,
    ]);
  return [...folders, ...parameters, `echo $$ > '${ready}'`, 'exec sleep infinity'].join('\n');
}
