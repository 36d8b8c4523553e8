/** The files that synth wrote: which stacks there are, and the JSON of each. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { FailureError } from '../errors';

export interface StackFile {
  readonly name: string;
  /** Folder of the stack, which relative paths in it start from. */
  readonly folder: string;
  /** Names of stacks that must be there before this one. */
  readonly dependsOn: readonly string[];
  /** The stack's `cdk.tf.json`. */
  readonly file: string;
}

interface Manifest {
  readonly stacks: Readonly<
    Record<
      string,
      {
        readonly workingDirectory: string;
        readonly synthesizedStackPath: string;
        readonly dependencies: readonly string[];
      }
    >
  >;
}

/**
 * Stacks of a plan.
 * @param outdir the folder that synth wrote
 * @throws FailureError when there is no plan
 */
export function readStackFiles(outdir: string): StackFile[] {
  const { stacks } = readPlanJson<Manifest>(join(outdir, 'manifest.json'));
  return Object.entries(stacks).map(([name, { workingDirectory, synthesizedStackPath, dependencies }]) => ({
    name,
    folder: join(outdir, workingDirectory),
    dependsOn: dependencies,
    file: join(outdir, synthesizedStackPath),
  }));
}

/** One JSON file of a plan. Throws FailureError when it can not be read. */
export function readPlanJson<T>(file: string): T {
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch {
    throw new FailureError(`no plan: ${file} can not be read. Write it first: node --import tsx main.ts`);
  }
  return JSON.parse(text) as T;
}
