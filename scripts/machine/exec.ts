/** Runs an outside program to its end. */
import { type ChildProcess, spawn } from 'node:child_process';
import { FailureError, ProgramError } from '../errors';
import { catchesInterrupt, endGroupWithUs, killGroup } from './group';

export interface RunOptions {
  /** Network namespace to run in; the machine's own without it. */
  readonly netns?: string;
  readonly cwd?: string;
  /** Added to this process's environment. */
  readonly env?: Readonly<Record<string, string>>;
  readonly input?: string;
  /** Milliseconds after which the program is killed; none without it. */
  readonly timeout?: number;
  /** Ends the program and all that it started. Without one, it runs to its end unless this process ends before. */
  readonly signal?: AbortSignal;
  /** Whether SIGTERM ends the program when this process dies without a word, as by `kill -9`. Linux only. */
  readonly endsWithUs?: boolean;
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

/** Command line of a program that gets SIGTERM when this process dies without a word. */
export function endingWithUs(command: string, args: readonly string[]): [string, string[]] {
  return ['setpriv', ['--pdeathsig', 'TERM', '--', command, ...args]];
}

/**
 * Runs a program and resolves with its output. Throws {@link ProgramError} on a status that is not allowed, and the
 * signal's reason once the program has ended because of it.
 */
export async function run(command: string, args: readonly string[], options: RunOptions = {}): Promise<RunResult> {
  const { signal } = options;
  signal?.throwIfAborted();
  const [program, rest] =
    options.endsWithUs === true && process.platform === 'linux' ? endingWithUs(command, args) : [command, args];
  const [file, argv] = entered(options.netns, program, rest);
  // A group of its own, so that those it started end with it, and Ctrl-C on the terminal leaves the ending to us.
  const detached = signal !== undefined || catchesInterrupt();
  const child = spawn(file, argv, {
    cwd: options.cwd,
    env: { ...process.env, ...options.env },
    timeout: options.timeout,
    stdio: ['pipe', 'pipe', 'pipe'],
    detached,
  });
  if (detached) endGroupWithUs(child);
  // A program that ends before it reads its input closes the pipe; its status tells why.
  child.stdin.on('error', () => {});
  child.stdin.end(options.input ?? '');
  const out = collect(child.stdout, options.onLine);
  const err = collect(child.stderr, options.onLine);
  const ended = new Promise<number | null>((resolve, reject) => {
    child.on('error', (error) => reject(new FailureError(`can't run ${file}: ${error.message}`)));
    child.on('close', resolve);
  });
  const status = await (signal === undefined ? ended : endedBy(child, ended, signal));
  if (status === null || !(options.allow ?? [0]).includes(status)) {
    signal?.throwIfAborted();
    throw new ProgramError(command, status, `${out()}${err()}`);
  }
  return { stdout: out(), stderr: err(), status };
}

/** Milliseconds that programs get to tidy up after SIGTERM. */
const grace = 3_000;

/** Waits for a child with a group of its own; an abort ends the group. */
async function endedBy(
  { pid }: ChildProcess,
  ended: Promise<number | null>,
  signal: AbortSignal,
): Promise<number | null> {
  if (pid === undefined) return ended;
  let last: NodeJS.Timeout | undefined;
  const end = () => {
    killGroup(pid, 'SIGTERM');
    last = setTimeout(() => killGroup(pid, 'SIGKILL'), grace);
  };
  signal.addEventListener('abort', end);
  try {
    return await ended;
  } finally {
    clearTimeout(last);
    signal.removeEventListener('abort', end);
    // The program itself is gone; what it started may have closed our pipes and still be there.
    if (signal.aborted) killGroup(pid, 'SIGKILL');
  }
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
  stream.on('end', () => {
    if (rest !== '') onLine?.(rest);
  });
  return () => text;
}
