/** Upstream charts: where they come from, and the values they get. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'yaml';
import { isRepository } from '../../model/charts';
import type { Mesh } from '../../model/lab';
import { versions } from '../../model/versions';
import type { ReleaseProps } from './release';

const repositories = {
  istio: { repository: 'https://blob.istio.io/istio-release/charts', version: versions.istioCharts },
  consul: { repository: 'https://helm.releases.hashicorp.com', version: versions.consulChart },
} as const;

/** A chart of a mesh. */
export function chartOf(
  { kind, place, charts }: Mesh,
  chart: string,
): Pick<ReleaseProps, 'chart' | 'repository' | 'version'> {
  // On the lab machine the charts come out of the same Go module as the binaries; `up` lays them beside the stacks.
  if (place.platform === 'local') return { chart: `../../charts/${kind}/${chart}` };
  const { repository, version } = repositories[kind];
  if (charts.source === undefined) return { chart, repository, version: charts.version ?? version };
  if (!isRepository(charts.source)) return { chart: join(charts.source, chart) };
  return { chart, repository: charts.source, version: charts.version ?? version };
}

/** Values of a chart: what holds everywhere, what differs on a platform, what the person adds. */
export function chartValues({ kind, place, charts }: Mesh, chart: string): Record<string, unknown>[] {
  const folder = join(__dirname, '../../charts-values', kind);
  const local = place.platform === 'local' ? [join(folder, `${chart}.local.yaml`)] : [];
  const own = charts.values[chart];
  return [join(folder, `${chart}.yaml`), ...local, ...(own === undefined ? [] : [own])].map(
    (file) => (parse(readFileSync(file, 'utf8')) ?? {}) as Record<string, unknown>,
  );
}
