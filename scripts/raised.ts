/** What commands need that look into a lab. */
import { existsSync } from 'node:fs';
import { stateFolder } from '../model/names';
import { FailureError } from './errors';

/** Throws {@link FailureError} when this process may not look into a lab. */
export function requireRoot(): void {
  if (process.getuid?.() === 0) return;
  throw new FailureError(
    'the lab is made of network namespaces and containers, which need root; run the command with sudo',
  );
}

/** Throws {@link FailureError} unless the lab is on this machine and this process may look into it. */
export function requireRaised(lab: string): void {
  requireRoot();
  if (existsSync(stateFolder(lab))) return;
  throw new FailureError(`lab ${lab} is not up on this machine. What now: isthmus up`);
}
