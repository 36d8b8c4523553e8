/** Where packets of a lab are kept while it is listened to: with all else of the lab, so that `down` finds them. */
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { capturesFolder } from '../../model/names';

/** Makes a folder for one capture, that only this user may read. Who makes it removes it. */
export function makeCaptureFolder(lab: string): string {
  mkdirSync(capturesFolder(lab), { recursive: true, mode: 0o700 });
  return mkdtempSync(join(capturesFolder(lab), 'run-'));
}

/** Removes what a command left that was ended at once. Nobody else may listen meanwhile. */
export function forgetCaptures(lab: string): void {
  rmSync(capturesFolder(lab), { recursive: true, force: true });
}
