/** Programs where the users that run them can reach them. */
import { createHash } from 'node:crypto';
import { constants, copyFileSync, existsSync, linkSync, mkdirSync, renameSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { stateFolder } from '../../model/names';
import { type BinaryName, locate } from '../machine/binaries';
import { passable } from './secret';

/**
 * Path of a program that any user may run. The cache usually lies in root's home, which lets nobody pass; such a
 * program gets a second name (or a copy, on another file system) in the lab's state folder.
 */
export function runnable(lab: string, name: BinaryName): string {
  const source = locate(name);
  if (isOpen(source)) return source;
  const { ino, size, mtimeMs } = statSync(source);
  const mark = createHash('sha256').update(`${source} ${ino} ${size} ${mtimeMs}`).digest('hex').slice(0, 12);
  const folder = join(stateFolder(lab), 'bin');
  const target = join(folder, `${name}-${mark}`);
  if (existsSync(target)) return target;
  mkdirSync(folder, { recursive: true });
  passable(stateFolder(lab));
  passable(folder);
  const draft = `${target}.${process.pid}.new`;
  try {
    linkSync(source, draft);
  } catch {
    copyFileSync(source, draft, constants.COPYFILE_FICLONE);
  }
  renameSync(draft, target);
  return target;
}

/** May everybody read and run this file, and pass every folder above it? */
export function isOpen(path: string): boolean {
  if ((statSync(path).mode & 0o005) !== 0o005) return false;
  for (let folder = dirname(path); ; folder = dirname(folder)) {
    if ((statSync(folder).mode & 0o001) === 0) return false;
    if (folder === dirname(folder)) return true;
  }
}
