/** What commands need that look into a lab. */
import { existsSync } from 'node:fs';
import type { Lab } from '../model/lab';
import { stateFolder } from '../model/names';
import { FailureError } from './errors';
import { localMeshes } from './meshes';

/** Throws {@link FailureError} when this process may not change this machine's networks. */
export function requireRoot(): void {
  if (process.getuid?.() === 0) return;
  throw new FailureError(
    'the lab is made of network namespaces and containers, which need root; run the command with sudo',
  );
}

/**
 * Throws {@link FailureError} unless the part of the lab that is on this machine is there, and this process may look
 * into it. What is in clusters tells for itself, and may have been made by Terraform.
 */
export function requireRaised(lab: Pick<Lab, 'name' | 'meshes'>): void {
  if (localMeshes(lab).length === 0) return;
  requireRoot();
  if (existsSync(stateFolder(lab.name))) return;
  throw new FailureError(`lab ${lab.name} is not up on this machine. What now: isthmus up`);
}
