/** A host whose programs ran as other users: an earlier version had one user for all Envoys, and one for all agents. */
import { existsSync, statSync } from 'node:fs';
import { hostUsers } from '../../model/host-users';
import { type HostPlace, hostFiles } from '../../model/hosts';
import { stateFolder } from '../../model/names';
import { stopDaemon } from '../machine/daemon';
import { run } from '../machine/exec';
import { agentDaemon } from './agent';
import { envoyDaemon } from './envoy';
import { programDaemon } from './program';

/**
 * Ends the programs of such a host and gives its agent's files to the agent's present user. Everything else that it has
 * is written anew by whoever starts its programs.
 * @returns whether there was something to do
 */
export async function handOver(host: HostPlace): Promise<boolean> {
  const files = hostFiles(host.lab, host.mesh, host.name);
  const { consul } = hostUsers(host);
  const former = statSync(files.data, { throwIfNoEntry: false })?.uid;
  if (former === undefined || former === consul) return false;
  for (const name of [envoyDaemon(host), programDaemon(host), agentDaemon(host)]) {
    await stopDaemon(stateFolder(host.lab), name);
  }
  // `data` last: as long as it is the former user's, the next try does the rest. What somebody linked to is not followed,
  // and nothing changes hands but what was the former user's.
  const only = ['--recursive', '--no-dereference', `--from=${former}`];
  for (const path of [files.tls, files.data].filter((path) => existsSync(path))) {
    await run('chown', [...only, `${consul}:${consul}`, path]);
  }
  return true;
}
