/** Cases that are measured in turns, so that what changes on the machine during a run meets all of them. */
import { cpus, totalmem } from 'node:os';
import type { Lab, Service } from '../../model/lab';
import { execute } from '../call/request';
import { UsageError } from '../errors';
import type { Progress } from '../progress';
import { type Load, type LoadResult, loadProgram } from './load';
import { type BenchResult, type Samples, summarise } from './report';

/** One way of calling, measured once in each round. */
export interface Case {
  readonly name: string;
  readonly url: string;
  /** @default - none */
  readonly headers?: Readonly<Record<string, string>>;
  /** Name of the case that it is compared with. @default - none: others are compared with it */
  readonly against?: string;
  /** Makes what is called what this case is about. @default - nothing is to be done */
  readonly prepare?: () => Promise<void>;
}

/** As commander has it. */
export interface RoundOptions {
  readonly rounds: string;
  readonly seconds: string;
  readonly rate: string;
}

export interface Pace {
  readonly rounds: number;
  /** Of each round. */
  readonly seconds: number;
  /** Requests a second. */
  readonly rate: number;
  /** Whether every other round goes backwards, so that no case is always the first. @default - no */
  readonly swaps?: boolean;
}

/** Seconds of each round that are not counted. */
const warmUp = 1;

/** Throws {@link UsageError} for what is no number of a run. */
export function paceOf(options: RoundOptions): Pace {
  return {
    rounds: whole('--rounds', options.rounds, 1, 100),
    seconds: whole('--seconds', options.seconds, 1, 600),
    rate: whole('--rate', options.rate, 1, 2000),
  };
}

/** Calls from a service's own place, round by round. */
export async function inTurns(
  lab: Lab,
  from: Service,
  cases: readonly Case[],
  { rounds, seconds, rate, swaps = false }: Pace,
  progress: Progress,
  signal?: AbortSignal,
): Promise<Samples[]> {
  const samples: Samples[] = [];
  for (let round = 1; round <= rounds; round++) {
    for (const { name, url, headers = {}, prepare } of swaps && round % 2 === 0 ? cases.toReversed() : cases) {
      signal?.throwIfAborted();
      await prepare?.();
      const load = { url, headers, rate, seconds, warmUp };
      const title = `round ${round} of ${rounds}: ${name}`;
      const result = await progress.step(title, () => measure(lab, from, load, signal));
      samples.push({ case: name, round, ...result });
    }
  }
  return samples;
}

/** What a run of these cases comes to, and on what machine. */
export function resultOf(
  cases: readonly Case[],
  samples: readonly Samples[],
  { rounds, seconds, rate }: Pace,
): Omit<BenchResult, 'caller' | 'callee'> {
  const against = new Map(cases.flatMap(({ name, against: base }) => (base === undefined ? [] : [[name, base]])));
  const machine = `${cpus().length} × ${cpus()[0]?.model ?? 'unknown'}, ${Math.round(totalmem() / 2 ** 30)} GiB`;
  return { machine, rate, seconds, rounds, calls: summarise(samples, against, rate) };
}

async function measure(lab: Lab, from: Service, load: Load, signal?: AbortSignal): Promise<LoadResult> {
  const { stdout } = await execute(lab, from, ['-e', loadProgram, JSON.stringify(load)], signal);
  return JSON.parse(stdout.trim().split('\n').at(-1) ?? '') as LoadResult;
}

export function whole(option: string, text: string, least: number, most: number): number {
  const value = Number(text);
  if (Number.isInteger(value) && value >= least && value <= most) return value;
  throw new UsageError(
    `${option} ${JSON.stringify(text)} is not allowed. Allowed: a whole number from ${least} to ${most}`,
  );
}
