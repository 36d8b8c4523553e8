/** Samples → percentiles and ratios. */
import type { LoadResult } from './load';

export interface Samples extends LoadResult {
  readonly case: string;
  readonly round: number;
}

export interface CaseResult {
  readonly case: string;
  /** Requests that were answered with a status below 400. */
  readonly n: number;
  readonly failed: number;
  /** Milliseconds. */
  readonly p50: number;
  readonly p90: number;
  readonly p99: number;
  readonly perSecond: number;
  /** p50 and p99 as multiples of the case it is compared with; null for that case itself. */
  readonly ratio: number | null;
  readonly ratioP99: number | null;
  /** How late the generator itself was, 99th percentile, milliseconds. */
  readonly late: number;
}

export interface BenchResult {
  readonly machine: string;
  readonly caller: string;
  readonly callee: string;
  readonly rate: number;
  readonly seconds: number;
  readonly rounds: number;
  readonly calls: readonly CaseResult[];
}

/** Percentile by nearest rank; NaN of nothing. */
export function percentile(values: readonly number[], share: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.max(0, Math.ceil(sorted.length * share) - 1)] ?? Number.NaN;
}

/** @param against case → the case it is compared with */
export function summarise(
  samples: readonly Samples[],
  against: ReadonlyMap<string, string>,
  rate: number,
): CaseResult[] {
  const of = (name: string) => samples.filter((entry) => entry.case === name);
  const values = (name: string) => of(name).flatMap((entry) => entry.samples);
  const names = [...new Set(samples.map((entry) => entry.case))];
  return names.map((name) => {
    const own = values(name);
    const base = against.get(name);
    const ratio = (share: number) =>
      base === undefined ? null : round(percentile(own, share) / percentile(values(base), share));
    const failed = of(name).reduce((sum, entry) => sum + entry.failed, 0);
    return {
      case: name,
      n: own.length,
      failed,
      p50: round(percentile(own, 0.5)),
      p90: round(percentile(own, 0.9)),
      p99: round(percentile(own, 0.99)),
      perSecond: rate,
      ratio: ratio(0.5),
      ratioP99: ratio(0.99),
      late: round(Math.max(...of(name).map((entry) => entry.late))),
    };
  });
}

function round(value: number): number {
  return Math.round(value * 1000) / 1000;
}

export function formatBench({ machine, caller, callee, rate, seconds, rounds, calls }: BenchResult): string {
  const width = Math.max(...calls.map((entry) => entry.case.length));
  const lines = calls.map((entry) => {
    const ratio =
      entry.ratio === null ? '' : `  ${entry.ratio.toFixed(2)} × at the median, ${entry.ratioP99?.toFixed(2)} × at p99`;
    const numbers = [entry.p50, entry.p90, entry.p99].map((value) => value.toFixed(2).padStart(9)).join('');
    return `${entry.case.padEnd(width)} ${String(entry.n).padStart(6)}${String(entry.failed).padStart(7)}${numbers}${ratio}`;
  });
  return [
    `${caller} → ${callee}, ${rate} requests a second, ${rounds} rounds of ${seconds} s, on ${machine}`,
    `${'milliseconds'.padEnd(width)} ${'n'.padStart(6)} failed      p50      p90      p99`,
    ...lines,
    ...(calls.some(({ late, failed }) => late > 5 || failed > 0)
      ? ['The machine was too busy to trust these numbers: requests left late or failed. Run it again when it is idle.']
      : []),
  ].join('\n');
}
