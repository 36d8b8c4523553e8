/** `isthmus cache clean`: removes what was built and fetched. */
import { readlinkSync } from 'node:fs';
import { FailureError } from '../errors';
import { cacheFolder, cleanCache } from '../machine/cache';
import { labMark } from '../machine/daemon';
import { cacheLock, withLock } from '../machine/lock';
import { processes, startedWith } from '../machine/processes';

/**
 * Removes the cache, unless programs run from it: their lab could start no pod until all was built again.
 * @returns what to tell the user
 */
export async function cacheClean(): Promise<string> {
  const clean = async () => {
    const labs = labsInUse();
    if (labs.length > 0) {
      throw new FailureError(
        `programs run from the cache ${cacheFolder()}, of these labs: ${labs.join(', ')}; take them down first, each with \`isthmus --config FILE down\``,
      );
    }
    return cleanCache() ?? 'the cache is empty';
  };
  return withLock('cache clean', '', clean, cacheLock());
}

/** Labs of which a program runs from the cache. */
function labsInUse(): string[] {
  const running = processes().filter((pid) => executable(pid).startsWith(`${cacheFolder()}/`));
  return [...new Set(running.map((pid) => startedWith(pid, labMark) ?? 'of an unknown name'))].toSorted();
}

function executable(pid: number): string {
  try {
    return readlinkSync(`/proc/${pid}/exe`);
  } catch {
    return '';
  }
}
