/** Enforcement points of Consul's hosts, switched off. */
import { chmodSync, statSync } from 'node:fs';
import { dirname } from 'node:path';
import { meshHosts } from '../../../../model/consul-hosts';
import { type HostFiles, hostFiles, serverHostName } from '../../../../model/hosts';
import { netns } from '../../../../model/local';
import { ensureFirewall, hostFirewallTable } from '../../../../scripts/hosts/firewall';
import { run } from '../../../../scripts/machine/exec';
import type { Ground, Weakening } from './ground';

async function openHost(ground: Ground): Promise<void> {
  const { east } = ground.cast;
  const inside = { netns: netns(ground.lab.name, `${east.name}-${serverHostName}`) };
  const server = meshHosts(ground.lab, east).find(({ name }) => name === serverHostName);
  if (server === undefined) throw new Error('the mesh has no server');
  await ground.change({
    what: `the firewall of host ${server.name}`,
    look: async () => (await run('nft', ['list', 'tables'], inside)).stdout.split('\n').sort(),
    make: async () => {
      await run('nft', ['delete', 'table', 'inet', hostFirewallTable], inside);
    },
    undo: () => ensureFirewall(server),
  });
}

/** As a careless `chmod -R` leaves the provider's own token. */
async function readableToken(ground: Ground): Promise<void> {
  const { serviceToken } = providerFiles(ground);
  await readable(ground, [dirname(serviceToken), serviceToken]);
}

/** As it leaves all that the provider's host has. */
async function readableHost(ground: Ground): Promise<void> {
  const { folder, serviceToken, envoyBootstrap } = providerFiles(ground);
  await readable(ground, [folder, dirname(serviceToken), serviceToken, dirname(envoyBootstrap), envoyBootstrap]);
}

function providerFiles({ lab, cast }: Ground): HostFiles {
  return hostFiles(lab.name, cast.east.name, cast.provider.name);
}

async function readable(ground: Ground, paths: readonly [string, ...string[]]): Promise<void> {
  const modes = () => paths.map((path) => statSync(path).mode & 0o7777);
  const before = modes();
  const set = async (mode: (index: number) => number) => {
    paths.forEach((path, index) => {
      chmodSync(path, mode(index));
    });
  };
  await ground.change({
    what: paths.join(', '),
    look: async () => modes(),
    make: () => set(() => 0o755),
    undo: () => set((index) => before[index] ?? 0o600),
  });
}

export const hostWeakenings: readonly Weakening[] = [
  {
    name: 'open-host',
    off: "the firewall of Consul's server",
    weaken: openHost,
    through: { 'control-plane/consul-grpc': /answered: connection open/ },
  },
  {
    name: 'readable-token',
    off: "the permissions on the provider's own token (a careless `chmod -R`)",
    weaken: readableToken,
    through: { 'machine/service-token': /answered: read/ },
  },
  {
    name: 'readable-host',
    off: "the permissions on the provider's host (a careless `chmod -R` on its folder)",
    weaken: readableHost,
    through: {
      'machine/other-host-service-token': /answered: read/,
      'machine/other-host-bootstrap': /answered: read/,
    },
  },
];
