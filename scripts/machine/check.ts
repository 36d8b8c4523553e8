/** Looks whether this machine can hold the lab, before anything is made. Every fault is told at once. */
import type { Lab } from '../../model/lab';
import { stateFolder } from '../../model/names';
import { FailureError } from '../errors';
import { cacheFolder } from './cache';
import { listDaemons } from './daemon';
import { type Forward, portTaken } from './forward';
import { usedByGo } from './golang';
import { machineForwards } from './machine-forwards';
import { imagesMissingFor, missingFor } from './needs';
import { type Probes, thisMachine } from './probes';

/** What the lab needs from here on, in GiB. */
export interface Needs {
  readonly state: number;
  readonly cache: number;
  readonly memory: number;
}

/**
 * Free space in GiB. Measured: state 1.4 after `up`, and logs grow; cache 1.8; a cold build 11.1 at its height, with
 * what of the cache is done by then, and 1.8 after it.
 */
const disk = { state: 3, cache: 2, build: 11 } as const;
/** Free memory in GiB. Measured: the default lab 2.0 (the sum of its processes' shares); a cold build 2.2 at its height. */
const memory = 2.5;

const gibibyte = 2 ** 30;

/** Throws {@link FailureError} that lists everything that would keep the lab from running here. */
export async function checkMachine(lab: Lab): Promise<void> {
  const faults = await machineFaults(lab, thisMachine, () => needs(lab));
  if (faults.length > 0) {
    throw new FailureError(
      `this machine can't hold lab ${lab.name}:\n${faults.map((fault) => `  - ${fault}`).join('\n')}`,
    );
  }
}

/** Everything that keeps a lab from running on a machine, one sentence each. */
export async function machineFaults(lab: Lab, probes: Probes, needed: () => Needs): Promise<string[]> {
  const basics = platformFaults(probes);
  // What follows would only repeat that we are not root, or fail for want of Linux.
  if (basics.length > 0) return basics;
  return [
    ...nameFaults(lab, probes),
    ...(await kernelFaults(probes)),
    ...spaceFaults(lab, probes, needed()),
    ...(await portFaults(lab, probes)),
  ];
}

function platformFaults({ platform, arch, rights }: Probes): string[] {
  if (platform !== 'linux' || arch !== 'x64') {
    return [
      `the local lab needs Linux on amd64, this is ${platform} on ${arch}; use a virtual machine with 2 cores and 4 GiB`,
    ];
  }
  switch (rights()) {
    case 'root':
      return [];
    case 'user namespace':
      return [
        'this is root of a user namespace, which may not make mounts and cgroups for containers; run the command outside of it, with sudo',
      ];
    case 'user':
      return ['network namespaces and containers need root; run the command with sudo'];
  }
}

function nameFaults(lab: Lab, probes: Probes): string[] {
  const other = probes.namesake(lab);
  if (other === undefined) return [];
  return [
    `lab ${other} is on this machine, and with a lab ${lab.name} beside it nobody could tell whose network namespace is whose; take ${other} down, or rename this lab`,
  ];
}

async function kernelFaults(probes: Probes): Promise<string[]> {
  const faults: string[] = [];
  const controllers = probes.controllers();
  if (controllers === undefined) faults.push('there are no cgroups under /sys/fs/cgroup; mount cgroup2 there');
  const missing = ['cpu', 'memory', 'pids', 'cpuset'].filter((name) => controllers?.includes(name) === false);
  if (missing.length > 0) faults.push(`the cgroup controllers ${missing.join(', ')} are off; switch them on at boot`);
  if (!(await probes.hasOverlay())) {
    faults.push('the kernel has no overlay file system; load it with `modprobe overlay`');
  }
  for (const [what, command] of trials) {
    const refusal = await probes.refusal(command);
    if (refusal !== undefined) {
      faults.push(`the kernel refuses ${what}: ${refusal}; use a kernel that has it, or a privileged container`);
      // The others are tried in such a namespace.
      if (what === trials[0]?.[0]) break;
    }
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

/** What is missing of the lab now; what is there already has its space. */
function needs(lab: Lab): Needs {
  const building = missingFor(lab).some((product) => product.source.kind === 'go');
  const build = building ? Math.max(0, disk.build - usedByGo() / gibibyte) : 0;
  const daemons = listDaemons(stateFolder(lab.name));
  return {
    state: daemons.length > 0 ? 0 : disk.state,
    cache: build + (imagesMissingFor(lab) ? disk.cache : 0),
    memory: daemons.some((daemon) => daemon.running) ? 0 : memory,
  };
}

function spaceFaults(lab: Lab, probes: Probes, needed: Needs): string[] {
  const places = [
    { folder: stateFolder(lab.name), need: needed.state },
    { folder: cacheFolder(), need: needed.cache },
  ].map((place) => ({ ...place, ...probes.freeDisk(place.folder) }));
  const faults = [...new Set(places.map(({ device }) => device))].flatMap((device) => {
    const here = places.filter((place) => place.device === device && place.need > 0);
    // On one file system the needs add up.
    const need = here.reduce((sum, place) => sum + place.need, 0);
    const free = (here[0]?.bytes ?? 0) / gibibyte;
    const folders = here.map(({ folder }) => folder).join(' and ');
    return free >= need ? [] : [`${gib(free)} are free for ${folders}, ${gib(need)} are needed; free some space`];
  });
  const free = probes.freeMemory() / gibibyte;
  if (free < needed.memory) {
    faults.push(`${gib(free)} of memory are free, the lab needs ${gib(needed.memory)}; end other programs`);
  }
  return faults;
}

function gib(amount: number): string {
  return `${amount.toFixed(1)} GiB`;
}

/** Ports that somebody else than this lab listens on. */
async function portFaults(lab: Lab, probes: Probes): Promise<string[]> {
  const taken = async (forward: Forward) => {
    const listener = await probes.listener(forward.listen.port, lab.name);
    return listener === undefined || listener.ours ? [] : [portTaken(forward, listener.name)];
  };
  const faults = await Promise.all(machineForwards(lab).flatMap(({ forwards }) => forwards.map(taken)));
  return faults.flat();
}
