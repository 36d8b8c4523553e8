/** A machine in the network of a Consul mesh that is nobody's: no agent, no proxy, no rule of its own. */
import { serviceHost } from '../../../model/consul-hosts';
import type { HostPlace } from '../../../model/hosts';
import { type Lab, mesh, type Service } from '../../../model/lab';
import { type HostsNetwork, hostsNetwork } from '../../../model/local';
import { ensureHostNetns, removeHostNetns } from '../../hosts/namespace';

/** Name of the machine; its network namespace carries the lab's mark, so `down` removes it, too. */
export const attackerHost = 'isthmus-attack';

/** Last byte of its address: past every host that a lab makes. */
const lastByte = 250;

export function attackerAddress({ border }: Pick<HostsNetwork, 'border'>): string {
  return border.replace(/\d+$/, String(lastByte));
}

export async function makeHost(lab: Lab, beside: Service): Promise<void> {
  await ensureHostNetns(placeOf(lab, beside));
}

export async function removeHost(lab: Lab, beside: Service): Promise<void> {
  await removeHostNetns(placeOf(lab, beside));
}

function placeOf(lab: Lab, beside: Service): HostPlace {
  const address = attackerAddress(hostsNetwork(mesh(lab, beside.mesh)));
  return { ...serviceHost(lab, beside), name: attackerHost, address };
}
