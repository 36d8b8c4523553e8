/** `isthmus up` on AWS: what it costs and exposes is shown and asked for first, then Terraform makes it. */
import { join } from 'node:path';
import type { Cidr } from '../../model/cidr';
import type { Lab } from '../../model/lab';
import { stateFileName } from '../../model/names';
import { costCommand, formatCost } from '../commands/cost';
import { FailureError } from '../errors';
import { ensureTools } from '../machine/tools';
import { awaitPage, pageMesh } from '../page';
import type { Progress } from '../progress';
import { root } from '../root';
import { makeSecrets } from '../secrets';
import { synthesise } from '../synth';
import { applyStacks, type Changes, type DriveOptions } from '../terraform/drive';
import { findTerraform, type TerraformProgram, terraformEnvironment } from '../terraform/program';
import { AppliedRecord } from '../terraform/record';
import { readStacks, type Stack } from '../terraform/stacks';
import { readState, readStateFile } from '../terraform/state';
import { type Ask, asker } from './ask';
import { type Passed, preflight } from './preflight/preflight';
import { formatUnchecked } from './preflight/problem';
import type { PreflightSubject } from './preflight/subject';
import { exposureOf, formatExposure } from './reach/exposure';
import { readStackPlans } from './reach/plan';

/** Milliseconds that a new load balancer's name may take to be known, and its targets to be healthy. */
const patience = 10 * 60_000;

export interface UpOnAwsOptions {
  /** Lab file that was read, for synth to read again. */
  readonly config: string;
  readonly progress: Progress;
  readonly signal: AbortSignal;
  /** Create without asking. */
  readonly yes: boolean;
  /** Prints for the person: what it costs, what is exposed. */
  readonly say: (text: string) => void;
}

/** What `up` consists of; tests put others in. */
export interface UpSteps {
  /** Folder of the state files, in which synth's output lies. */
  readonly checkout: string;
  readonly env: NodeJS.ProcessEnv;
  readonly asker: (yes: boolean) => Ask;
  readonly terraform: () => Promise<TerraformProgram>;
  readonly preflight: (subject: PreflightSubject) => Promise<Passed>;
  /** Has kubectl, for Secrets and pairing. */
  readonly tools: (lab: string, progress: Progress, signal: AbortSignal) => Promise<void>;
  /** Writes the plan; returns its folder. */
  readonly synthesise: (config: string, signal: AbortSignal) => Promise<string>;
  readonly cost: (lab: Lab, outdir: string) => Promise<string>;
  readonly exposure: (lab: Lab, outdir: string) => Promise<string>;
  readonly secrets: (lab: Lab, mesh: string) => Promise<void>;
  /** HTTP status of an address; throws when nothing answers. */
  readonly get: (address: string) => Promise<number>;
}

const realSteps: UpSteps = {
  checkout: root,
  env: process.env,
  asker: (yes) => asker('isthmus up on AWS', yes),
  terraform: findTerraform,
  preflight,
  tools: ensureTools,
  synthesise,
  cost: async (lab, outdir) => formatCost(await costCommand(lab, { config: '', outdir })),
  exposure: async (lab, outdir) => formatExposure(exposureOf(readStackPlans(outdir), { networks: networksOf(lab) })),
  secrets: (lab, mesh) => makeSecrets(lab, mesh, process.env),
  get: async (address) => (await fetch(address, { signal: AbortSignal.timeout(5_000) })).status,
};

function networksOf({ meshes }: Lab): Record<string, Cidr> {
  return Object.fromEntries(meshes.map(({ name, network }) => [name, network]));
}

export interface UpOnAwsResult {
  readonly changes: Changes;
  /** Address of the page; none when no service is exposed. */
  readonly page: string | undefined;
  /** Whether the page is only for those inside its network. */
  readonly inside: boolean;
  /** Stacks of this lab that its file no longer has, and that are still there. */
  readonly stale: readonly string[];
}

/**
 * Raises a lab on AWS, or brings a raised one to what its file says. Safe to repeat, after a failure and after any
 * interruption.
 * @throws UsageError for everything that can be known before the first resource
 */
