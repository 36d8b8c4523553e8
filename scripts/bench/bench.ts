/** `isthmus bench call`: in-mesh against federated calls in one run, rounds alternating. */
import { writeFileSync } from 'node:fs';
import { grants } from '../../model/access/table';
import { type Lab, mesh as meshOf, type Service, shortId } from '../../model/lab';
import { ownConnectionHeader } from '../../model/names';
import { urlOf } from '../call/request';
import { UsageError } from '../errors';
import type { Progress } from '../progress';
import { calleeHost, makeCallee, removeCallee } from './callee';
import type { BenchResult, Samples } from './report';
import { inTurns, paceOf, type RoundOptions, resultOf } from './rounds';

export interface BenchOptions extends RoundOptions {
  readonly csv?: string;
}

export async function bench(
  lab: Lab,
  progress: Progress,
  options: BenchOptions,
  signal?: AbortSignal,
): Promise<BenchResult> {
  const pace = paceOf(options);
  const { from, to } = crossing(lab);
  const inMesh = { url: `http://${calleeHost()}${to.health}` };
  const federated = { url: `${urlOf(lab, from, to)}${to.health}` };
  const headers = { [ownConnectionHeader]: '1' };
  const cases = [
    { name: 'in-mesh, reused connection', ...inMesh },
    { name: 'federated, reused connection', ...federated, against: 'in-mesh, reused connection' },
    { name: 'in-mesh, new connection', ...inMesh, headers },
    { name: 'federated, new connection', ...federated, headers, against: 'in-mesh, new connection' },
  ];
  try {
    await progress.step(`make an in-mesh callee that runs the program of ${shortId(to)}`, () =>
      makeCallee(lab, from, to),
    );
    const samples = await inTurns(lab, from, cases, pace, progress, signal);
    if (options.csv !== undefined) writeFileSync(options.csv, csv(samples));
    return { ...resultOf(cases, samples, pace), caller: shortId(from), callee: shortId(to) };
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

function csv(samples: readonly Samples[]): string {
  const rows = samples.flatMap(({ case: name, round, samples: values }) =>
    values.map((ms) => `"${name}",${round},${ms}`),
  );
  return `case,round,ms\n${rows.join('\n')}\n`;
}
