/** `isthmus bench call`: in-mesh against federated calls in one run, rounds alternating. */
import { writeFileSync } from 'node:fs';
import { cpus, totalmem } from 'node:os';
import { grants } from '../../model/access/table';
import { type Lab, mesh as meshOf, type Service, shortId } from '../../model/lab';
import { ownConnectionHeader } from '../../model/names';
import { execute, urlOf } from '../call/request';
import { UsageError } from '../errors';
import type { Progress } from '../progress';
import { calleeHost, makeCallee, removeCallee } from './callee';
import { type Load, type LoadResult, loadProgram } from './load';
import { type BenchResult, type Samples, summarise } from './report';

export interface BenchOptions {
  readonly rounds: string;
  readonly seconds: string;
  readonly rate: string;
  readonly csv?: string;
}

/** Seconds of each round that are not counted. */
const warmUp = 1;

export async function bench(
  lab: Lab,
  progress: Progress,
  options: BenchOptions,
  signal?: AbortSignal,
): Promise<BenchResult> {
  const rounds = whole('--rounds', options.rounds, 1, 100);
  const seconds = whole('--seconds', options.seconds, 1, 600);
  const rate = whole('--rate', options.rate, 1, 2000);
  const { from, to } = crossing(lab);
  const federated = `${urlOf(lab, from, to)}${to.health}`;
  const inMesh = `http://${calleeHost()}${to.health}`;
  const own = { [ownConnectionHeader]: '1' };
  const load = (url: string, headers: Record<string, string>): Load => ({ url, headers, rate, seconds, warmUp });
  const cases = [
    { name: 'in-mesh, reused connection', load: load(inMesh, {}) },
    { name: 'federated, reused connection', load: load(federated, {}), against: 'in-mesh, reused connection' },
    { name: 'in-mesh, new connection', load: load(inMesh, own) },
    { name: 'federated, new connection', load: load(federated, own), against: 'in-mesh, new connection' },
  ];
  try {
    await progress.step(`make an in-mesh callee that runs the program of ${shortId(to)}`, () =>
      makeCallee(lab, from, to),
    );
    const samples: Samples[] = [];
    for (let round = 1; round <= rounds; round++) {
      for (const { name, load: wanted } of cases) {
        signal?.throwIfAborted();
        const result = await progress.step(`round ${round} of ${rounds}: ${name}`, () =>
          measure(lab, from, wanted, signal),
        );
        samples.push({ case: name, round, ...result });
      }
    }
    if (options.csv !== undefined) writeFileSync(options.csv, csv(samples));
    const against = new Map(
      cases.flatMap(({ name, against: base }) => (base === undefined ? [] : [[name, base] as const])),
    );
    const machine = `${cpus().length} × ${cpus()[0]?.model ?? 'unknown'}, ${Math.round(totalmem() / 2 ** 30)} GiB`;
    return {
      machine,
      rate,
      seconds,
      rounds,
      caller: shortId(from),
      callee: shortId(to),
      calls: summarise(samples, against, rate),
    };
  } finally {
    await progress.step('remove the in-mesh callee', () => removeCallee(lab, from));
  }
}

export function crossing(lab: Lab): { from: Service; to: Service } {
  const row = grants(lab).find(({ from, to }) => from.mesh !== to.mesh && meshOf(lab, from.mesh).kind === 'istio');
  if (row === undefined)
    throw new UsageError(
      'no row of the access table goes from Istio to Consul, so there is no federated call to measure',
    );
  return row;
}

export async function measure(lab: Lab, from: Service, load: Load, signal?: AbortSignal): Promise<LoadResult> {
  const { stdout } = await execute(lab, from, ['-e', loadProgram, JSON.stringify(load)], signal);
  return JSON.parse(stdout.trim().split('\n').at(-1) ?? '') as LoadResult;
}

function csv(samples: readonly Samples[]): string {
  const rows = samples.flatMap(({ case: name, round, samples: values }) =>
    values.map((ms) => `"${name}",${round},${ms}`),
  );
  return `case,round,ms\n${rows.join('\n')}\n`;
}

export function whole(option: string, text: string, least: number, most: number): number {
  const value = Number(text);
  if (Number.isInteger(value) && value >= least && value <= most) return value;
  throw new UsageError(
    `${option} ${JSON.stringify(text)} is not allowed. Allowed: a whole number from ${least} to ${most}`,
  );
}
