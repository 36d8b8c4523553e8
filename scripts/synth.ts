/** Writes the plan of a lab file. */
import { join } from 'node:path';
import { bundle } from './bundle';
import { run } from './machine/exec';
import { type PlannedResource, readPlan } from './plan/read';
import { root } from './root';

/**
 * Bundles the programs, then runs main.ts. Returns the folder of the plan.
 * @param outdir where the plan goes; without it to the checkout's own, which commands apply
 */
export async function synthesise(
  config: string,
  signal: AbortSignal | undefined,
  outdir = join(root, 'cdktf.out'),
): Promise<string> {
  await bundle();
  await run(process.execPath, ['--require', join(root, 'node_modules/tsx/dist/cjs/index.cjs'), join(root, 'main.ts')], {
    cwd: root,
    env: { ISTHMUS_CONFIG: config, CDKTF_OUTDIR: outdir },
    ...(signal === undefined ? {} : { signal }),
  });
  return outdir;
}

export async function planOf(config: string, signal: AbortSignal): Promise<PlannedResource[]> {
  return readPlan(await synthesise(config, signal));
}
