/** Runs an outside program to its end. */
import { spawn } from 'node:child_process';
import { ProgramError } from '../errors';

export interface RunOptions {
  /** Network namespace to run in; the machine's own without it. */
  readonly netns?: string;
  readonly cwd?: string;
  /** Added to this process's environment. */
  readonly env?: Readonly<Record<string, string>>;
  readonly input?: string;
  /** Milliseconds after which the program is killed; none without it. */
  readonly timeout?: number;
  readonly signal?: AbortSignal;
  /** Called with each line of standard output and error as it comes. */
  readonly onLine?: (line: string) => void;
  /** Exit statuses that are not an error; `[0]` without it. */
  readonly allow?: readonly number[];
}

export interface RunResult {
  readonly stdout: string;
  readonly stderr: string;
  readonly status: number;
}

/**
 * Command line that enters a lab namespace. `nsenter --net`, not `ip netns exec`: the latter remounts /sys and hides
 * the cgroups that kubelet and containerd need.
 */
export function entered(netns: string | undefined, command: string, args: readonly string[]): [string, string[]] {
  return netns === undefined
    ? [command, [...args]]
    : ['nsenter', [`--net=/run/netns/${netns}`, '--', command, ...args]];
}

/** Runs a program and resolves with its output. Throws {@link ProgramError} on a status that is not allowed. */
export async function run(command: string, args: readonly string[], options: RunOptions = {}): Promise<RunResult> {
  const [file, argv] = entered(options.netns, command, args);
  const child = spawn(file, argv, {
    cwd: options.cwd,
    env: { ...process.env, ...options.env },
    signal: options.signal,
    timeout: options.timeout,
    stdio: ['pipe', 'pipe', 'pipe'],
  });
  // A program that ends before it reads its input closes the pipe; its status tells why.
  child.stdin.on('error', () => {});
  child.stdin.end(options.input ?? '');
  const out = collect(child.stdout, options.onLine);
  const err = collect(child.stderr, options.onLine);
  const status = await new Promise<number | null>((resolve, reject) => {
    child.on('error', reject);
    child.on('close', resolve);
  });
  if (status === null || !(options.allow ?? [0]).includes(status)) {
    throw new ProgramError(command, status, `${out()}${err()}`);
  }
  return { stdout: out(), stderr: err(), status };
}

function collect(stream: NodeJS.ReadableStream, onLine?: (line: string) => void): () => string {
  let text = '';
  let rest = '';
  stream.setEncoding('utf8');
  stream.on('data', (chunk: string) => {
    text += chunk;
    if (onLine === undefined) return;
    const lines = (rest + chunk).split('\n');
    rest = lines.pop() ?? '';
    lines.forEach(onLine);
  });
  return () => text;
}
