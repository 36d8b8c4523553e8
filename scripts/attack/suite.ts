/** The attack suite, as a person asks for it: attacks chosen and played on the raised lab, and what is said of them. */
import type { Lab } from '../../model/lab';
import { UsageError } from '../errors';
import { whileUsing } from '../machine/locks';
import { type Attack, groups, type Result } from './attack';
import { type Cast, castOf, unplayable } from './cast';
import { chosen } from './catalogue';
import { Field } from './field';
import { page } from './report/html';
import { attackListOf } from './report/json';
import { junit } from './report/junit';
import { checkReports, type NotPlayed, writeReport } from './report/report';
import { table } from './report/table';
import { playAll, type RunOptions } from './run';

export interface SuiteOptions {
  /** Ids and groups. @default - all that the lab has everything for */
  readonly only?: readonly string[];
  /** Files to write. @default - none */
  readonly junit?: string;
  readonly html?: string;
}

/** What became of a run. */
export interface Played {
  readonly results: readonly Result[];
  readonly notPlayed: readonly NotPlayed[];
  readonly seconds: number;
}

/** Plays them and writes the reports. Throws {@link UsageError} for unknown names and for files that can't be written. */
export async function playSuite(
  lab: Lab,
  { only = [], junit: junitFile, html }: SuiteOptions,
  run: RunOptions,
): Promise<Played> {
  const { playable, notPlayed: lacking } = sorted(castOf(lab), chosen(only));
  const began = new Date();
  // Whoever waited for the end should not learn only then that there is no such folder.
  checkReports([junitFile, html].filter((file) => file !== undefined));
  // Some attacks take rows and the peering away for a while: nobody else may change the lab meanwhile.
  const foundLacking: NotPlayed[] = [];
  const noting: RunOptions = { ...run, lacking: (one) => foundLacking.push(one) };
  const results = await whileUsing('attack', lab.name, true, () => playOn(lab, playable, noting));
  const notPlayed = [...lacking, ...foundLacking];
  if (results.length === 0) throw new UsageError(inWords(notPlayed).join('\n'));
  const seconds = (Date.now() - began.getTime()) / 1000;
  if (junitFile !== undefined) writeReport(junitFile, junit(results, began, notPlayed));
  if (html !== undefined) writeReport(html, page(results, { lab: lab.name, began, seconds, notPlayed }));
  return { results, notPlayed, seconds };
}

/** What was played as text for a person. */
export function formatPlayed({ results, notPlayed, seconds }: Played, colour: boolean): string {
  return [table(results, seconds, colour), ...inWords(notPlayed)].join('\n');
}

/** What this lab has everything for, and what it does not. */
function sorted(
  cast: Cast,
  wanted: readonly Attack<Field>[],
): { readonly playable: readonly Attack<Field>[]; readonly notPlayed: readonly NotPlayed[] } {
  const playable = wanted.filter((attack) => unplayable(cast, attack) === undefined);
  const notPlayed = wanted.flatMap((attack) => {
    const why = unplayable(cast, attack);
    return why === undefined ? [] : [{ id: attack.id, group: attack.group, why }];
  });
  if (playable.length === 0) throw new UsageError(inWords(notPlayed).join('\n'));
  return { playable, notPlayed };
}

/** A line for each reason why something was not played. */
function inWords(notPlayed: readonly NotPlayed[]): string[] {
  return [...new Set(notPlayed.map(({ why }) => why))].map((why) => {
    const ids = notPlayed.filter((one) => one.why === why).map(({ id }) => id);
    return `Not played, because ${why}: ${ids.join(', ')}`;
  });
}

/** Up to so many attacks, pods of attackers are made only when one is asked for: to make and remove them takes seconds. */
const few = 20;

/** Everything that is made for the run is gone when this resolves or rejects. */
async function playOn(lab: Lab, wanted: readonly Attack<Field>[], run: RunOptions): Promise<Result[]> {
  const field = new Field(lab, run.signal);
  try {
    await run.progress.step('attackers', () => field.enter(wanted.length > few));
    return await playAll(wanted, field, run);
  } finally {
    await run.progress.step('clean up', () => field.leave());
  }
}

/** Attacks by group as text for a person. */
export function formatList(only: readonly string[]): string {
  const all = chosen(only);
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

/** The same for programs. */
export function listed(only: readonly string[]) {
  return attackListOf(chosen(only));
}
