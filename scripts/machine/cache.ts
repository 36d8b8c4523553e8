/**
 * Built and fetched things that outlive a lab: `${XDG_CACHE_HOME:-~/.cache}/isthmus/KEY/`. An entry is filled under a
 * temporary name and renamed when complete, so a killed build never leaves half of one. Each file is recorded with
 * its SHA-256; before use, size and modification time are compared, and the hash when those differ.
 */
import { createHash } from 'node:crypto';
import {
  createReadStream,
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { FailureError } from '../errors';

interface RecordedFile {
  readonly sha256: string;
  readonly size: number;
  readonly mtimeMs: number;
}

type EntryRecord = Readonly<Record<string, RecordedFile>>;

const recordName = 'entry.json';
const unfinished = /^\.new-(\d+)-/;

/** The cache's folder. It may not exist yet. */
export function cacheFolder(): string {
  const base = process.env.XDG_CACHE_HOME;
  return join(base === undefined || base === '' ? join(homedir(), '.cache') : base, 'isthmus');
}

/** Folder of a complete entry, `undefined` when there is none. */
export function findEntry(key: string): string | undefined {
  const folder = join(cacheFolder(), key);
  return existsSync(join(folder, recordName)) ? folder : undefined;
}

/**
 * Makes an entry unless it is there already.
 * @param fill writes the entry's files into the folder it is given
 * @returns the entry's folder
 */
export async function makeEntry(key: string, fill: (folder: string) => Promise<void>): Promise<string> {
  const known = findEntry(key);
  if (known !== undefined) return known;
  sweepUnfinished();
  const fresh = join(cacheFolder(), `.new-${process.pid}-${key}`);
  rmSync(fresh, { recursive: true, force: true });
  mkdirSync(fresh, { recursive: true });
  try {
    await fill(fresh);
    writeFileSync(join(fresh, recordName), JSON.stringify(await describe(fresh), undefined, 1));
    const folder = join(cacheFolder(), key);
    rmSync(folder, { recursive: true, force: true });
    renameSync(fresh, folder);
    return folder;
  } finally {
    rmSync(fresh, { recursive: true, force: true });
  }
}

/**
 * Absolute path of an entry's file, after a cheap check that it is the file that was recorded.
 * Throws {@link FailureError} when the entry is absent or the file was changed or lost.
 */
export function entryFile(key: string, file: string): string {
  const folder = findEntry(key);
  if (folder === undefined) {
    throw new FailureError(`${key} is not in the cache ${cacheFolder()}; run \`isthmus up\`, which makes it`);
  }
  const recorded = readRecord(folder, key)[file];
  if (recorded === undefined) throw corrupt(key, `it has no file ${file}`);
  const path = join(folder, file);
  const now = lstatSync(path, { throwIfNoEntry: false });
  if (now === undefined) throw corrupt(key, `its file ${file} is gone`);
  if (now.size !== recorded.size) {
    throw corrupt(key, `its file ${file} has ${now.size} bytes and should have ${recorded.size}`);
  }
  if (now.mtimeMs !== recorded.mtimeMs && sha256Sync(path) !== recorded.sha256) {
    throw corrupt(key, `its file ${file} was changed`);
  }
  return path;
}

/** Recorded SHA-256 of an entry's file. */
export function entryHash(key: string, file: string): string {
  const folder = findEntry(key);
  const recorded = folder === undefined ? undefined : readRecord(folder, key)[file];
  if (recorded === undefined) throw corrupt(key, `it has no file ${file}`);
  return recorded.sha256;
}

/** Hashes every file of an entry. Throws {@link FailureError} that names the first difference. */
export async function verifyEntry(key: string): Promise<void> {
  const folder = findEntry(key);
  if (folder === undefined) throw corrupt(key, 'it is gone');
  for (const [file, recorded] of Object.entries(readRecord(folder, key))) {
    const path = entryFile(key, file);
    if ((await sha256(path)) !== recorded.sha256) throw corrupt(key, `its file ${file} was changed`);
  }
}

/** Removes the complete entries whose key is chosen. */
export function removeEntries(chosen: (key: string) => boolean): void {
  for (const key of readdirSync(cacheFolder())) {
    if (chosen(key) && findEntry(key) !== undefined) rmSync(join(cacheFolder(), key), { recursive: true, force: true });
  }
}

/** Removes the whole cache. Returns the folder, or `undefined` when there was none. */
export function cleanCache(): string | undefined {
  const folder = cacheFolder();
  if (!existsSync(folder)) return undefined;
  // The Go module cache is read-only by design; root doesn't care, but the folder's owner may not be root.
  rmSync(folder, { recursive: true, force: true, maxRetries: 3 });
  return folder;
}

/** SHA-256 of a file, in hex. */
export async function sha256(path: string): Promise<string> {
  // A toolchain has ten thousand small files, and a stream costs more than most of them.
  if (lstatSync(path).size < 1 << 20) return sha256Sync(path);
  const hash = createHash('sha256');
  await pipeline(createReadStream(path, { highWaterMark: 1 << 20 }), hash);
  return hash.digest('hex');
}

function sha256Sync(path: string): string {
  return createHash('sha256').update(readFileSync(path)).digest('hex');
}

function corrupt(key: string, what: string): FailureError {
  return new FailureError(
    `cache entry ${key} in ${cacheFolder()} is damaged: ${what}; remove the cache with \`isthmus cache clean\`, or only this entry with \`rm -r ${join(cacheFolder(), key)}\`, then run the command again`,
  );
}

function readRecord(folder: string, key: string): EntryRecord {
  try {
    return JSON.parse(readFileSync(join(folder, recordName), 'utf8')) as EntryRecord;
  } catch {
    throw corrupt(key, `its record ${recordName} can't be read`);
  }
}

async function describe(folder: string): Promise<EntryRecord> {
  const record: Record<string, RecordedFile> = {};
  for (const entry of readdirSync(folder, { recursive: true, withFileTypes: true })) {
    if (!entry.isFile()) continue;
    const path = join(entry.parentPath, entry.name);
    const { size, mtimeMs } = lstatSync(path);
    record[path.slice(folder.length + 1)] = { sha256: await sha256(path), size, mtimeMs };
  }
  return record;
}

/** Makes a folder for work in progress. Whoever makes it removes it; if killed, the next build does. */
export function scratchFolder(): string {
  mkdirSync(cacheFolder(), { recursive: true });
  return mkdtempSync(join(cacheFolder(), `.new-${process.pid}-scratch-`));
}

/** Removes what killed builds left behind. */
function sweepUnfinished(): void {
  if (!existsSync(cacheFolder())) return;
  for (const name of readdirSync(cacheFolder())) {
    const pid = unfinished.exec(name)?.[1];
    if (pid !== undefined && !existsSync(`/proc/${pid}`)) {
      rmSync(join(cacheFolder(), name), { recursive: true, force: true });
    }
  }
}
