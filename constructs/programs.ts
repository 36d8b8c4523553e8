/** Where the bundled programs of services are. */
import { createHash } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Service } from '../model/lab';

const root = join(__dirname, '..');

export interface Program {
  readonly file: string;
  /** SHA-256 of the file, hexadecimal. */
  readonly hash: string;
}

/** A program of ours, such as `weather/info`, or a path relative to the working folder. Throws when there is none. */
export function bundledProgram(name: string): Program {
  const own = join(root, 'dist/programs', `${name}.js`);
  const file = existsSync(own) ? own : name;
  return { file, hash: createHash('sha256').update(readFileSync(file)).digest('hex') };
}

/** The programs of a service's pod. What is an image has none. */
export interface Programs {
  readonly own?: Program;
  /** By side container. */
  readonly beside: ReadonlyMap<string, Program>;
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
