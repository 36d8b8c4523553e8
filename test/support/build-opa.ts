/** Builds OPA into the cache; run by `opa.ts` as a program of its own. */
import { missingProducts } from '../../scripts/machine/binaries';
import { ensureBinaries, tidyUp } from '../../scripts/machine/build';
import { cacheLock, withLock } from '../../scripts/machine/lock';
import { testProducts } from '../../scripts/machine/products';
import { makeProgress } from '../../scripts/progress';

async function build(): Promise<void> {
  const progress = makeProgress();
  await ensureBinaries(progress, undefined, [], testProducts);
  // What is still to be built for a lab wants Go's caches as well.
  if (missingProducts().length === 0) await tidyUp(progress);
}

withLock('build of opa', 'tests', build, cacheLock()).catch((error: unknown) => {
  process.stderr.write(`${(error as Error).message.replaceAll('\n', ' ')}\n`);
  process.exitCode = 1;
});
