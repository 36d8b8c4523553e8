/** `isthmus up`: the machine, the plan, the page. */
import { cpSync, existsSync, mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { clusterAccess } from '../../model/cluster';
import type { Lab } from '../../model/lab';
import { noteAccess } from '../access/applied';
import { preflight } from '../clusters/preflight';
import { FailureError } from '../errors';
import { awaitRoots, calledFromOutside } from '../hosts/callers';
import { istioCharts } from '../machine/binaries';
import { prepareMachine, raiseMachine } from '../machine/machine';
import { ensureTools } from '../machine/tools';
import { kubeconfigMeshes, localMeshes, localNodes } from '../meshes';
import { awaitPage, pageAddress, pageForward } from '../page';
import { applyPlan, type Outcome } from '../plan/apply';
import { readPlan } from '../plan/read';
import { Record } from '../plan/record';
import type { Progress } from '../progress';
import { makeSecrets } from '../secrets';
import { recordFile, recordFiles } from '../state';
import { synthesise } from '../synth';

export interface UpOptions {
  /** Lab file that was read, for synth to read again. */
  readonly config: string;
  readonly progress: Progress;
  readonly signal: AbortSignal;
}

export interface UpResult extends Outcome {
  /** Address of the page; none when no service is exposed. */
  readonly page: string | undefined;
  /** Command that brings the page here, when its address does not answer from this machine. */
  readonly forward?: string;
}

/** What can be had before the lab's lock: it concerns no lab, and may take minutes. */
export async function prepare(lab: Lab, progress: Progress, signal: AbortSignal): Promise<void> {
  assertOneRecord(lab);
  if (kubeconfigMeshes(lab).length > 0) await ensureTools(lab.name, progress, signal);
  if (localMeshes(lab).length > 0) await prepareMachine(lab, progress, signal);
}

/** Raises the lab, or brings a raised one to what its file says. Safe to repeat, also after a kill. */
export async function up(lab: Lab, options: UpOptions): Promise<UpResult> {
  const { progress, signal } = options;
  const planned = progress.step('bundle the programs and write the plan', () => synthesise(options.config, signal));
  // Not awaited yet: a failure must not go unheard while the machine is raised.
  planned.catch(() => {});
  // Before anything is changed, all that speaks against it is known.
  if (kubeconfigMeshes(lab).length > 0) await preflight(lab, readPlan(await planned), progress);
  if (localMeshes(lab).length > 0) await raiseMachine(lab, progress, signal);
  const outdir = await planned;
  if (localNodes(lab).length > 0) layCharts(outdir);
  const plan = readPlan(outdir);
  const record = new Record(recordFile(lab));
  const before = Object.fromEntries(
    lab.meshes
      .filter((mesh) => !mesh.existing && clusterAccess(lab, mesh) !== undefined)
      .map(({ name }) => [`weather-${name}`, () => makeSecrets(lab, name, process.env)]),
  );
  const outcome = await applyPlan(plan, record, { lab: lab.name, progress, signal, before });
  noteAccess(lab);
  if (calledFromOutside(lab).length > 0)
    await progress.step("wait until Consul's services have their callers' roots", () => awaitRoots(lab, signal));
  return { ...outcome, ...(await findPage(lab, progress, signal)) };
}

/** A lab file that moved between this machine and clusters would leave things behind that no record knows. */
function assertOneRecord(lab: Lab): void {
  const other = recordFiles(lab.name).find((file) => file !== recordFile(lab) && existsSync(file));
  if (other === undefined) return;
  throw new FailureError(
    `lab ${lab.name} is up already, ${localMeshes(lab).length > 0 ? 'without' : 'with'} a mesh on this machine (${other}); take it down first: isthmus down`,
  );
}

/** The local plan finds Istio's charts beside its stacks; they come from the same module as the binaries. */
export function layCharts(outdir: string): void {
  const folder = join(outdir, 'charts', 'istio');
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  if (!existsSync(istioCharts()))
    throw new FailureError(`no Istio charts at ${istioCharts()}; run: isthmus cache clean, then isthmus up`);
  cpSync(istioCharts(), folder, { recursive: true });
}

async function findPage(
  lab: Lab,
  progress: Progress,
  signal: AbortSignal,
): Promise<Pick<UpResult, 'page' | 'forward'>> {
  const page = await pageAddress(lab);
  if (page === undefined) return { page };
  const forward = pageForward(lab);
  // Nodes of a cluster may be in a network that this machine is not in.
  const timeout = forward === undefined ? 60_000 : 15_000;
  const get = async () => (await fetch(page, { signal: AbortSignal.timeout(3_000) })).status;
  const last = await progress.step(`wait for ${page}`, () => awaitPage(get, { timeout, interval: 100, signal }));
  if (last === undefined) return { page };
  if (forward !== undefined) return { page, forward };
  throw new FailureError(
    `${page} does not answer within ${timeout / 1000} s (${last}). What now: isthmus status, isthmus logs west/frontend`,
  );
}
