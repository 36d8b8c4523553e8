/** `isthmus cost`: what a lab would cost on AWS, from the plan itself. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Lab } from '../../model/lab';
import { supportWindows, unsupportedAt } from '../../model/support';
import { assume } from '../cost/assume';
import { costJson, type Estimate, type EstimateOptions, estimate } from '../cost/estimate';
import { formatEstimate } from '../cost/format';
import { type Plan, readWholePlan } from '../cost/plan';
import { type Saving, savings } from '../cost/savings';
import { synthesise } from '../synth';

export interface CostOptions {
  /** Lab file that was read, for synth to read again. */
  readonly config: string;
  /** Folder of a plan that is there. @default - the plan is written to a folder that goes again */
  readonly outdir?: string;
  /** Assumptions as `NAME=AMOUNT`. @default - the table's own */
  readonly assume?: readonly string[];
  /** Decides whether a Kubernetes version is still in standard support, which costs less. @default - today */
  readonly today?: Date;
  /** @default - the plan can not be stopped while it is written */
  readonly signal?: AbortSignal;
}

export interface CostResult {
  readonly estimate: Estimate;
  readonly savings: readonly Saving[];
  /** Why there is nothing to price; undefined when something of the lab is on AWS. */
  readonly nothing: string | undefined;
  readonly meshes: readonly string[];
}

/** Prices a lab. Only a lab with a mesh on AWS needs its plan. */
export async function costCommand(lab: Lab, options: CostOptions): Promise<CostResult> {
  const settings: EstimateOptions = {
    assumptions: assume(options.assume ?? []),
    extended: (version) => extended(version, options.today ?? new Date()),
  };
  const meshes = lab.meshes.map(({ name }) => name);
  const nothing = nothingToPay(lab);
  const plan: Plan = nothing === undefined ? await planOf(options) : { resources: [], follow: () => undefined };
  const found = estimate(plan, settings);
  return { estimate: found, savings: savings(plan, found), nothing, meshes };
}

/** What `--json` prints. */
export function costOutputOf({ estimate: found }: CostResult): unknown {
  return costJson(found);
}

/** The cost as text for a person. */
export function formatCost({ estimate: found, savings: cheaper, nothing, meshes }: CostResult): string {
  return nothing ?? formatEstimate(found, meshes, cheaper, { hint: 'change with --assume NAME=AMOUNT' });
}

/** Whether a version of EKS has left standard support; undefined when its end is not among those that are known. */
function extended(version: string, today: Date): boolean | undefined {
  const windows = supportWindows.filter(({ product, line }) => product === 'Amazon EKS' && line === version);
  return windows.length === 0 ? undefined : unsupportedAt(today, windows).length > 0;
}

function nothingToPay({ meshes }: Lab): string | undefined {
  const places = new Set(meshes.map(({ place }) => place.platform));
  if (places.has('aws')) return undefined;
  if (places.has('kubeconfig'))
    return 'Nothing of this lab is on AWS as far as its plan knows: the clusters are your own, and what they cost you pay already.';
  return 'A lab on this machine costs nothing.';
}

async function planOf({ config, outdir, signal }: CostOptions): Promise<Plan> {
  if (outdir !== undefined) return readWholePlan(outdir);
  const folder = mkdtempSync(join(tmpdir(), 'isthmus-cost-'));
  try {
    await synthesise(config, signal, folder);
    return readWholePlan(folder);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
