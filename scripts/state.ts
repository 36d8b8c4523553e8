/**
 * What is kept of a raised lab between two commands. A lab with a mesh on this machine keeps all in its state folder,
 * which is root's; one without belongs to the person who raised it.
 */
import { homedir } from 'node:os';
import { join } from 'node:path';
import type { Lab } from '../model/lab';
import { stateFolder } from '../model/names';
import { localMeshes } from './meshes';

/** `${XDG_STATE_HOME:-~/.local/state}/isthmus`. Names of labs begin with a letter; what is not of a lab, with a dot. */
export function userStates(): string {
  const base = process.env.XDG_STATE_HOME;
  return join(base === undefined || base === '' ? join(homedir(), '.local/state') : base, 'isthmus');
}

/** Folder for the state of a lab without a mesh on this machine. */
export function userState(lab: string): string {
  return join(userStates(), lab);
}

/** Where the record of what was applied of a lab lies. */
export function recordFile(lab: Pick<Lab, 'name' | 'meshes'>): string {
  const [machine, user] = recordFiles(lab.name);
  return localMeshes(lab).length > 0 ? machine : user;
}

/** Both places: which one a lab has used is not known from its name. */
export function recordFiles(lab: string): readonly [machine: string, user: string] {
  return [join(stateFolder(lab), 'plan', 'applied.json'), join(userState(lab), 'applied.json')];
}
