/** Looks whether this machine can hold the lab, before anything is made. Every fault is told at once. */
import { readFileSync, statfsSync } from 'node:fs';
import { freemem } from 'node:os';
import { dirname } from 'node:path';
import type { Lab } from '../../model/lab';
import { stateFolder } from '../../model/names';
import { FailureError } from '../errors';
import { missingProducts } from './binaries';
import { cacheFolder } from './cache';
import { cgroupTrees, isCgroup2 } from './cgroup';
import { listDaemons } from './daemon';
import { run } from './exec';
import { type Forward, portHolder, portTaken } from './forward';
import { imagesMissing } from './images';
import { machineForwards } from './machine-forwards';
import { onPath } from './packages';

/** Free space in GiB. Measured: state 2, cache 1.3; Go's modules and objects of a whole build 12. */
const disk = { state: 3, cache: 2, build: 14 } as const;
/** Free memory in GiB. Measured: a node 1.1, both meshes and the weather services 2. */
const memory = 2.5;

const gibibyte = 2 ** 30;

/** Throws {@link FailureError} that lists everything that would keep the lab from running here. */
export async function checkMachine(lab: Lab): Promise<void> {
  const basics = platformFaults();
  // What follows would only repeat that we are not root, or fail for want of Linux.
  const faults =
    basics.length > 0 ? basics : [...(await kernelFaults()), ...spaceFaults(lab), ...(await portFaults(lab))];
  if (faults.length > 0) {
    throw new FailureError(
      `this machine can't hold lab ${lab.name}:\n${faults.map((fault) => `  - ${fault}`).join('\n')}`,
    );
  }
}

function platformFaults(): string[] {
  if (process.platform !== 'linux' || process.arch !== 'x64') {
    return [
      `the local lab needs Linux on amd64, this is ${process.platform} on ${process.arch}; use a virtual machine with 2 cores and 4 GiB`,
    ];
  }
  return process.getuid?.() === 0 ? [] : ['network namespaces and containers need root; run the command with sudo'];
}

/** Tries each feature in a namespace that is gone when the trial ends. */
async function kernelFaults(): Promise<string[]> {
  const faults: string[] = [];
  if (cgroupTrees().length === 0) faults.push('there are no cgroups under /sys/fs/cgroup; mount cgroup2 there');
  const missing = ['cpu', 'memory', 'pids', 'cpuset'].filter((name) => !hasController(name));
  if (missing.length > 0) faults.push(`the cgroup controllers ${missing.join(', ')} are off; switch them on at boot`);
  if (!(await hasOverlay())) faults.push('the kernel has no overlay file system; load it with `modprobe overlay`');
  for (const [what, command] of trials) {
    // A program that is not installed yet will be; the kernel is tried again when the network is made.
    if (!onPath(command[0] ?? '')) continue;
    const tried = await run('unshare', ['--net', '--', ...command]).catch((error: Error) => error);
    if (tried instanceof Error) faults.push(`the kernel refuses ${what}: ${tried.message.replaceAll('\n', ' ')}`);
  }
  return faults;
}

const trials: readonly (readonly [string, readonly string[]])[] = [
  ['a network namespace', ['true']],
  ['a veth link (CONFIG_VETH)', ['ip', 'link', 'add', 'probe0', 'type', 'veth', 'peer', 'name', 'probe1']],
  ['a bridge (CONFIG_BRIDGE)', ['ip', 'link', 'add', 'probe0', 'type', 'bridge']],
  [
    'nftables (CONFIG_NF_TABLES, CONFIG_NFT_CT)',
    ['nft', 'add table inet probe; add chain inet probe p; add rule inet probe p ct state new counter'],
  ],
  ['address translation by iptables (CONFIG_NFT_NAT or CONFIG_IP_NF_NAT)', ['iptables', '-t', 'nat', '-N', 'PROBE']],
];

function hasController(name: string): boolean {
  if (isCgroup2()) return readFileSync('/sys/fs/cgroup/cgroup.controllers', 'utf8').split(/\s/).includes(name);
  return readFileSync('/proc/cgroups', 'utf8')
    .split('\n')
    .some((line) => new RegExp(`^${name}\\s.*\\s1$`).test(line));
}

async function hasOverlay(): Promise<boolean> {
  const known = () => /\boverlay$/m.test(readFileSync('/proc/filesystems', 'utf8'));
  if (!known()) await run('modprobe', ['overlay']).catch(() => undefined);
  return known();
}

function spaceFaults(lab: Lab): string[] {
  const building = missingProducts().some((product) => product.source.kind === 'go');
  const cacheNeed = (building ? disk.build : 0) + (imagesMissing() ? disk.cache : 0);
  const faults = [
    ...tooFull(stateFolder(lab.name), listDaemons(stateFolder(lab.name)).length > 0 ? 0 : disk.state),
    ...tooFull(cacheFolder(), cacheNeed),
  ];
  const free = (availableMemory() ?? freemem()) / gibibyte;
  const running = listDaemons(stateFolder(lab.name)).some((daemon) => daemon.running);
  if (!running && free < memory) {
    faults.push(`${free.toFixed(1)} GiB of memory are free, the lab needs ${memory}; end other programs`);
  }
  return faults;
}

function tooFull(folder: string, need: number): string[] {
  const existing = nearestExisting(folder);
  const { bavail, bsize } = statfsSync(existing);
  const free = (bavail * bsize) / gibibyte;
  return free >= need ? [] : [`${free.toFixed(1)} GiB are free for ${folder}, ${need} are needed; free some space`];
}

function nearestExisting(folder: string): string {
  try {
    statfsSync(folder);
    return folder;
  } catch {
    return nearestExisting(dirname(folder));
  }
}

function availableMemory(): number | undefined {
  const kibibytes = /^MemAvailable:\s+(\d+)/m.exec(readFileSync('/proc/meminfo', 'utf8'))?.[1];
  return kibibytes === undefined ? undefined : Number(kibibytes) * 1024;
}

/** Ports that somebody else than this lab listens on. */
async function portFaults(lab: Lab): Promise<string[]> {
  const ours = listDaemons(stateFolder(lab.name)).filter((daemon) => daemon.running);
  const taken = async (forward: Forward) => {
    const holder = await portHolder(forward.listen.port);
    if (holder === undefined || ours.some((daemon) => holder.endsWith(`(process ${daemon.pid})`))) return [];
    return [await portTaken(forward)];
  };
  const faults = await Promise.all(machineForwards(lab).flatMap(({ forwards }) => forwards.map(taken)));
  return faults.flat();
}
