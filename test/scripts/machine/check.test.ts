import { machineFaults, type Needs } from '../../../scripts/machine/check';
import type { Probes } from '../../../scripts/machine/probes';
import { testLab } from './lab';

const gibibyte = 2 ** 30;
const modest: Needs = { state: 2, cache: 3, memory: 4 };

/** A machine on which nothing is wrong. */
const good: Probes = {
  platform: 'linux',
  arch: 'x64',
  rights: () => 'root',
  controllers: () => ['cpuset', 'cpu', 'io', 'memory', 'pids'],
  hasOverlay: async () => true,
  refusal: async () => undefined,
  freeDisk: (folder) => ({ bytes: 4 * gibibyte, device: folder.includes('/var/lib/') ? 1 : 2 }),
  freeMemory: () => 5 * gibibyte,
  namesake: () => undefined,
  listener: async () => undefined,
};

const faults = (bad: Partial<Probes>, needs = modest) => machineFaults(testLab(), { ...good, ...bad }, () => needs);

it('finds nothing wrong with a good machine', async () => {
  expect(await faults({})).toEqual([]);
});

describe('a machine that can hold no lab at all', () => {
  it.each<[string, Partial<Probes>, string]>([
    [
      'on another system',
      { platform: 'darwin', arch: 'arm64' },
      'the local lab needs Linux on amd64, this is darwin on arm64; use a virtual machine with 2 cores and 4 GiB',
    ],
    [
      'without root',
      { rights: () => 'user' },
      'network namespaces and containers need root; run the command with sudo',
    ],
    [
      'as root of a user namespace',
      { rights: () => 'user namespace' },
      'this is root of a user namespace, which may not make mounts and cgroups for containers; run the command outside of it, with sudo',
    ],
  ])('%s is told so and nothing else is asked', async (_where, bad, message) => {
    const ask = () => {
      throw new Error('asked');
    };
    expect(await faults({ ...bad, controllers: ask, hasOverlay: ask, freeDisk: ask })).toEqual([message]);
  });
});

describe('a kernel', () => {
  it.each<[string, Partial<Probes>, string]>([
    [
      'without cgroups',
      { controllers: () => undefined },
      'there are no cgroups under /sys/fs/cgroup; mount cgroup2 there',
    ],
    [
      'with controllers off',
      { controllers: () => ['cpu', 'pids'] },
      'the cgroup controllers memory, cpuset are off; switch them on at boot',
    ],
    [
      'without overlay',
      { hasOverlay: async () => false },
      'the kernel has no overlay file system; load it with `modprobe overlay`',
    ],
    [
      'without bridges',
      {
        refusal: async (command) => (command.includes('bridge') ? 'ip ended with status 2: Unknown device' : undefined),
      },
      'the kernel refuses a bridge (CONFIG_BRIDGE): ip ended with status 2: Unknown device; use a kernel that has it, or a privileged container',
    ],
  ])('%s is one fault', async (_what, bad, message) => {
    expect(await faults(bad)).toEqual([message]);
  });
});

it('without namespaces is not tried for what needs one', async () => {
  expect(await faults({ refusal: async () => 'unshare: Operation not permitted' })).toEqual([
    'the kernel refuses a network namespace: unshare: Operation not permitted; use a kernel that has it, or a privileged container',
  ]);
});

describe('space', () => {
  it('is counted for each file system', async () => {
    expect(await faults({}, { state: 4.5, cache: 3, memory: 0 })).toEqual([
      '4.0 GiB are free for /var/lib/isthmus/unit, 4.5 GiB are needed; free some space',
    ]);
  });

  it('adds up where state and cache are on one', async () => {
    const [fault, ...others] = await faults({ freeDisk: () => ({ bytes: 4 * gibibyte, device: 1 }) });
    expect(fault).toMatch(/^4\.0 GiB are free for \/var\/lib\/isthmus\/unit and .*\/isthmus, 5\.0 GiB are needed/);
    expect(others).toEqual([]);
  });

  it('is not asked for what is there already', async () => {
    const full = { freeDisk: () => ({ bytes: 0, device: 1 }), freeMemory: () => 0 };
    expect(await faults(full, { state: 0, cache: 0, memory: 0 })).toEqual([]);
  });

  it('in memory is told with both amounts', async () => {
    expect(await faults({ freeMemory: () => 1.5 * gibibyte })).toEqual([
      '1.5 GiB of memory are free, the lab needs 4.0 GiB; end other programs',
    ]);
  });
});

describe('a port', () => {
  it('in use by others is told for each setting', async () => {
    expect(await faults({ listener: async () => ({ name: 'nginx (process 4711)', ours: false }) })).toEqual([
      'port 8080 on 127.0.0.1 is in use by nginx (process 4711); end it or set another settings.pagePort in the lab file',
      'port 16443 on 127.0.0.1 is in use by nginx (process 4711); end it or set another settings.apiPort in the lab file',
    ]);
  });

  it('in use by the lab itself is fine', async () => {
    expect(await faults({ listener: async () => ({ name: 'node (process 4711)', ours: true }) })).toEqual([]);
  });
});

it('a lab that could not be told from ours is named', async () => {
  const [fault] = await faults({ namesake: () => 'unit-east' });
  expect(fault).toMatch(/^lab unit-east is on this machine, .* take unit-east down, or rename this lab$/);
});

it('tells all faults at once', async () => {
  const bad = { hasOverlay: async () => false, freeMemory: () => 0, namesake: () => 'other' };
  expect(await faults(bad)).toHaveLength(3);
});
