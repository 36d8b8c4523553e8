/** What can be asked of a machine before anything is made on it. */
import { readFileSync, statfsSync, statSync } from 'node:fs';
import { freemem } from 'node:os';
import { dirname } from 'node:path';
import type { Lab } from '../../model/lab';
import { cgroupTrees, isCgroup2 } from './cgroup';
import { labMark } from './daemon';
import { run } from './exec';
import { portListener } from './forward';
import { namesake } from './namespaces';
import { onPath } from './packages';
import { startedWith } from './processes';

/** Questions that the check asks; tests answer for machines that are not at hand. */
export interface Probes {
  readonly platform: string;
  readonly arch: string;
  /** `user` is any other than root; root of a user namespace has few of root's rights. */
  rights(): 'root' | 'user namespace' | 'user';
  /** Cgroup controllers that are on; `undefined` when there are no cgroups at all. */
  controllers(): readonly string[] | undefined;
  hasOverlay(): Promise<boolean>;
  /** Tries a command in a network namespace that is gone afterwards; what went wrong, if anything. */
  refusal(command: readonly string[]): Promise<string | undefined>;
  /** Bytes free for a folder that may not exist yet, and the file system that it is or would be on. */
  freeDisk(folder: string): { readonly bytes: number; readonly device: number };
  /** Bytes. */
  freeMemory(): number;
  /** Another lab on the machine whose namespaces could not be told from this one's. */
  namesake(lab: Lab): string | undefined;
  /** Who listens on a TCP port of this machine, and whether it belongs to the lab. */
  listener(port: number, lab: string): Promise<{ readonly name: string; readonly ours: boolean } | undefined>;
}

/** Asks the machine this runs on. */
export const thisMachine: Probes = {
  platform: process.platform,
  arch: process.arch,
  rights,
  controllers,
  hasOverlay,
  refusal,
  freeDisk(folder) {
    const existing = nearestExisting(folder);
    const { bavail, bsize } = statfsSync(existing);
    return { bytes: bavail * bsize, device: statSync(existing).dev };
  },
  freeMemory() {
    const kibibytes = /^MemAvailable:\s+(\d+)/m.exec(readFileSync('/proc/meminfo', 'utf8'))?.[1];
    return kibibytes === undefined ? freemem() : Number(kibibytes) * 1024;
  },
  namesake,
  async listener(port, lab) {
    const found = await portListener(port);
    if (found === undefined) return undefined;
    const { name, pid } = found;
    return { name, ours: pid !== undefined && startedWith(pid, labMark) === lab };
  },
};

function rights(): 'root' | 'user namespace' | 'user' {
  if (process.getuid?.() !== 0) return 'user';
  return /^\s*0\s+0\s+4294967295\s*$/.test(readFileSync('/proc/self/uid_map', 'utf8')) ? 'root' : 'user namespace';
}

function controllers(): readonly string[] | undefined {
  if (cgroupTrees().length === 0) return undefined;
  if (isCgroup2()) return readFileSync('/sys/fs/cgroup/cgroup.controllers', 'utf8').trim().split(/\s+/);
  return readFileSync('/proc/cgroups', 'utf8')
    .split('\n')
    .flatMap((line) => /^(\w+)\s.*\s1$/.exec(line)?.[1] ?? []);
}

async function hasOverlay(): Promise<boolean> {
  const known = () => /\boverlay$/m.test(readFileSync('/proc/filesystems', 'utf8'));
  if (!known()) await run('modprobe', ['overlay']).catch(() => undefined);
  return known();
}

async function refusal(command: readonly string[]): Promise<string | undefined> {
  // A program that is not installed yet will be; the kernel is tried again when the network is made.
  if (!onPath(command[0] ?? '')) return undefined;
  const tried = await run('unshare', ['--net', '--', ...command]).catch((error: Error) => error);
  return tried instanceof Error ? tried.message.replaceAll('\n', ' ') : undefined;
}

function nearestExisting(folder: string): string {
  try {
    statfsSync(folder);
    return folder;
  } catch {
    return nearestExisting(dirname(folder));
  }
}
