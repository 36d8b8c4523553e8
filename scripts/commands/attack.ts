/** `isthmus attack`: plays the attack suite on the raised lab. */
import { writeFileSync } from 'node:fs';
import type { Lab } from '../../model/lab';
import { groups, type Result, verdict } from '../attack/attack';
import { type Cast, castOf, lacks } from '../attack/cast';
import { attacks, chosen, type Described } from '../attack/catalogue';
import { Field } from '../attack/field';
import { page } from '../attack/report/html';
import { json } from '../attack/report/json';
import { junit } from '../attack/report/junit';
import { table } from '../attack/report/table';
import { playAll, type RunOptions } from '../attack/run';
import { UsageError } from '../errors';
import { labLock, withLock } from '../machine/lock';

/** What commander makes of the command line. */
export interface AttackOptions {
  readonly only?: readonly string[];
  readonly json?: boolean;
  /** Files to write. */
  readonly junit?: string;
  readonly html?: string;
}

/** Text for standard output, and whether everything is as it should be. */
export async function attackCommand(
  lab: Lab,
  options: AttackOptions,
  run: RunOptions,
): Promise<{ readonly text: string; readonly good: boolean }> {
  const { playable, left } = sorted(castOf(lab), chosen(attacks, names(options)));
  const began = new Date();
  // Whoever waited for the end should not learn only then that there is no such folder.
  for (const file of [options.junit, options.html]) if (file !== undefined) writeReport(file, '');
  // Some attacks take rows and the peering away for a while: nobody else may change the lab meanwhile.
  const results = await withLock('attack', lab.name, () => playOn(lab, playable, run), labLock(true));
  const seconds = (Date.now() - began.getTime()) / 1000;
  if (options.junit !== undefined) writeReport(options.junit, junit(results, began));
  if (options.html !== undefined) writeReport(options.html, page(results, { lab: lab.name, began, seconds }));
  const colour = process.stdout.isTTY === true && (process.env.NO_COLOR ?? '') === '';
  const text =
    options.json === true
      ? JSON.stringify(json(results), null, 2)
      : [table(results, seconds, { colour }), ...left].join('\n');
  return { text, good: verdict(results).good };
}

/** What this lab has everything for, and a line for each reason why something is not played. */
function sorted(
  cast: Cast,
  wanted: typeof attacks,
): { readonly playable: typeof attacks; readonly left: readonly string[] } {
  const playable = wanted.filter(({ needs }) => lacks(cast, needs) === undefined);
  const reasons = [...new Set(wanted.flatMap(({ needs }) => lacks(cast, needs) ?? []))];
  const left = reasons.map((reason) => {
    const ids = wanted.filter(({ needs }) => lacks(cast, needs) === reason).map(({ id }) => id);
    return `Not played, because ${reason}: ${ids.join(', ')}`;
  });
  if (playable.length === 0) throw new UsageError(left.join('\n'));
  return { playable, left };
}

/** Up to so many attacks, pods of attackers are made only when one is asked for: to make and remove them takes seconds. */
const few = 20;

/** Everything that is made for the run is gone when this resolves or rejects. */
async function playOn(lab: Lab, wanted: typeof attacks, run: RunOptions): Promise<Result[]> {
  const field = new Field(lab, run.signal);
  try {
    await run.progress.step('attackers', () => field.enter(wanted.length > few));
    return await playAll(wanted, field, run);
  } finally {
    await run.progress.step('clean up', () => field.leave());
  }
}

/** All attacks, or those asked for, by group. */
export function listCommand(word: string, options: AttackOptions): string {
  if (word !== 'list')
    throw new UsageError(
      `isthmus attack ${word}: the only word here is list. To play some: isthmus attack --only ${word}`,
    );
  return listed(chosen(attacks, names(options)));
}

export function listed(all: readonly Described[]): string {
  const lines = groups.flatMap((group) => {
    const own = all.filter((entry) => entry.group === group);
    if (own.length === 0) return [];
    return [
      group,
      ...own.flatMap(({ id, title, serves }) => [`  ${id}`, `      ${title}`, `      serves ${serves.join(' · ')}`]),
      '',
    ];
  });
  return [...lines, `${all.length} attacks`].join('\n');
}

/** `--only a b` and `--only a,b` mean the same. */
function names({ only = [] }: AttackOptions): string[] {
  return only.flatMap((name) => name.split(',')).filter((name) => name !== '');
}

function writeReport(file: string, content: string): void {
  try {
    writeFileSync(file, content);
  } catch (error) {
    throw new UsageError(`the report can't be written to ${file}: ${(error as Error).message}`);
  }
}
