import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'yaml';
import type { Platform } from '../../model/lab';

/** Values of an upstream chart: what holds everywhere, then what differs on a platform. */
export function chartValues(mesh: 'istio' | 'consul', chart: string, platform: Platform): Record<string, unknown>[] {
  const read = (file: string) =>
    parse(readFileSync(join(__dirname, '../../charts-values', mesh, file), 'utf8')) as Record<string, unknown>;
  return [read(`${chart}.yaml`), read(`${chart}.${platform}.yaml`)];
}
