/** Asks the person at the terminal. */
import { createInterface } from 'node:readline';
import { UsageError } from '../errors';

/** Answers a question with yes or no; rejects with the signal's reason when it is stopped before. */
export type Ask = (question: string, signal: AbortSignal) => Promise<boolean>;

/**
 * How to get a yes.
 * @param what for the message: what can't be asked for
 * @throws UsageError without a terminal and without `--yes`
 */
export function asker(what: string, yes: boolean, input = process.stdin, output = process.stderr): Ask {
  if (yes) return async () => true;
  if (input.isTTY !== true || output.isTTY !== true) {
    throw new UsageError(`${what} asks first, and there is no terminal to ask on. With --yes it does not ask`);
  }
  return (question, signal) => askOn(question, signal, input, output);
}

/** Anything but a clear yes is a no, the end of the input too. */
export async function askOn(
  question: string,
  signal: AbortSignal,
  input: NodeJS.ReadableStream,
  output: NodeJS.WritableStream,
): Promise<boolean> {
  signal.throwIfAborted();
  const lines = createInterface({ input, output });
  const close = () => lines.close();
  signal.addEventListener('abort', close);
  // On a terminal that readline holds, Ctrl-C is a key and no signal.
  lines.on('SIGINT', () => process.kill(process.pid, 'SIGINT'));
  try {
    const answer = await new Promise<string>((resolve) => {
      lines.once('line', resolve);
      lines.once('close', () => resolve(''));
      lines.setPrompt(`${question} [y/N] `);
      lines.prompt();
    });
    signal.throwIfAborted();
    return /^\s*y(es)?\s*$/i.test(answer);
  } finally {
    signal.removeEventListener('abort', close);
    lines.close();
  }
}
