/** The isthmus command as a person runs it. */
import { type ChildProcess, spawn } from 'node:child_process';
import { join } from 'node:path';

export const root = join(__dirname, '../../..');

export interface Ended {
  readonly status: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Starts `isthmus` in a process group of its own. */
export function start(
  args: readonly string[],
  env: NodeJS.ProcessEnv = {},
): { child: ChildProcess; ended: Promise<Ended> } {
  const child = spawn(join(root, 'isthmus'), args, { cwd: root, env: { ...process.env, ...env }, detached: true });
  let stdout = '';
  let stderr = '';
  child.stdout.setEncoding('utf8').on('data', (chunk: string) => {
    stdout += chunk;
  });
  child.stderr.setEncoding('utf8').on('data', (chunk: string) => {
    stderr += chunk;
  });
  const ended = new Promise<Ended>((resolve) => child.on('close', (status) => resolve({ status, stdout, stderr })));
  return { child, ended };
}

export function isthmus(...args: string[]): Promise<Ended> {
  return start(args).ended;
}

/** Runs `isthmus` and expects it to end well; a failure shows what it said. */
export async function succeed(...args: string[]): Promise<string> {
  const { status, stdout, stderr } = await isthmus(...args);
  if (status !== 0) throw new Error(`isthmus ${args.join(' ')} ended with ${status}\n${stdout}\n${stderr}`);
  return stdout;
}
