/** Counters and gauges in Prometheus' text format. */

export interface Sample {
  readonly name: string;
  readonly type: 'gauge' | 'counter';
  readonly help: string;
  readonly value: number;
  readonly labels?: Readonly<Record<string, string>>;
}

/** Counters that only grow; gauges are read from the exchange's state when somebody asks. */
export class Counters {
  private readonly values = new Map<
    string,
    { labels: Readonly<Record<string, string>>; name: string; value: number }
  >();

  add(name: string, labels: Readonly<Record<string, string>>): void {
    const key = name + JSON.stringify(labels);
    const known = this.values.get(key);
    if (known === undefined) this.values.set(key, { name, labels, value: 1 });
    else known.value += 1;
  }

  samples(help: Readonly<Record<string, string>>): readonly Sample[] {
    return [...this.values.values()].map(({ name, labels, value }) => ({
      name,
      type: 'counter',
      help: help[name] ?? '',
      value,
      labels,
    }));
  }
}

/** Text for `GET /metrics`: each name's help and type once, in order of first use. */
export function metricsText(samples: readonly Sample[]): string {
  const families = new Map<string, Sample[]>();
  for (const sample of samples) {
    const family = families.get(sample.name);
    if (family === undefined) families.set(sample.name, [sample]);
    else family.push(sample);
  }
  const lines = [...families].flatMap(([name, family]) => [
    `# HELP ${name} ${family[0]?.help ?? ''}`,
    `# TYPE ${name} ${family[0]?.type ?? 'gauge'}`,
    ...family.map(({ labels, value }) => `${name}${labelText(labels ?? {})} ${value}`),
  ]);
  return `${lines.join('\n')}\n`;
}

function labelText(labels: Readonly<Record<string, string>>): string {
  const pairs = Object.entries(labels).map(([key, value]) => `${key}="${escaped(value)}"`);
  return pairs.length === 0 ? '' : `{${pairs.join(',')}}`;
}

function escaped(value: string): string {
  return value.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('\n', '\\n');
}
