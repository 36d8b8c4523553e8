/** `isthmus up`: the machine, the plan, the page. */
import { cpSync, existsSync, mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import type { Lab } from '../../model/lab';
import { stateFolder } from '../../model/names';
import { bundle } from '../bundle';
import { FailureError } from '../errors';
import { istioCharts } from '../machine/binaries';
import { run } from '../machine/exec';
import { raiseMachine } from '../machine/machine';
import { until } from '../machine/until';
import { pageAddress } from '../page';
import { applyPlan, type Outcome } from '../plan/apply';
import { readPlan } from '../plan/read';
import { Record } from '../plan/record';
import type { Progress } from '../progress';
import { root } from '../root';
import { makeSecrets } from '../secrets';

export interface UpOptions {
  /** Lab file that was read, for synth to read again. */
  readonly config: string;
  readonly progress: Progress;
  readonly signal: AbortSignal;
}

export interface UpResult extends Outcome {
  /** Address of the page; none when no service is exposed. */
  readonly page: string | undefined;
}

/** Raises the lab, or brings a raised one to what its file says. Safe to repeat, also after a kill. */
export async function up(lab: Lab, options: UpOptions): Promise<UpResult> {
  const { progress, signal } = options;
  const planned = progress.step('bundle the programs and write the plan', () => synthesise(options.config, signal));
  // Not awaited yet: a failure must not go unheard while the machine is raised.
  planned.catch(() => {});
  await raiseMachine(lab, progress, signal);
  const outdir = await planned;
  layCharts(outdir);
  const plan = readPlan(outdir);
  const record = new Record(recordFile(lab.name));
  const before = Object.fromEntries(
    lab.meshes
      .filter(({ kind }) => kind === 'istio')
      .map(({ name }) => [`weather-${name}`, () => makeSecrets(lab, name, process.env)]),
  );
  const outcome = await applyPlan(plan, record, { lab: lab.name, progress, signal, before });
  const page = pageAddress(lab);
  if (page !== undefined) await progress.step(`wait for ${page}`, () => answers(page, signal));
  return { ...outcome, page };
}

/** Where the record of what was applied lies. */
export function recordFile(lab: string): string {
  return join(stateFolder(lab), 'plan', 'applied.json');
}

/** Bundles the programs, then runs main.ts. Returns the folder of the plan. */
async function synthesise(config: string, signal: AbortSignal): Promise<string> {
  await bundle();
  const outdir = join(root, 'cdktf.out');
  await run(process.execPath, ['--require', join(root, 'node_modules/tsx/dist/cjs/index.cjs'), join(root, 'main.ts')], {
    cwd: root,
    env: { ISTHMUS_CONFIG: config, CDKTF_OUTDIR: outdir },
    signal,
  });
  return outdir;
}

/** The local plan finds Istio's charts beside its stacks; they come from the same module as the binaries. */
function layCharts(outdir: string): void {
  const folder = join(outdir, 'charts', 'istio');
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  if (!existsSync(istioCharts()))
    throw new FailureError(`no Istio charts at ${istioCharts()}; run: isthmus cache clean, then isthmus up`);
  cpSync(istioCharts(), folder, { recursive: true });
}

async function answers(page: string, signal: AbortSignal): Promise<void> {
  let last = 'no answer';
  const ready = async (): Promise<boolean> => {
    const response = await fetch(page, { signal: AbortSignal.timeout(3_000) });
    last = `status ${response.status}`;
    return response.ok;
  };
  if (!(await until(ready, { timeout: 60_000, interval: 100, signal }))) {
    throw new FailureError(
      `${page} does not answer within 60 s (${last}). What now: isthmus status, isthmus logs west/frontend`,
    );
  }
}
