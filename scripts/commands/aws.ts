/** The commands that are about AWS, and the part of `up` and `down` that is. */
import { clusterName } from '../../model/aws';
import type { Lab } from '../../model/lab';
import { forgetAccess, noteAccess } from '../access/applied';
import { labNameArgument, regionArgument } from '../arguments';
import { asker } from '../aws/ask';
import { raisedRegions } from '../aws/regions';
import { UsageError } from '../errors';
import { readableLab, readLabName } from '../load';
import { withLock } from '../machine/lock';
import { machineLock, whileChanging } from '../machine/locks';
import { makeProgress } from '../progress';
import { root } from '../root';
import { AppliedRecord } from '../terraform/record';
import type { Cli } from './cli';

/** Whether a mesh of the lab is on AWS, so that Terraform makes all of it. */
export function isOnAws({ meshes }: Pick<Lab, 'meshes'>): boolean {
  return meshes.some(({ place }) => place.platform === 'aws');
}

/** Whether a lab was raised on AWS from this checkout, whatever became of its file. */
export function wasOnAws(name: string): boolean {
  return new AppliedRecord(root, name).stacks().length > 0 || raisedRegions(name, root).length > 0;
}

/** `isthmus up` of a lab on AWS. */
export async function awsUp(lab: Lab, yes: boolean, { config, say, stoppable, command }: Cli): Promise<void> {
  // Not at the top: the SDK takes its time to load, and the other commands do without.
  const { formatUp, upOnAws }: typeof import('../aws/up') = require('../aws/up');
  const options = { config: config(), progress: makeProgress(), signal: stoppable(), yes, say };
  const result = await whileChanging('up', lab.name, false, () => upOnAws(lab, options));
  noteAccess(lab);
  say(`\nLab ${lab.name} is up.\n${formatUp(lab, result, command())}`);
}

export interface AwsDownOptions {
  readonly name: string;
  /** The lab, when its file could be read. */
  readonly known: Lab | undefined;
  readonly yes: boolean;
  readonly region: string | undefined;
}

/** `isthmus down` of a lab on AWS. */
export async function awsDown({ name, known, yes, region }: AwsDownOptions, cli: Cli): Promise<void> {
  const where = region === undefined ? {} : { region: regionArgument(region) };
  const { downOnAws }: typeof import('../aws/down') = require('../aws/down');
  const options = {
    name,
    ...(known === undefined ? {} : { known: { lab: known, config: cli.config() } }),
    ...where,
    progress: makeProgress(),
    signal: cli.stoppable(),
    yes,
    say: cli.say,
  };
  const gone = await whileChanging('down', name, false, () => downOnAws(options));
  if (gone) forgetAccess(name);
  else process.exitCode = 1;
}

export function addAwsCommands(cli: Cli): void {
  addCost(cli);
  addLeftovers(cli);
}

function addCost({ program, lab, config, say, json, stoppable }: Cli): void {
  program
    .command('cost')
    .description('what the lab costs per hour and month on AWS, item by item, from its own plan')
    .option('--assume <name=amount...>', 'how much it is used, such as natGb=50')
    .option('--json', 'machine-readable output')
    .action(async (options: { assume?: string[]; json?: boolean }) => {
      const { costCommand, costOutputOf, formatCost }: typeof import('./cost') = require('./cost');
      const found = await costCommand(lab(), { config: config(), assume: options.assume ?? [], signal: stoppable() });
      if (options.json === true) json(costOutputOf(found));
      else say(formatCost(found));
    });
}

interface LeftoversOptions {
  readonly json?: boolean;
  readonly delete?: boolean;
  readonly yes?: boolean;
  readonly region?: string;
}

function addLeftovers(cli: Cli): void {
  cli.program
    .command('leftovers [lab]')
    .description("what still exists on AWS that carries the lab's mark; exit status 1 when there is anything")
    .option('--json', 'machine-readable output')
    .option('--delete', 'remove it, after asking')
    .option('--yes', 'do not ask')
    .option('--region <region>', 'where to look, instead of the region of the lab file')
    .action((given: string | undefined, options: LeftoversOptions) => showLeftovers(given, options, cli));
}

async function showLeftovers(given: string | undefined, options: LeftoversOptions, cli: Cli): Promise<void> {
  const { formatLeftovers, isNothingLeft, leftovers, together }: typeof import('./leftovers') = require('./leftovers');
  const name = given === undefined ? readLabName(cli.config()) : labNameArgument(given);
  const found = readableLab(cli.config());
  const known = found?.name === name ? found : undefined;
  const regions = regionsToLookInto(name, known, options.region);
  // A cluster that was there before the lab is not the lab's.
  const clusters = known?.meshes.flatMap(({ name: mesh, place }) =>
    place.platform === 'aws' && place.cluster === undefined ? [clusterName(name, mesh)] : [],
  );
  const ask = options.delete === true ? asker('isthmus leftovers --delete', options.yes === true) : undefined;
  const signal = cli.stoppable();
  const look = async () => {
    const reports = [];
    for (const region of regions) {
      const report = await leftovers({
        lab: name,
        region,
        ...(clusters === undefined ? {} : { clusters }),
        delete: options.delete === true,
        progress: makeProgress(),
        signal,
        confirm: async (seen) => {
          process.stderr.write(`${formatLeftovers(seen)}\n`);
          return (await ask?.(`Delete these ${seen.items.length} things for good?`, signal)) ?? false;
        },
      });
      if (options.json !== true) cli.say(formatLeftovers(report));
      reports.push(report);
    }
    return together(reports);
  };
  // Looking disturbs nobody; removing what a deploy is just making would.
  const report = options.delete === true ? await withLock('leftovers', name, look, machineLock(false)) : await look();
  if (options.json === true) cli.json(report);
  if (!isNothingLeft(report)) process.exitCode = 1;
}

/** The region that is given; or else those where the lab was raised from here, and the lab file's. */
function regionsToLookInto(name: string, known: Lab | undefined, given: string | undefined): string[] {
  if (given !== undefined) return [regionArgument(given)];
  const file = known?.aws?.region;
  const regions = [...new Set([...(file === undefined ? [] : [file]), ...raisedRegions(name, root)])];
  if (regions.length > 0) return regions;
  const why = known === undefined ? 'no lab file names it' : 'it is not on AWS';
  throw new UsageError(
    `nothing tells in which region lab ${name} is: ${why}. Give one: isthmus leftovers ${name} --region REGION`,
  );
}
