/** `isthmus bench guard`: what the guard costs a call into a guarded pod, and the admission of one. */
import { guardedNamespaces } from '../../model/guard/namespaces';
import { type Lab, mesh as meshOf, shortId } from '../../model/lab';
import { benchNamespace, ownConnectionHeader } from '../../model/names';
import { UsageError } from '../errors';
import { KubeApi } from '../kube-api';
import type { Progress } from '../progress';
import { crossing } from './bench';
import { calleeHost, makeCallee, removeCallee } from './callee';
import { podFilter } from './pod-filter';
import { type BenchResult, formatBench, percentile } from './report';
import { inTurns, paceOf, type RoundOptions, resultOf, whole } from './rounds';

export interface GuardBenchOptions extends RoundOptions {
  readonly pods: string;
}

/** Milliseconds of one create of a pod at the API server, without storing it. */
export interface AdmissionCase {
  readonly case: string;
  readonly n: number;
  readonly p50: number;
  readonly p99: number;
}

export interface GuardBenchResult extends BenchResult {
  readonly admission: readonly AdmissionCase[];
}

const open = 'without guard';
const guarded = 'with guard';

/** One guarded callee whose packet filter is taken away and put back in turns: two pods alike differ by more than it costs. */
export async function benchGuard(
  lab: Lab,
  progress: Progress,
  options: GuardBenchOptions,
  signal?: AbortSignal,
): Promise<GuardBenchResult> {
  const pace = { ...paceOf(options), swaps: true };
  const pods = whole('--pods', options.pods, 10, 10_000);
  const { from, to } = crossing(lab);
  const mesh = meshOf(lab, from.mesh);
  if (mesh.place.platform !== 'local' || guardedNamespaces(lab, mesh).length === 0) {
    throw new UsageError('bench guard needs a guarded Istio mesh on this machine');
  }
  try {
    const uid = await progress.step('make a guarded callee', () => makeCallee(lab, from, to, { guarded: true }));
    const { off, on } = await podFilter(lab.name, uid);
    const reused = { url: `http://${calleeHost()}${to.health}` };
    const fresh = { ...reused, headers: { [ownConnectionHeader]: '1' } };
    const cases = [
      { name: `${open}, reused connection`, ...reused, prepare: off },
      { name: `${guarded}, reused connection`, ...reused, prepare: on, against: `${open}, reused connection` },
      { name: `${open}, new connection`, ...fresh, prepare: off },
      { name: `${guarded}, new connection`, ...fresh, prepare: on, against: `${open}, new connection` },
    ];
    const samples = await inTurns(lab, from, cases, pace, progress, signal);
    const admission = await progress.step(`admit ${pods} pods, each with and without guard`, () =>
      admissions(lab, mesh.name, pods, signal),
    );
    const names = { caller: shortId(from), callee: `a guarded pod like ${shortId(to)}, its rules out and in` };
    return { ...resultOf(cases, samples, pace), ...names, admission };
  } finally {
    await progress.step('remove the callee', () => removeCallee(lab, from));
  }
}

/** Dry runs pass all admission and are not stored. The namespace without guard is Istio's too, so its injector counts in both. */
async function admissions(lab: Lab, mesh: string, count: number, signal?: AbortSignal): Promise<AdmissionCase[]> {
  const api = new KubeApi(lab.name, mesh);
  const samples = { [open]: [] as number[], [guarded]: [] as number[] };
  const plain = `${benchNamespace}-open`;
  const namespace = {
    apiVersion: 'v1',
    kind: 'Namespace',
    metadata: { name: plain, labels: { 'istio-injection': 'enabled' } },
  };
  try {
    await api.send('POST', '/api/v1/namespaces', namespace);
    for (let index = 0; index < count + 10; index++) {
      signal?.throwIfAborted();
      for (const [name, at] of [
        [open, plain],
        [guarded, benchNamespace],
      ] as const) {
        const begin = performance.now();
        const { status, body } = await api.send('POST', `/api/v1/namespaces/${at}/pods?dryRun=All`, pod);
        if (status !== 201) throw new Error(`a pod ${name} was not admitted: ${status} ${body.message}`);
        // The first ones open connections.
        if (index >= 10) samples[name].push(performance.now() - begin);
      }
    }
  } finally {
    await api.send('DELETE', `/api/v1/namespaces/${plain}`);
    api.close();
  }
  const rounded = (value: number) => Math.round(value * 100) / 100;
  return [open, guarded].map((name) => {
    const own = samples[name as keyof typeof samples];
    return { case: name, n: own.length, p50: rounded(percentile(own, 0.5)), p99: rounded(percentile(own, 0.99)) };
  });
}

const pod = {
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { generateName: 'bench-' },
  spec: {
    containers: ['app', 'cache'].map((name) => ({ name, image: 'isthmus.invalid/node:lab', imagePullPolicy: 'Never' })),
  },
};

export function formatGuardBench(result: GuardBenchResult): string {
  const rows = result.admission.map(
    ({ case: name, n, p50, p99 }) =>
      `create a pod ${name.padEnd(13)} ${String(n).padStart(6)}  p50 ${p50.toFixed(2)}  p99 ${p99.toFixed(2)} ms`,
  );
  return [formatBench(result), '', ...rows].join('\n');
}
