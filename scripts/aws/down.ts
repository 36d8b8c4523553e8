/** `isthmus down` on AWS: everything goes in the safe order, then the account is asked what is left. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { clusterName } from '../../model/aws';
import type { Lab } from '../../model/lab';
import { formatLeftovers, isNothingLeft, type LeftoversReport, leftovers } from '../commands/leftovers';
import { FailureError, UsageError } from '../errors';
import { ensureTools } from '../machine/tools';
import type { Progress } from '../progress';
import { root } from '../root';
import { synthesise } from '../synth';
import { appliedOr, destroyStacks } from '../terraform/drive';
import { findTerraform, type TerraformProgram, terraformEnvironment } from '../terraform/program';
import { AppliedRecord } from '../terraform/record';
import { readStacks, type Stack, stateLocation } from '../terraform/stacks';
import { localStates, type Owner, readState, readStateFile } from '../terraform/state';
import { type Ask, asker } from './ask';
import { betweenDestroys } from './between';
import { type AwsClients, awsClients } from './clients';
import { interfacesIn } from './in-the-way';
import { labOfPlan } from './plan-owner';
import { whoAmI } from './preflight/credentials';
import { awsFacts, type Identity } from './preflight/facts';
import { formatProblems } from './preflight/problem';
import { raisedRegions } from './regions';

export interface DownOnAwsOptions {
  /** The lab's name. */
  readonly name: string;
  /** The lab as its file has it. @default - the file is gone or has faults: what was applied is known all the same */
  readonly known?: { readonly lab: Lab; readonly config: string };
  /** `--region`. @default - the one where the lab was raised, or else the lab file's */
  readonly region?: string;
  readonly progress: Progress;
  readonly signal: AbortSignal;
  /** Destroy without asking. */
  readonly yes: boolean;
  readonly say: (text: string) => void;
}

/** What `down` consists of; tests put others in. */
export interface DownSteps {
  readonly checkout: string;
  readonly env: NodeJS.ProcessEnv;
  readonly asker: (yes: boolean) => Ask;
  readonly terraform: () => Promise<TerraformProgram>;
  /** Has kubectl, for Secrets and pairing. */
  readonly tools: (lab: string, progress: Progress, signal: AbortSignal) => Promise<void>;
  readonly synthesise: (config: string, signal: AbortSignal) => Promise<string>;
  readonly clients: (region: string) => AwsClients;
  /** Who we are in a region; throws UsageError when AWS does not say. */
  readonly identity: (clients: AwsClients) => Promise<Identity>;
  readonly between: typeof betweenDestroys;
  readonly leftovers: (request: Parameters<typeof leftovers>[0]) => Promise<LeftoversReport>;
}

const realSteps: DownSteps = {
  checkout: root,
  env: process.env,
  asker: (yes) => asker('isthmus down on AWS', yes),
  terraform: findTerraform,
  tools: ensureTools,
  synthesise,
  clients: awsClients,
  identity: async (clients) => {
    const who = await whoAmI(awsFacts(clients, clients));
    if ('problem' in who) throw new UsageError(formatProblems([who.problem], 'anything was destroyed'));
    return who.identity;
  },
  between: betweenDestroys,
  leftovers,
};

/**
 * Takes a lab on AWS down. Safe to repeat, after any interruption, with stacks that were never made or are gone, and
 * with a lab file that changed since or has faults.
 * @returns whether it is proved that nothing is left
 */
