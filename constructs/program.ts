/** The file of a bundled program. */
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { programFile } from '../model/programs';

const root = join(__dirname, '..');

export interface Program {
  readonly file: string;
  /** SHA-256 of the file, hexadecimal. */
  readonly hash: string;
}

/** A program of ours, such as `weather/info`, or a path relative to the working folder. Throws when there is none. */
export function bundledProgram(name: string): Program {
  const file = programFile(name, root);
  return { file, hash: createHash('sha256').update(readFileSync(file)).digest('hex') };
}
