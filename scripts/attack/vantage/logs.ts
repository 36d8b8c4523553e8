/** Access logs of the lab's proxies, followed while attacks run: what each says of one request or connection. */
import { type ChildProcess, spawn } from 'node:child_process';
import { closeSync, existsSync, openSync, readSync, statSync } from 'node:fs';
import { jsonLines, type LogLine } from '../../call/log';
import { endingWithUs } from '../../machine/exec';
import { again } from '../again';

/** Milliseconds that a proxy may take to write a line: they write in batches. */
const patience = 8_000;

export interface ProxyLog {
  /** The first line that fits; undefined when none came in time. */
  line(fits: (line: LogLine) => boolean, timeout?: number): Promise<LogLine | undefined>;
  stop(): void;
}

/** Follows what a command prints, such as `kubectl logs -f`. */
export function followCommand(command: string, args: readonly string[]): ProxyLog {
  const lines: LogLine[] = [];
  const [file, argv] = endingWithUs(command, args);
  // In a group of its own: after Ctrl-C on the terminal it shows whether the lab is as it was.
  const child: ChildProcess = spawn(file, argv, { stdio: ['ignore', 'pipe', 'ignore'], detached: true });
  let rest = '';
  child.stdout?.setEncoding('utf8').on('data', (text: string) => {
    const parts = (rest + text).split('\n');
    rest = parts.pop() ?? '';
    lines.push(...jsonLines(parts.join('\n')));
  });
  child.on('error', () => {});
  return { line: finder(async () => lines), stop: () => child.kill('SIGTERM') };
}

/** Follows a file from its present end. */
export function followFile(path: string): ProxyLog {
  const from = existsSync(path) ? statSync(path).size : 0;
  const read = async () => {
    const file = openSync(path, 'r');
    try {
      const buffer = Buffer.alloc(Math.max(0, statSync(path).size - from));
      readSync(file, buffer, 0, buffer.length, from);
      return jsonLines(buffer.toString('utf8'));
    } finally {
      closeSync(file);
    }
  };
  return { line: finder(read), stop: () => {} };
}

function finder(read: () => Promise<readonly LogLine[]>): ProxyLog['line'] {
  return async (fits, timeout = patience) => {
    const look = async () => (await read()).find(fits);
    return again(look, (line) => line !== undefined, { timeout, interval: 100 });
  };
}
