/** The cgroups below which a lab's pods live, on cgroup v1 (one tree per controller) and v2 (one tree). */
import { existsSync, mkdirSync, readdirSync, readFileSync, rmdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

const root = '/sys/fs/cgroup';

/** A lab's top cgroup, as named inside each tree. */
export function labCgroup(lab: string): string {
  return `/isthmus-${lab}`;
}

/**
 * Makes the cgroup of a mesh's pods in every tree.
 * @returns its name, as the kubelet's `cgroupRoot` wants it
 */
export function ensureCgroup(lab: string, mesh: string): string {
  const levels = [labCgroup(lab), join(labCgroup(lab), mesh)];
  for (const tree of cgroupTrees()) {
    let parent = tree;
    for (const level of levels) {
      passControllers(parent);
      parent = join(tree, level);
      mkdirSync(parent, { recursive: true });
      inheritCpus(parent);
    }
    passControllers(parent);
  }
  return join(labCgroup(lab), mesh);
}

/** Folders of a lab's cgroups on this machine, deepest first. */
export function labCgroups(lab: string): string[] {
  return cgroupTrees().flatMap((tree) => deepestFirst(join(tree, labCgroup(lab))));
}

/** Processes in a lab's cgroups. */
export function cgroupProcesses(lab: string): number[] {
  return labCgroups(lab).flatMap((folder) => numbers(join(folder, 'cgroup.procs')));
}

/** Removes a lab's cgroups as far as they are empty. */
export function removeCgroups(lab: string): void {
  for (const folder of labCgroups(lab)) {
    try {
      rmdirSync(folder);
    } catch {
      // A process of it is not gone yet: the caller looks again.
    }
  }
}

/** Whether the machine has the one tree of cgroup v2 only. */
export function isCgroup2(): boolean {
  return existsSync(join(root, 'cgroup.controllers'));
}

/** Where cgroups can be made: one folder on v2, one for each controller on v1. */
export function cgroupTrees(): string[] {
  if (isCgroup2()) return [root];
  const names = existsSync(root) ? readdirSync(root, { withFileTypes: true }) : [];
  // Links such as `cpu` → `cpu,cpuacct` name the same tree twice.
  return names.filter((entry) => entry.isDirectory()).map((entry) => join(root, entry.name));
}

/** On v1 a new cpuset is empty, and no process can enter it before it has cores and memory nodes. */
function inheritCpus(folder: string): void {
  for (const name of ['cpuset.cpus', 'cpuset.mems']) {
    const own = join(folder, name);
    if (isCgroup2() || !existsSync(own) || readFileSync(own, 'utf8').trim() !== '') continue;
    writeFileSync(own, readFileSync(join(folder, '..', name), 'utf8'));
  }
}

/** On v2 a cgroup's children have only the controllers that it passes on. */
function passControllers(folder: string): void {
  if (!isCgroup2()) return;
  const available = readFileSync(join(folder, 'cgroup.controllers'), 'utf8').trim().split(' ').filter(Boolean);
  const passed = readFileSync(join(folder, 'cgroup.subtree_control'), 'utf8').trim().split(' ');
  const more = available.filter((name) => !passed.includes(name)).map((name) => `+${name}`);
  if (more.length > 0) writeFileSync(join(folder, 'cgroup.subtree_control'), more.join(' '));
}

function deepestFirst(folder: string): string[] {
  if (!existsSync(folder)) return [];
  const children = readdirSync(folder, { withFileTypes: true }).filter((entry) => entry.isDirectory());
  return [...children.flatMap((entry) => deepestFirst(join(folder, entry.name))), folder];
}

function numbers(file: string): number[] {
  try {
    return readFileSync(file, 'utf8').split('\n').filter(Boolean).map(Number);
  } catch {
    return [];
  }
}
