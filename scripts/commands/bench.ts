/** `isthmus bench`: measures the lab. */
import type { Command } from 'commander';
import { UsageError } from '../errors';
import { whileMeasuring } from '../machine/locks';
import { localMeshes } from '../meshes';
import { makeProgress } from '../progress';
import type { Cli } from './cli';

// What measures is loaded by the command that does: the others start without.

export function addBenchCommands(cli: Cli): void {
  const benches = cli.program.command('bench').description('measure the lab');
  const { raisedLab, say, json, stoppable } = cli;
  benches
    .command('memory')
    .description('what the lab holds in memory')
    .option('--json', 'machine-readable output')
    .action((options: { json?: boolean }) => {
      const { benchMemory, formatMemory }: typeof import('../bench/memory') = require('../bench/memory');
      const lab = raisedLab();
      if (localMeshes(lab).length === 0) throw new UsageError('no mesh of this lab is on this machine');
      const result = benchMemory(lab.name);
      if (options.json === true) json(result);
      else say(formatMemory(result));
    });
  withRounds(benches.command('call'), { rounds: '4', seconds: '5' })
    .description('in-mesh against federated calls, on reused and on new connections')
    .option('--json', 'machine-readable output')
    .option('--csv <file>', 'write the raw samples')
    .action(async (options: { rounds: string; seconds: string; rate: string; json?: boolean; csv?: string }) => {
      const { bench }: typeof import('../bench/bench') = require('../bench/bench');
      const { formatBench }: typeof import('../bench/report') = require('../bench/report');
      const lab = raisedLab();
      const work = () => bench(lab, makeProgress(), options, stoppable());
      const result = await whileMeasuring(lab.name, localMeshes(lab).length > 0, work);
      if (options.json === true) json(result);
      else say(formatBench(result));
    });
  withRounds(benches.command('guard'), { rounds: '12', seconds: '3' })
    .description('calls into a pod with and without guard, in turns, and the admission of pods')
    .option('--pods <n>', 'pods to admit', '200')
    .option('--json', 'machine-readable output')
    .action(async (options: { rounds: string; seconds: string; rate: string; pods: string; json?: boolean }) => {
      const { benchGuard, formatGuardBench }: typeof import('../bench/guard') = require('../bench/guard');
      const lab = raisedLab();
      const work = () => benchGuard(lab, makeProgress(), options, stoppable());
      const result = await whileMeasuring(lab.name, localMeshes(lab).length > 0, work);
      if (options.json === true) json(result);
      else say(formatGuardBench(result));
    });
}

function withRounds(command: Command, { rounds, seconds }: { rounds: string; seconds: string }): Command {
  return command
    .option('--rounds <n>', 'rounds of each case', rounds)
    .option('--seconds <n>', 'seconds of each round', seconds)
    .option('--rate <n>', 'requests a second, whether answered or not', '100');
}
