/** What the webhook counts, in Prometheus' text format. */
import { Counters, metricsText, type Sample } from '../common/metrics';

/** @param notAfter milliseconds since the epoch; undefined while there is none */
export function certificateEnd(notAfter: number | undefined): Sample {
  return {
    name: 'guard_certificate_not_after_seconds',
    type: 'gauge',
    help: "End of the webhook's certificate, seconds since the epoch.",
    value: Math.round((notAfter ?? 0) / 1000),
  };
}

type Path = 'mutate' | 'validate';

/** Upper bounds in seconds. */
const bounds = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1];

interface Histogram {
  /** Observations up to each bound; the last holds all. */
  readonly counts: number[];
  sum: number;
}

/** Reviews that were answered, and how long each answer took in this program. */
export class Admissions {
  private readonly counters = new Counters();
  private readonly durations = new Map<Path, Histogram>();

  observe(path: Path, allowed: boolean, ms: number): void {
    this.counters.add('guard_admissions_total', { path, allowed: String(allowed) });
    const seconds = ms / 1000;
    const known = this.durations.get(path) ?? { counts: [...bounds, 0].map(() => 0), sum: 0 };
    this.durations.set(path, known);
    known.sum += seconds;
    [...bounds, Number.POSITIVE_INFINITY].forEach((bound, index) => {
      if (seconds <= bound) known.counts[index] = (known.counts[index] ?? 0) + 1;
    });
  }

  /** @param gauges what is read when somebody asks */
  text(gauges: readonly Sample[]): string {
    const samples = this.counters.samples({ guard_admissions_total: 'Admission reviews that were answered.' });
    return `${metricsText([...gauges, ...samples])}${this.histogram()}`;
  }

  private histogram(): string {
    const name = 'guard_admission_duration_seconds';
    const lines = [...this.durations].flatMap(([path, { counts, sum }]) => [
      ...counts.map((count, index) => `${name}_bucket{path="${path}",le="${bounds[index] ?? '+Inf'}"} ${count}`),
      `${name}_sum{path="${path}"} ${sum}`,
      `${name}_count{path="${path}"} ${counts.at(-1) ?? 0}`,
    ]);
    return `# HELP ${name} Time from a review's last byte to its answer.\n# TYPE ${name} histogram\n${lines.map((line) => `${line}\n`).join('')}`;
  }
}
