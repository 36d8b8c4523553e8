/** Results as text for a person. */
import { type Paint, painter } from '../../colour';
import { groups, isGood, provesNothing, type Result, verdict } from '../attack';

/** A table by group, then everything that is not as it should be, in full, and the verdict. */
export function table(results: readonly Result[], seconds: number, colour = false): string {
  const paint = painter(colour);
  const wide = Math.max(...results.map(({ id }) => id.length), 10);
  const lines = groups.flatMap((group) => {
    const own = results.filter((result) => result.group === group);
    if (own.length === 0) return [];
    return [
      paint('bold', group),
      ...own.map((result) => `  ${word(result, paint)}  ${result.id.padEnd(wide)}  ${what(result)}`),
      '',
    ];
  });
  return [...lines, ...details(results), ...closing(results, seconds, paint)].join('\n');
}

function word(result: Result, paint: Paint): string {
  if (!result.control.ok) return paint('yellow', 'NO CONTROL ');
  if (provesNothing(result)) return paint('yellow', 'NO EVIDENCE');
  if (result.detection !== undefined)
    return result.detection.ok ? paint('yellow', 'detected   ') : paint('red', 'UNNOTICED  ');
  return result.refused ? paint('green', 'refused    ') : paint('red', 'GOT THROUGH');
}

function what({ title, stoppedBy, detection }: Result): string {
  if (detection !== undefined) return `${title} · ${detection.evidence}`;
  return stoppedBy === null ? title : `${title} · ${stoppedBy}`;
}

function details(results: readonly Result[]): string[] {
  return results
    .filter((result) => !isGood(result))
    .flatMap(({ id, title, evidence, control }) => [
      `${id}: ${title}`,
      ...evidence.map((line) => `    ${line}`),
      `    control ${control.ok ? 'good' : 'FAILED'}: ${control.evidence}`,
      '',
    ]);
}

function closing(results: readonly Result[], seconds: number, paint: Paint): string[] {
  const { good, through, unproven, unnoticed } = verdict(results);
  const counted = results.filter(({ detection }) => detection === undefined);
  const limits = results.length - counted.length;
  const refused = counted.filter((result) => result.refused).length;
  return [
    `${refused} of ${counted.length} attacks refused, ${results.filter(({ control }) => control.ok).length} of ${results.length} controls good${
      limits === 0 ? '' : `, ${limits - unnoticed.length} of ${limits} known limits detected`
    }, ${seconds.toFixed(0)} s.`,
    ...(through.length === 0 ? [] : [paint('red', `Got through: ${through.join(', ')}`)]),
    ...(unproven.length === 0
      ? []
      : [
          paint(
            'red',
            `Prove nothing, because the legitimate step failed, too, or nobody can be named who refused: ${unproven.join(', ')}`,
          ),
        ]),
    ...(unnoticed.length === 0 ? [] : [paint('red', `Known limits that nobody would notice: ${unnoticed.join(', ')}`)]),
    ...(good ? [] : ['']),
  ];
}
