/** Takes one host of a Consul mesh away. */
import { rmSync } from 'node:fs';
import { hostFiles, serverHostName } from '../../model/hosts';
import { stateFolder } from '../../model/names';
import { FailureError } from '../errors';
import { stopDaemon } from '../machine/daemon';
import { revokeHost } from './acl';
import { agentDaemon } from './agent';
import { type ConsulApi, managementApi } from './consul-api';
import { envoyDaemon } from './envoy';
import { removeHostNetns } from './namespace';
import { programDaemon } from './program';

export interface HostName {
  readonly lab: string;
  readonly mesh: string;
  readonly name: string;
}

/**
 * Ends a host's programs, takes it out of the catalog, revokes its tokens, removes its network and its files. Safe to
 * repeat, whatever is left of the host and also when the mesh's server is gone already.
 */
export async function removeHost(host: HostName): Promise<void> {
  const state = stateFolder(host.lab);
  await Promise.all([envoyDaemon(host), programDaemon(host)].map((name) => stopDaemon(state, name)));
  await stopDaemon(state, agentDaemon(host));
  if (host.name !== serverHostName) await forget(host);
  await removeHostNetns(host);
  rmSync(hostFiles(host.lab, host.mesh, host.name).folder, { recursive: true, force: true });
}

/** Tells the server that the host is gone for good. A server that is gone, too, needs no telling. */
async function forget(host: HostName): Promise<void> {
  try {
    const api: ConsulApi = managementApi(host.lab, host.mesh);
    await api.put('/v1/catalog/deregister', { Node: host.name });
    await revokeHost(api, host);
    // Its answer takes 8 s, until every agent has heard it; what counts is that the server has.
    await api.put(`/v1/agent/force-leave/${encodeURIComponent(host.name)}?prune`, undefined, 500);
  } catch (error) {
    if (!(error instanceof FailureError)) throw error;
  }
}
