/** Runs one Terraform so that its state survives whatever happens to us. */
import { spawn } from 'node:child_process';
import { closeSync, openSync, readSync } from 'node:fs';
import { join } from 'node:path';
import { StringDecoder } from 'node:string_decoder';
import { FailureError } from '../errors';

export interface ChildOptions {
  readonly folder: string;
  readonly env: NodeJS.ProcessEnv;
  /** Passed on as SIGINT: Terraform finishes what it has begun and writes its state. */
  readonly signal?: AbortSignal;
  /** Called with each line of its output. */
  readonly onLine?: (line: string) => void;
}

export interface ChildResult {
  readonly status: number | null;
  /** Standard output and error, in the order in which they were written. */
  readonly output: string;
}

/** Output of the last Terraform in a stack's folder. Ignored by git as all of Terraform's own files are. */
const logFile = '.terraform.log';

/** Terraforms that run now. A second Ctrl-C ends this process; they get theirs then and save what they know. */
const running = new Set<number>();
const interruptAll = () => {
  for (const pid of running) interrupt(pid);
};

/**
 * Runs Terraform to its end and tells its status. It writes to a file that we read along, not to a pipe: when this
 * process is killed, a pipe breaks and takes Terraform with it at its next line, with resources in its hands that no
 * state knows of. In a process group of its own, because Ctrl-C on the terminal would reach it twice, and the second
 * interrupt means "at once".
 */
export async function runChild(command: string, args: readonly string[], options: ChildOptions): Promise<ChildResult> {
  const { folder, env, signal } = options;
  signal?.throwIfAborted();
  const log = new Log(join(folder, logFile), options.onLine);
  const child = spawn(command, args, { cwd: folder, env, stdio: ['ignore', log.fd, log.fd], detached: true });
  const { pid } = child;
  const onAbort = () => {
    if (pid !== undefined) interrupt(pid);
  };
  if (pid !== undefined) {
    if (running.size === 0) process.on('exit', interruptAll);
    running.add(pid);
  }
  signal?.addEventListener('abort', onAbort);
  const reading = setInterval(() => log.read(), 100);
  try {
    const status = await new Promise<number | null>((resolve, reject) => {
      child.once('error', (error) => reject(new FailureError(`can't run ${command}: ${error.message}`)));
      child.once('exit', resolve);
    });
    return { status, output: log.end() };
  } finally {
    clearInterval(reading);
    log.close();
    signal?.removeEventListener('abort', onAbort);
    if (pid !== undefined) running.delete(pid);
    if (running.size === 0) process.off('exit', interruptAll);
  }
}

function interrupt(pid: number): void {
  try {
    process.kill(pid, 'SIGINT');
  } catch {
    // It ended in between.
  }
}

/** A file that another program appends to, read line by line. */
class Log {
  readonly fd: number;
  private readonly decoder = new StringDecoder('utf8');
  private readonly buffer = Buffer.alloc(65_536);
  private at = 0;
  private text = '';
  private begun = '';

  constructor(
    file: string,
    private readonly onLine: ((line: string) => void) | undefined,
  ) {
    // Appending, so that our reading does not move the place where Terraform writes. Errors may quote what is private.
    closeSync(openSync(file, 'w', 0o600));
    this.fd = openSync(file, 'a+');
  }

  read(): void {
    for (;;) {
      const length = readSync(this.fd, this.buffer, 0, this.buffer.length, this.at);
      if (length === 0) return;
      this.at += length;
      const text = this.decoder.write(this.buffer.subarray(0, length));
      this.text += text;
      const lines = (this.begun + text).split('\n');
      this.begun = lines.pop() ?? '';
      for (const line of lines) this.onLine?.(line);
    }
  }

  /** Reads the rest; returns all. */
  end(): string {
    this.read();
    if (this.begun !== '') this.onLine?.(this.begun);
    return this.text;
  }

  close(): void {
    closeSync(this.fd);
  }
}