export async function downOnAws(options: DownOnAwsOptions, steps: DownSteps = realSteps): Promise<boolean> {
  const { name, progress, signal, say } = options;
  const ask = steps.asker(options.yes);
  const stacks = appliedOr(await plannedStacks(options, steps), { checkout: steps.checkout, owner: { lab: name } });
  assertAllKnown(name, stacks, steps.checkout);
  const regions = regionsOf(options, steps.checkout);
  const [region] = regions;
  if (region === undefined) {
    throw new UsageError(
      `nothing here tells in which region lab ${name} is. Give it: isthmus down ${name} --region REGION`,
    );
  }
  const clients = steps.clients(region);
  try {
    const identity = await steps.identity(clients);
    const held = stacks.filter(mayHold);
    // In another account nothing would be found either: the person must see which one was asked.
    if (held.length === 0) say(`No state here holds anything of lab ${name}. Asking account ${identity.account}.`);
    else {
      say(`Lab ${name} in ${region}, account ${identity.account}: ${held.map(({ name: one }) => one).join(', ')}.`);
      if (!(await ask('Destroy all of this, with its data?', signal))) throw new FailureError('nothing was destroyed');
      await destroy(stacks, { region, account: identity.account }, clients, options, steps);
    }
  } finally {
    clients.close();
  }
  const clusters = stacks.flatMap(({ name: one }) => {
    const mesh = /^cluster-(.+)$/.exec(one)?.[1];
    return mesh === undefined ? [] : [clusterName(name, mesh)];
  });
  let nothing = true;
  for (const place of regions) {
    const report = await steps.leftovers({
      lab: name,
      region: place,
      // Clusters that were there before do not carry the lab's tag and are left out.
      ...(clusters.length === 0 ? {} : { clusters: clusters.toSorted() }),
      delete: false,
      confirm: async () => false,
      progress,
      signal,
    });
    say(formatLeftovers(report));
    nothing &&= isNothingLeft(report);
  }
  return nothing;
}

async function destroy(
  stacks: readonly Stack[],
  owner: Owner,
  clients: AwsClients,
  { name, progress, signal }: DownOnAwsOptions,
  steps: DownSteps,
): Promise<void> {
  const program = await steps.terraform();
  await steps.tools(name, progress, signal);
  const env = terraformEnvironment(steps.env);
  await destroyStacks(stacks, {
    checkout: steps.checkout,
    owner: { ...owner, lab: name },
    program,
    progress,
    signal,
    env: steps.env,
    inTheWay: (id) => interfacesIn(clients, id),
    before: steps.between(stacks, { lab: name, clients, signal, state: (stack) => readState(stack, program, env) }),
  });
}

/** Stacks of the lab file's plan; of an earlier plan of the lab when the file has faults. */
async function plannedStacks(
  { name, known, progress, signal, say }: DownOnAwsOptions,
  { checkout, synthesise: write }: DownSteps,
): Promise<Stack[]> {
  if (known === undefined) {
    const outdir = join(checkout, 'cdktf.out');
    return existsSync(join(outdir, 'manifest.json')) && labOfPlan(outdir) === name ? readStacks(outdir) : [];
  }
  try {
    const title = 'bundle the programs and write the plan';
    return readStacks(await progress.step(title, () => write(known.config, signal)));
  } catch (error) {
    signal.throwIfAborted();
    if (new AppliedRecord(checkout, name).stacks().length === 0) throw error;
    say(`The plan can not be written (${error instanceof Error ? error.message : error}); going by what was applied.`);
    return [];
  }
}

/** Whether a stack may hold something; one with a state elsewhere may. */
function mayHold(stack: Stack): boolean {
  const location = stateLocation(stack);
  return location.kind === 'remote' || readStateFile(location.file).resources.length > 0;
}

/** Regions to look into, first the one where the lab was raised. */
function regionsOf({ name, known, region }: DownOnAwsOptions, checkout: string): string[] {
  const all = [...raisedRegions(name, checkout), region, known?.lab.aws?.region];
  return [...new Set(all.filter((one) => one !== undefined))];
}

/** Refuses to call it a day over states of this lab that nobody has a plan for. */
function assertAllKnown(lab: string, stacks: readonly Stack[], checkout: string): void {
  const known = new Set(stacks.map(({ name }) => name));
  const lost = localStates(checkout)
    .filter(({ stack, owner }) => !known.has(stack) && owner.labs.includes(lab))
    .map(({ file }) => file);
  if (lost.length === 0) return;
  throw new UsageError(
    `${lost.join(', ')} in ${checkout} hold resources of lab ${lab}, and there is no plan to destroy them by. Nothing was changed.\n    fix:     mend the lab file so that it has these stacks (isthmus cost reads it), then: isthmus down`,
  );
}
