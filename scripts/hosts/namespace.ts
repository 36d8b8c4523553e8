/** A Consul host's network: a namespace with one interface on its mesh's bridge. */
import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import type { HostPlace } from '../../model/hosts';
import { netns } from '../../model/local';
import { FailureError } from '../errors';
import { run } from '../machine/exec';
import { ensureLink, ensureNamespace, hostsBridge, ip, setKernel } from '../machine/network';

export function hostNetns(host: Pick<HostPlace, 'lab' | 'mesh' | 'name'>): string {
  return netns(host.lab, `${host.mesh}-${host.name}`);
}

/** Interface of a host on the bridge's side. Interface names hold 15 characters, host names may be longer. */
export function bridgePort(name: string): string {
  return `host-${createHash('sha256').update(name).digest('hex').slice(0, 8)}`;
}

/** Makes the host's namespace, interface, address and default route where they are missing or differ. */
export async function ensureHostNetns(host: HostPlace): Promise<void> {
  const inside = hostNetns(host);
  const mesh = netns(host.lab, host.mesh);
  const port = bridgePort(host.name);
  const address = `${host.address}/${host.prefix}`;
  // The address comes last when a host is made, so a host that has it is complete.
  if ((await addresses(inside)).join() === address) return;
  const bridge = await run('ip', ['-n', mesh, 'link', 'show', hostsBridge], { allow: [0, 1, 255] });
  if (bridge.status !== 0) {
    throw new FailureError(
      `host ${host.mesh}/${host.name}: mesh ${host.mesh} has no network (no bridge ${hostsBridge} in namespace ${mesh}); ` +
        'raise the machine first: isthmus up',
    );
  }
  await ensureNamespace(inside);
  // A gateway opens ports 80 and 443 without being root.
  await setKernel(inside, { 'net/ipv4/ip_unprivileged_port_start': '80' });
  await ensureLink({ netns: inside, name: 'eth0' }, { netns: mesh, name: port });
  await ip(mesh, `link set ${port} master ${hostsBridge}`);
  await ip(inside, 'address flush dev eth0');
  // A default route needs no address yet when its gateway is declared to be on the link.
  await ip(inside, `route replace default via ${host.border} dev eth0 onlink`);
  await ip(inside, `address add ${address} dev eth0`);
}

/** Removes the namespace; its interface goes with it. Fine when there is none. */
export async function removeHostNetns(host: Pick<HostPlace, 'lab' | 'mesh' | 'name'>): Promise<void> {
  const inside = hostNetns(host);
  if (!existsSync(`/run/netns/${inside}`)) return;
  // A process that lingers keeps the namespace, nameless; it must not keep the interface.
  await run('ip', ['-n', inside, 'link', 'delete', 'eth0'], { allow: [0, 1, 255] });
  await run('ip', ['netns', 'delete', inside]);
}

interface Link {
  readonly addr_info?: readonly { readonly local: string; readonly prefixlen: number }[];
}

async function addresses(namespace: string): Promise<string[]> {
  const shown = await run('ip', ['-n', namespace, '-json', 'address', 'show', 'dev', 'eth0', 'up'], {
    allow: [0, 1, 255],
  });
  if (shown.status !== 0 || shown.stdout.trim() === '') return [];
  const links = JSON.parse(shown.stdout) as readonly Link[];
  return links.flatMap((link) => link.addr_info ?? []).map(({ local, prefixlen }) => `${local}/${prefixlen}`);
}
