/** Stands in for `constructs/program`: the plan's tests need programs, not the real ones. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Program } from '../../constructs/program';
import { temporaryFolder } from './folder';

/** Text that Terraform and Helm would read as expressions, if the program travelled as text. */
export const programText = 'console.log(`${1} {{ .Values.x }} %{ if }`);\n';

const folder = temporaryFolder();

export function bundledProgram(name: string): Program {
  const file = join(folder, `${name.replaceAll('/', '-')}.js`);
  writeFileSync(file, programText);
  return { file, hash: 'HASH' };
}
