/** The program of a service host: one bundled file on Node.js, as a user that owns nothing else on the machine. */
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { dirname, isAbsolute, join } from 'node:path';
import { hostUsers } from '../../model/host-users';
import { type HostProgram, type HostSpec, hostFiles } from '../../model/hosts';
import { stateFolder } from '../../model/names';
import { FailureError } from '../errors';
import { type Daemon, startDaemon, stopOutdated } from '../machine/daemon';
import { hostNetns } from './namespace';
import { runnable } from './runnable';
import { folder, writeOwned } from './secret';

export function programDaemon(host: Pick<HostSpec, 'mesh' | 'name'>): string {
  return `${host.mesh}-${host.name}-program`;
}

/**
 * Ends a program that is not the wanted one any more: with its addresses of yesterday it would call whoever is behind
 * them tomorrow.
 */
export async function stopOutdatedProgram(host: HostSpec, program: HostProgram, baseFolder: string): Promise<void> {
  await stopOutdated(stateFolder(host.lab), daemonOf(host, program, codeOf(host, program, baseFolder)));
}

/**
 * Runs the program. It is copied first: its user can't enter every folder that a checkout may be in.
 * @param baseFolder folder that the program's path is relative to
 * @returns whether it was started now
 */
export async function ensureProgram(host: HostSpec, program: HostProgram, baseFolder: string): Promise<boolean> {
  const files = hostFiles(host.lab, host.mesh, host.name);
  const code = codeOf(host, program, baseFolder);
  const readable = { uid: 0, gid: hostUsers(host).program };
  folder(dirname(files.program), readable, 0o750);
  writeOwned(files.program, code, readable, 0o640);
  return startDaemon(stateFolder(host.lab), host.lab, daemonOf(host, program, code));
}

function codeOf(host: HostSpec, program: HostProgram, baseFolder: string): Buffer {
  const source = isAbsolute(program.path) ? program.path : join(baseFolder, program.path);
  try {
    return readFileSync(source);
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    throw new FailureError(`host ${host.mesh}/${host.name}: its program ${source} can't be read: ${why}`);
  }
}

function daemonOf(host: HostSpec, program: HostProgram, code: Buffer): Daemon {
  const files = hostFiles(host.lab, host.mesh, host.name);
  const users = hostUsers(host);
  return {
    name: programDaemon(host),
    netns: hostNetns(host),
    command: runnable(host.lab, 'node'),
    args: [files.program],
    env: program.env,
    cwd: dirname(files.program),
    uid: users.program,
    groups: [users.group],
    revision: createHash('sha256').update(code).digest('hex'),
  };
}
