/**
 * Which network namespaces are whose. Names are `isthmus-LAB-PART`, and both may hold dashes: `isthmus-a-b-east` may be
 * of lab `a` or of lab `a-b`. A lab's state folder is made before its namespaces and removed after them, so it tells.
 */
import { existsSync, readdirSync } from 'node:fs';
import type { Lab } from '../../model/lab';
import { netns } from '../../model/local';
import { statesFolder } from '../../model/names';

/** What is on the machine. */
export interface Present {
  readonly namespaces: readonly string[];
  /** Labs that have a state folder. */
  readonly labs: readonly string[];
}

/** Names of a lab's network namespaces on this machine, those of Consul hosts included. */
export function labNamespaces(lab: string, { namespaces, labs }: Present = look()): string[] {
  return namespaces.filter((name) => isOf(name, lab) && (owner(name, labs) ?? lab) === lab);
}

/**
 * Another lab on this machine whose namespaces have names that read like this lab's, or the other way round. Whoever
 * took one of the two down could not tell them apart, so they must not be side by side.
 */
export function namesake(
  lab: Pick<Lab, 'name' | 'meshes'>,
  { namespaces, labs }: Present = look(),
): string | undefined {
  const { name, meshes } = lab;
  const longer = labs
    .filter((other) => other.length > name.length)
    .find((other) => meshes.some((mesh) => isOf(netns(name, `${mesh.name}-`), other)));
  if (longer !== undefined || labs.includes(name)) return longer;
  return namespaces
    .filter((namespace) => isOf(namespace, name))
    .map((namespace) => owner(namespace, labs))
    .find((other) => other !== undefined && other.length < name.length);
}

/** The lab with the longest name that fits; `undefined` for what a lab that is not here left behind. */
function owner(namespace: string, labs: readonly string[]): string | undefined {
  return labs
    .filter((lab) => isOf(namespace, lab))
    .toSorted((a, b) => b.length - a.length)
    .at(0);
}

function isOf(namespace: string, lab: string): boolean {
  return namespace.startsWith(netns(lab, ''));
}

function look(): Present {
  return { namespaces: listed('/run/netns'), labs: listed(statesFolder) };
}

function listed(folder: string): string[] {
  return existsSync(folder) ? readdirSync(folder) : [];
}
