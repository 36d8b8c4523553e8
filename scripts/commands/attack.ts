/** `isthmus attack`: attacks the lab for real. */
import { verdict } from '../attack/attack';
import { attackOutputOf } from '../attack/report/json';
import { hasColour } from '../colour';
import { UsageError } from '../errors';
import { makeProgress } from '../progress';
import type { Cli } from './cli';

const stopping = 'stopping: the lab is put back; Ctrl-C again leaves it as it is';
const left =
  'ended at once: what was changed in the lab stays until `isthmus up`; what is left of the attackers goes with the next `isthmus attack`, or with `isthmus down`';

/** What commander makes of the command line. */
interface AttackOptions {
  readonly only?: readonly string[];
  readonly json?: boolean;
  readonly junit?: string;
  readonly html?: string;
}

// The attacks take their time to load: that is done by who wants them, and the other commands do without.

export function addAttackCommands(cli: Cli): void {
  cli.program
    .command('attack')
    .description('attack the lab for real; exit status 0 only if all is refused and every legitimate step works')
    .argument('[list]', '`list` shows the attacks and plays none')
    .option('--only <names...>', 'ids or groups')
    .option('--json', 'machine-readable output')
    .option('--junit <file>', 'write a JUnit report')
    .option('--html <file>', 'write a page of evidence for people')
    .action((list: string | undefined, options: AttackOptions) =>
      list === undefined ? attack(options, cli) : showList(list, options, cli),
    );
}

async function attack(options: AttackOptions, { raisedLab, say, json, stoppable }: Cli): Promise<void> {
  const { formatPlayed, playSuite }: typeof import('../attack/suite') = require('../attack/suite');
  const lab = raisedLab();
  const run = { progress: makeProgress(), signal: stoppable(left) };
  run.signal.addEventListener('abort', () => run.progress.note(stopping), { once: true });
  const played = await playSuite(lab, { ...options, only: names(options) }, run);
  if (options.json === true) json(attackOutputOf(played.results, played.notPlayed));
  else say(formatPlayed(played, hasColour(process.stdout)));
  if (!verdict(played.results).good) process.exitCode = 1;
}

function showList(word: string, options: AttackOptions, { say, json }: Cli): void {
  if (word !== 'list')
    throw new UsageError(
      `isthmus attack ${word}: the only word here is list. To play some: isthmus attack --only ${word}`,
    );
  const { formatList, listed }: typeof import('../attack/suite') = require('../attack/suite');
  if (options.json === true) json(listed(names(options)));
  else say(formatList(names(options)));
}

/** `--only a b` and `--only a,b` mean the same. */
function names({ only = [] }: AttackOptions): string[] {
  return only.flatMap((name) => name.split(',')).filter((name) => name !== '');
}
