/** The access table that was applied last, kept beside the record of what was applied. */
import { existsSync, mkdirSync, readdirSync, readFileSync, rmdirSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { type AccessTable, accessTable } from '../../model/access/changes';
import type { Lab } from '../../model/lab';
import { recordFile, recordFiles } from '../state';

const fileName = 'access.json';

/** Called once all of the plan is applied: until then the one before is what is known to hold. */
export function noteAccess(lab: Lab): void {
  const folder = dirname(recordFile(lab));
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  writeFileSync(join(folder, fileName), JSON.stringify(accessTable(lab)));
}

/** Undefined when the lab is not up, or was raised by a version that did not keep it. */
export function appliedAccess(lab: Lab): AccessTable | undefined {
  const file = join(dirname(recordFile(lab)), fileName);
  return existsSync(file) ? (JSON.parse(readFileSync(file, 'utf8')) as AccessTable) : undefined;
}

/** Forgets the table of a lab that is gone, and the folder that held nothing else. */
export function forgetAccess(lab: string): void {
  for (const folder of recordFiles(lab).map(dirname)) {
    rmSync(join(folder, fileName), { force: true });
    if (existsSync(folder) && readdirSync(folder).length === 0) rmdirSync(folder);
  }
}
