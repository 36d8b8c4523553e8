/** Keys and tokens made on this machine. They live in files of one owner and mode 0600, never in arguments or logs. */
import { randomBytes, randomUUID } from 'node:crypto';
import {
  chmodSync,
  chownSync,
  existsSync,
  linkSync,
  mkdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { dirname } from 'node:path';

export interface Owner {
  readonly uid: number;
  readonly gid: number;
}

export const root: Owner = { uid: 0, gid: 0 };

/** A user with its own group. */
export function owner(uid: number): Owner {
  return { uid, gid: uid };
}

/** Makes a folder and gives it an owner and a mode, whatever it had before. */
export function folder(path: string, owner: Owner, mode: number): string {
  mkdirSync(path, { recursive: true });
  chownSync(path, owner.uid, owner.gid);
  chmodSync(path, mode);
  return path;
}

/** Lets other users pass through a folder to what they own inside, without listing it. */
export function passable(path: string): void {
  mkdirSync(path, { recursive: true });
  const { mode } = statSync(path);
  if ((mode & 0o011) !== 0o011) chmodSync(path, mode | 0o011);
}

/** Writes a file in one step: a reader sees the old content or the new one, and no other user ever sees either. */
export function writeOwned(path: string, content: string | Buffer, owner: Owner, mode = 0o600): void {
  writeFileSync(draft(path), content, { mode: 0o600 });
  chownSync(draft(path), owner.uid, owner.gid);
  chmodSync(draft(path), mode);
  renameSync(draft(path), path);
}

/** Content of a file, made by `make` first when there is none. Two processes at once agree on one content. */
export function secret(path: string, make: () => string): string {
  if (!existsSync(path)) {
    folder(dirname(path), root, 0o700);
    writeFileSync(draft(path), make(), { mode: 0o600 });
    try {
      linkSync(draft(path), path);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    }
    rmSync(draft(path));
  }
  return readFileSync(path, 'utf8').trim();
}

/** A token's secret id, as Consul wants it. */
export function newToken(): string {
  return randomUUID();
}

/** A gossip key: 32 bytes, AES-256. */
export function newGossipKey(): string {
  return randomBytes(32).toString('base64');
}

function draft(path: string): string {
  return `${path}.${process.pid}.new`;
}