export async function upOnAws(lab: Lab, options: UpOnAwsOptions, steps: UpSteps = realSteps): Promise<UpOnAwsResult> {
  const { progress, signal, say } = options;
  const ask = steps.asker(options.yes);
  const subject = subjectOf(lab, steps.checkout);
  const { identity, unchecked } = await progress.step('check the account, the region and the quotas', () =>
    steps.preflight(subject),
  );
  const program = await steps.terraform();
  await steps.tools(lab.name, progress, signal);
  signal.throwIfAborted();
  const outdir = await progress.step('bundle the programs and write the plan', () =>
    steps.synthesise(options.config, signal),
  );
  const stacks = readStacks(outdir);
  say(`What it costs:\n${await steps.cost(lab, outdir)}\n`);
  say(`What is open to whom:\n${await steps.exposure(lab, outdir)}\n`);
  if (unchecked.length > 0) say(`${formatUnchecked(unchecked)}\n`);
  const { region } = subject.aws;
  say(`Lab ${lab.name}: ${stacks.length} stacks in ${region}, account ${identity.account}, as ${identity.arn}.`);
  const question = subject.raised.length === 0 ? 'Create this?' : 'Change it to this?';
  if (!(await ask(question, signal))) throw new FailureError('nothing was created or changed');
  const drive: DriveOptions = {
    checkout: steps.checkout,
    owner: { lab: lab.name, region, account: identity.account },
    program,
    progress,
    signal,
    env: steps.env,
    // Also of a mesh that is on a cluster of the person's own.
    before: Object.fromEntries(
      lab.meshes
        .filter(({ existing }) => !existing)
        .map(({ name }) => [`weather-${name}`, () => steps.secrets(lab, name)] as const),
    ),
  };
  const changes = await applyStacks(stacks, drive);
  const page = await pageOf(lab, stacks, program, steps);
  const inside = subject.aws.pageFrom.length === 0;
  if (page !== undefined && !inside) {
    await progress.step(`wait for ${page}`, () => pageAnswers(page, steps, signal));
  }
  const planned = new Set(stacks.map(({ name }) => name));
  const applied = new AppliedRecord(steps.checkout, lab.name).stacks().map(({ name }) => name);
  return { changes, page, inside, stale: applied.filter((name) => !planned.has(name)) };
}

/** What a person is told at the end. */
export function formatUp(lab: Lab, { page, inside, stale }: UpOnAwsResult, command: string): string {
  const mesh = pageMesh(lab)?.name ?? '';
  return [
    ...(page === undefined ? [] : [`The page: ${page}`]),
    ...(page !== undefined && inside
      ? [
          `It answers inside the network of mesh ${mesh} only: aws.pageFrom in the lab file is empty. From here: ${command} kubeconfig ${mesh} > ${mesh}.kubeconfig; kubectl --kubeconfig ${mesh}.kubeconfig -n istio-ingress port-forward service/istio-ingress 8080:80`,
        ]
      : []),
    ...(stale.length === 0
      ? []
      : [
          `No longer in the lab file and still there, and paid for: ${stale.join(', ')}. \`${command} down\` destroys them with the rest.`,
        ]),
    `What now: ${command} call · ${command} status · ${command} down`,
  ].join('\n');
}

/** The lab as preflight sees it. */
export function subjectOf(lab: Lab, checkout: string): PreflightSubject {
  if (lab.aws === undefined) throw new Error(`lab ${lab.name} has nothing on AWS`);
  const meshes = lab.meshes.flatMap(({ name, network, place }) =>
    place.platform === 'aws' ? [{ name, network, aws: place }] : [],
  );
  const names = meshes.flatMap(({ name }) => [`network-${name}`, `cluster-${name}`]);
  // A state in S3 is seen once its stack is initialised; until then it may hold everything.
  const holds = (name: string) =>
    lab.aws?.state.kind === 's3' || readStateFile(join(checkout, stateFileName(name))).resources.length > 0;
  return { lab: lab.name, aws: lab.aws, meshes, raised: names.filter(holds) };
}

async function pageOf(
  lab: Lab,
  stacks: readonly Stack[],
  program: TerraformProgram,
  { env }: UpSteps,
): Promise<string | undefined> {
  const mesh = pageMesh(lab);
  const stack = stacks.find(({ name }) => name === `cluster-${mesh?.name}`);
  if (stack === undefined) return undefined;
  const { outputs } = await readState(stack, program, terraformEnvironment(env));
  return typeof outputs.pageAddress === 'string' ? outputs.pageAddress : undefined;
}

async function pageAnswers(page: string, { get }: UpSteps, signal: AbortSignal): Promise<void> {
  const last = await awaitPage(() => get(page), { timeout: patience, interval: 2_000, signal });
  if (last === undefined) return;
  throw new FailureError(
    `${page} does not answer within ${patience / 60_000} minutes (${last}). Everything is made. What now: is your address in aws.pageFrom? isthmus status, isthmus logs west/frontend`,
  );
}
