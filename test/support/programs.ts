/** Stands in for `constructs/programs`: the plan's tests need programs, not the real ones. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Programs } from '../../constructs/programs';
import type { Service } from '../../model/lab';
import { temporaryFolder } from './folder';

/** Text that Terraform and Helm would read as expressions, if the program travelled as text. */
export const programText = 'console.log(`${1} {{ .Values.x }} %{ if }`);\n';

const folder = temporaryFolder();

export function bundledProgram(name: string): { file: string; hash: string } {
  const file = join(folder, `${name.replaceAll('/', '-')}.js`);
  writeFileSync(file, programText);
  return { file, hash: 'HASH' };
}

export function programsOf({ workload, containers }: Service): Programs {
  return {
    ...(workload.kind === 'program' ? { own: bundledProgram(workload.program) } : {}),
    beside: new Map(
      containers.flatMap(({ name, workload: runs }) =>
        runs.kind === 'program' ? [[name, bundledProgram(runs.program)] as const] : [],
      ),
    ),
  };
}
