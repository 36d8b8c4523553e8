import { mkdirSync } from 'node:fs';
import { run } from '../machine/exec';
import type { PlannedResource } from './read';
import type { Context } from './types';

interface LocalExec {
  readonly command: string;
  readonly when?: 'destroy';
  readonly environment?: Readonly<Record<string, string>>;
}

/** Runs a `terraform_data`'s local-exec commands in the stack's folder, as Terraform would. */
export async function runProvisioners(
  { values, folder }: PlannedResource,
  when: 'create' | 'destroy',
  context: Context,
): Promise<void> {
  const provisioners = (values.provisioner ?? []) as readonly { readonly 'local-exec': LocalExec }[];
  for (const { 'local-exec': exec } of provisioners) {
    if ((exec.when ?? 'create') !== when) continue;
    // The folder of a stack that left the plan may have left with it; paths still start from there.
    mkdirSync(folder, { recursive: true });
    await run('sh', ['-c', exec.command], {
      cwd: folder,
      env: exec.environment ?? {},
      endsWithUs: true,
      onLine: context.say,
      ...(context.signal === undefined ? {} : { signal: context.signal }),
    });
  }
}
