/** Finds everything a lab has on this machine by its mark, not by what was written down: a record may be lost. */
import { existsSync, readdirSync, readFileSync, readlinkSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { stateFolder } from '../../model/names';
import { cgroupProcesses, labCgroups } from './cgroup';
import { labMark } from './daemon';
import { labNamespaces } from './namespaces';
import { ancestors, processes, startedWith, textOf } from './processes';

/** What is left of a lab, one line each; empty when it is gone. */
export function remains(lab: string): string[] {
  return [
    ...labProcesses(lab).map((pid) => `process ${pid} (${commandLine(pid)})`),
    ...labMounts(lab).map((path) => `mount ${path}`),
    ...labNamespaces(lab).map((name) => `network namespace ${name}`),
    ...labCgroups(lab).map((path) => `cgroup ${path}`),
    ...labSockets(lab).map((path) => `socket ${path}`),
    ...(existsSync(stateFolder(lab)) ? [`folder ${stateFolder(lab)}`] : []),
  ];
}

/**
 * Processes of a lab: those with its mark in their environment, those in its cgroups (the pods) and those in its
 * network namespaces, without this command and the ones that started it, which may have the mark from a shell inside
 * the lab.
 */
export function labProcesses(lab: string): number[] {
  const own = new Set(ancestors(process.pid));
  const inCgroup = new Set(cgroupProcesses(lab));
  const networks = new Set(labNamespaces(lab).map((name) => inode(join('/run/netns', name))));
  const isInNetwork = (pid: number) => networks.has(inode(`/proc/${pid}/ns/net`) ?? -1);
  return processes().filter(
    (pid) => !own.has(pid) && (inCgroup.has(pid) || startedWith(pid, labMark) === lab || isInNetwork(pid)),
  );
}

/** Mount points below a lab's state folder, innermost first. */
export function labMounts(lab: string): string[] {
  const folder = stateFolder(lab);
  return readFileSync('/proc/self/mountinfo', 'utf8')
    .split('\n')
    .map((line) => unescapeMount(line.split(' ')[4] ?? ''))
    .filter((path) => path === folder || path.startsWith(`${folder}/`))
    .reverse();
}

/** Sockets that containerd's shims made outside the state folder; their paths are compiled in, containerd notes them. */
export function labSockets(lab: string): string[] {
  return meshFolders(lab)
    .flatMap((folder) => listed(join(folder, 'cri/state/io.containerd.runtime.v2.task/k8s.io')))
    .flatMap((bundle) => {
      const address = textOf(join(bundle, 'address')).trim();
      return address.startsWith('unix://') ? [address.slice('unix://'.length)] : [];
    })
    .filter((path) => existsSync(path));
}

function meshFolders(lab: string): string[] {
  return listed(stateFolder(lab));
}

function commandLine(pid: number): string {
  const words = textOf(`/proc/${pid}/cmdline`).split('\0').join(' ').trim();
  return words === '' ? executable(pid) : words.slice(0, 80);
}

function inode(path: string): number | undefined {
  try {
    return statSync(path).ino;
  } catch {
    return undefined;
  }
}

function executable(pid: number): string {
  try {
    return readlinkSync(`/proc/${pid}/exe`);
  } catch {
    return 'a process that is ending';
  }
}

function listed(folder: string): string[] {
  try {
    return readdirSync(folder).map((name) => join(folder, name));
  } catch {
    return [];
  }
}

/** The kernel writes blanks and backslashes in mount points in octal. */
function unescapeMount(path: string): string {
  return path.replace(/\\([0-7]{3})/g, (_match, octal: string) => String.fromCharCode(Number.parseInt(octal, 8)));
}
