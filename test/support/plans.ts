/** Plans made by hand, for tests of those who read and apply them. */
import { mkdirSync, mkdtempSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { PlannedResource } from '../../scripts/plan/read';

export interface StackText {
  readonly dependencies?: readonly string[];
  readonly provider?: unknown;
  readonly resource?: unknown;
}

/** Writes what synth would have written, and returns its folder. */
export function writePlan(folder: string, stacks: Readonly<Record<string, StackText>>): string {
  const outdir = mkdtempSync(join(folder, 'plan-'));
  const entries = Object.entries(stacks).map(([name, { dependencies = [], ...json }]) => {
    const workingDirectory = `stacks/${name}`;
    mkdirSync(join(outdir, workingDirectory), { recursive: true });
    writeFileSync(join(outdir, workingDirectory, 'cdk.tf.json'), JSON.stringify(json));
    return [name, { workingDirectory, synthesizedStackPath: `${workingDirectory}/cdk.tf.json`, dependencies }];
  });
  writeFileSync(join(outdir, 'manifest.json'), JSON.stringify({ stacks: Object.fromEntries(entries) }));
  return outdir;
}

/** A resource of a plan: `stack/name`, with the names in the same form that must be there before. */
export function planned(
  id: string,
  below: readonly string[] = [],
  values: Readonly<Record<string, unknown>> = {},
): PlannedResource {
  const full = (short: string) => short.replace('/', '/terraform_data.');
  const [stack = ''] = id.split('/');
  return {
    id: full(id),
    stack,
    type: 'terraform_data',
    folder: '/nowhere',
    values,
    providers: {},
    dependsOn: below.map(full),
  };
}

/** `stack/name` of a resource that {@link planned} made. */
export function short(id: string): string {
  return id.replace('terraform_data.', '');
}
