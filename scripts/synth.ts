/** Writes the plan of a lab file. */
import { join } from 'node:path';
import { bundle } from './bundle';
import { run } from './machine/exec';
import { type PlannedResource, readPlan } from './plan/read';
import { root } from './root';

/** Bundles the programs, then runs main.ts. Returns the folder of the plan. */
export async function synthesise(config: string, signal: AbortSignal): Promise<string> {
  await bundle();
  const outdir = join(root, 'cdktf.out');
  await run(process.execPath, ['--require', join(root, 'node_modules/tsx/dist/cjs/index.cjs'), join(root, 'main.ts')], {
    cwd: root,
    env: { ISTHMUS_CONFIG: config, CDKTF_OUTDIR: outdir },
    signal,
  });
  return outdir;
}

export async function planOf(config: string, signal: AbortSignal): Promise<PlannedResource[]> {
  return readPlan(await synthesise(config, signal));
}
