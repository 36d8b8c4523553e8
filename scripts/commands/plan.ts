/** `isthmus plan`: what `up` would change, and which calls a changed access table would open and close. */
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { z } from 'zod';
import {
  accessChanges,
  accessTable,
  type Change,
  type PairInPod,
  pairText,
  ruleText,
} from '../../model/access/changes';
import { type Lab, service, shortId } from '../../model/lab';
import { stateFolder } from '../../model/names';
import type { outputs } from '../../model/output';
import { appliedAccess } from '../access/applied';
import { hasColour, painter } from '../colour';
import { istioCharts } from '../machine/binaries';
import { localMeshes, localNodes } from '../meshes';
import { previewOf, type StackChanges } from '../plan/preview';
import { readPlan } from '../plan/read';
import { Record } from '../plan/record';
import { requireRoot } from '../raised';
import { recordFile } from '../state';
import { synthesise } from '../synth';
import { isOnAws } from './aws';
import type { Cli } from './cli';
import { layCharts } from './up';

export type PlanReport = z.output<typeof outputs.plan>;

export function addPlanCommand({ program, lab, config, say, json, stoppable, command }: Cli): void {
  program
    .command('plan')
    .description('what up would change, and which calls a changed access table opens and closes; exit status 0')
    .option('--json', 'machine-readable output')
    .action(async (options: { json?: boolean }) => {
      const wanted = lab();
      const report = await planReport(wanted, config(), stoppable());
      if (options.json === true) return json(report);
      say(formatPlan(report, hasColour(process.stdout)));
      if (report.stacks === null) {
        say(
          `\nResources are Terraform's to tell: run \`cdktf diff STACK\` with ISTHMUS_CONFIG=${config()}, or \`${command()} up\`, which shows cost and exposure and asks first.`,
        );
      }
    });
}

async function planReport(lab: Lab, config: string, signal: AbortSignal): Promise<PlanReport> {
  // Without the right to read it, a lab that is up would look like one that is not.
  if (localMeshes(lab).length > 0 && existsSync(stateFolder(lab.name))) requireRoot();
  const before = appliedAccess(lab);
  const { opens, closes, inPods } = accessChanges(before, accessTable(lab));
  const pairs = (list: readonly PairInPod[]) => list.map((one) => ({ ...one, pod: shortOf(lab, one.pod) }));
  const known = {
    opens: opens.map((one) => named(lab, one)),
    closes: closes.map((one) => named(lab, one)),
    inPods: { opens: pairs(inPods.opens), closes: pairs(inPods.closes) },
  };
  const stacks = isOnAws(lab) ? null : await stackChanges(lab, config, signal);
  return { ...known, tableApplied: before !== undefined, stacks };
}

/** Writes the plan into a folder that goes again, and holds it against the record. */
async function stackChanges(lab: Lab, config: string, signal: AbortSignal): Promise<PlanReport['stacks']> {
  const folder = mkdtempSync(join(tmpdir(), 'isthmus-plan-'));
  try {
    await synthesise(config, signal, folder);
    if (localNodes(lab).length > 0 && chartsAreHere()) layCharts(folder);
    const preview: StackChanges[] = previewOf(readPlan(folder), new Record(recordFile(lab)));
    return preview.map(({ add, change, replace, remove, ...rest }) => ({
      ...rest,
      add: [...add],
      change: [...change],
      replace: [...replace],
      remove: [...remove],
    }));
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** A machine that never raised a lab has no charts yet; then there is no record to hold them against either. */
function chartsAreHere(): boolean {
  try {
    return existsSync(istioCharts());
  } catch {
    return false;
  }
}

function named(lab: Lab, { from, to, methods, paths }: Change): PlanReport['opens'][number] {
  return { from: shortOf(lab, from), to: shortOf(lab, to), methods: [...methods], paths: [...paths] };
}

/** A service that is gone, and `anybody`, stay as they are. */
function shortOf(lab: Lab, id: string): string {
  return lab.services.some((one) => one.id === id) ? shortId(service(lab, id)) : id;
}

/** The table is noted by an `up` that came to its end. */
const unknown = 'no applied table is known';
const whyUnknown = 'The lab is not up, or its `isthmus up` did not end; the next one that does makes it known.';

/** The report as text for a person: what opens comes first. */
export function formatPlan({ opens, closes, inPods, tableApplied, stacks }: PlanReport, colour: boolean): string {
  const paint = painter(colour);
  const opening = told(opens, inPods.opens).map((text) => paint('red', `  + ${text}`));
  const closing = told(closes, inPods.closes).map((text) => paint('green', `  - ${text}`));
  const access =
    tableApplied && opening.length + closing.length === 0
      ? ['The access table and guard open and close nothing.']
      : [
          ...(opening.length === 0
            ? ['Opens nothing.']
            : [tableApplied ? 'Opens:' : `Opens (${unknown}: all of it is new):`, ...opening]),
          ...(closing.length === 0
            ? [tableApplied ? 'Closes nothing.' : `What it closes can't be told: ${unknown}. ${whyUnknown}`]
            : ['Closes:', ...closing]),
        ];
  return [...access, ...(stacks === null ? [] : ['', ...formatStacks(stacks)])].join('\n');
}

/** Calls between services, then those between the containers of a pod. */
function told(calls: PlanReport['opens'], pairs: PlanReport['inPods']['opens']): string[] {
  return [
    ...calls.map((one) => `${one.from} → ${one.to}  ${ruleText(one)}`),
    ...pairs.map((one) => `${one.pod}: ${pairText(one)}`),
  ];
}

function formatStacks(stacks: NonNullable<PlanReport['stacks']>): string[] {
  const changed = stacks.filter(
    ({ add, change, replace, remove }) => add.length + change.length + replace.length + remove.length > 0,
  );
  if (changed.length === 0) return ['No resource changes.'];
  return changed.flatMap(({ name, add, change, replace, remove, unchanged }) => [
    `${name}: ${add.length} to add, ${change.length} to change, ${replace.length} to replace, ${remove.length} to remove, ${unchanged} unchanged`,
    ...add.map((id) => `  + ${id}`),
    ...change.map((id) => `  ~ ${id}`),
    ...replace.map((id) => `  ± ${id}`),
    ...remove.map((id) => `  - ${id}`),
  ]);
}
