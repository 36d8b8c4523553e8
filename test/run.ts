/**
 * `npm test`: lint, types, bundle, unit tests and plans, then the lab itself where it can run. Stops at the first phase
 * that fails, with its status. The last line is the sum of all tests: `412 passed, 0 failed, 3 skipped`.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { constants, tmpdir } from 'node:os';
import { join } from 'node:path';
import { Command, Option } from 'commander';
import { elapsed } from '../scripts/progress';
import { root } from '../scripts/root';
import { type Counts, countsOf, nothing, ofPhase, sum, summaryLine } from './support/results';

const phaseNames = ['lint', 'types', 'bundle', 'unit', 'e2e'] as const;
type PhaseName = (typeof phaseNames)[number];

interface Phase {
  readonly title: string;
  /** Programs to run one after the other, with their arguments. */
  readonly commands: readonly (readonly string[])[];
  /** Where Jest leaves its counts. */
  readonly results?: string;
  /** Why it can not run here. */
  readonly impossible?: string | undefined;
}

const results = mkdtempSync(join(tmpdir(), 'isthmus-results-'));
process.once('exit', () => rmSync(results, { recursive: true, force: true }));

const bin = (name: string) => join(root, 'node_modules/.bin', name);
const jest = (name: PhaseName, ...args: string[]) => [
  bin('jest'),
  ...args,
  '--json',
  `--outputFile=${resultsOf(name)}`,
];
const resultsOf = (name: PhaseName) => join(results, `${name}.json`);

function phase(name: PhaseName): Phase {
  switch (name) {
    case 'lint':
      return { title: 'lint', commands: [[bin('biome'), 'check', '.'], [bin('knip')]] };
    case 'types':
      return { title: 'types', commands: [[bin('tsc'), '--noEmit']] };
    case 'bundle':
      return { title: 'bundle the programs', commands: [[process.execPath, '--import', 'tsx', 'scripts/bundle.ts']] };
    case 'unit':
      return { title: 'unit tests and plans', commands: [jest('unit')], results: resultsOf('unit') };
    case 'e2e':
      return {
        title: 'the lab on this machine',
        commands: [jest('e2e', '--config', 'test/e2e/jest.config.cjs')],
        results: resultsOf('e2e'),
        impossible: noLab(),
      };
  }
}

/** Why no lab can be raised here. */
function noLab(): string | undefined {
  if (process.platform !== 'linux' || process.arch !== 'x64') {
    return `it needs Linux on amd64, and this is ${process.platform} on ${process.arch}`;
  }
  return process.getuid?.() === 0 ? undefined : 'it needs root, for network namespaces and mounts';
}

let running: ChildProcess | undefined;
let stoppedBy: NodeJS.Signals | undefined;

for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  process.on(signal, () => {
    stoppedBy ??= signal;
    // A terminal sends Ctrl-C to the program as well.
    if (signal !== 'SIGINT' || !process.stdin.isTTY) running?.kill(signal);
  });
}

/** Runs a program to its end; returns its exit status. */
function run([command = '', ...args]: readonly string[]): Promise<number> {
  return new Promise((resolve, reject) => {
    running = spawn(command, args, { cwd: root, stdio: 'inherit', env: { ...process.env, CHECKPOINT_DISABLE: '1' } });
    running.once('error', reject);
    running.once('close', (status, signal) => resolve(status ?? 128 + constants.signals[signal ?? 'SIGKILL']));
  });
}

async function runPhase({
  title,
  commands,
  results: file,
  impossible,
}: Phase): Promise<[status: number, counts: Counts]> {
  if (impossible !== undefined) {
    say(`\n– ${title}: left out, ${impossible}`);
    return [0, nothing];
  }
  say(`\n… ${title}`);
  const since = Date.now();
  let status = 0;
  for (const command of commands) {
    if (status === 0 && stoppedBy === undefined) status = await run(command);
  }
  if (stoppedBy !== undefined && status === 0) status = 128 + constants.signals[stoppedBy];
  say(`${status === 0 ? '✓' : '✗'} ${title} (${elapsed(since)})`);
  const counts = file !== undefined && existsSync(file) ? countsOf(readFileSync(file, 'utf8')) : nothing;
  return [status, ofPhase(status, counts)];
}

function say(line: string): void {
  process.stdout.write(`${line}\n`);
}

async function main(names: readonly PhaseName[]): Promise<number> {
  const all: Counts[] = [];
  let failed = 0;
  for (const name of names) {
    if (failed !== 0) break;
    const [status, counts] = await runPhase(phase(name));
    failed = status;
    all.push(counts);
  }
  say(`\n${summaryLine(sum(all))}`);
  return failed;
}

const program = new Command('npm test --')
  .description('All checks: lint, types, bundle, unit tests and plans, the lab.')
  .addOption(new Option('--only <phase>', 'one phase').choices(phaseNames))
  .exitOverride(({ exitCode }) => process.exit(exitCode === 0 ? 0 : 2))
  .parse();
const { only } = program.opts<{ only?: PhaseName }>();

main(only === undefined ? phaseNames : [only]).then(
  (status) => {
    process.exitCode = status;
  },
  (error: unknown) => {
    process.stderr.write(`${error instanceof Error ? error.stack : error}\n`);
    process.exitCode = 1;
  },
);
