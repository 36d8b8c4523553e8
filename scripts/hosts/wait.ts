/** Waits for a program of a host, and says what its log says when it dies or takes too long. */
import { stateFolder } from '../../model/names';
import { FailureError } from '../errors';
import { listDaemons, logFile } from '../machine/daemon';
import { until } from '../machine/until';
import { logTail } from './log';

export interface Awaited {
  readonly lab: string;
  /** Program that is to fulfil the condition. */
  readonly daemon: string;
  /** What is waited for, as a short sentence. */
  readonly what: string;
  /** Milliseconds. */
  readonly timeout: number;
  /** Further lines for the message, for example from another program's log; none without it. */
  readonly hints?: () => readonly string[];
  /** Ends the wait. @default - nothing does */
  readonly signal?: AbortSignal;
}

/** Resolves when `condition` holds; throws {@link FailureError} with the end of the program's log otherwise. */
export async function awaitDaemon(awaited: Awaited, condition: () => Promise<boolean>): Promise<void> {
  const state = stateFolder(awaited.lab);
  let dead = false;
  let reason = '';
  const over = await until(
    async () => {
      dead = !listDaemons(state).some((known) => known.name === awaited.daemon && known.running);
      if (dead) return true;
      try {
        return await condition();
      } catch (error) {
        reason = error instanceof Error ? error.message : String(error);
        return false;
      }
    },
    { timeout: awaited.timeout, interval: 50, ...(awaited.signal && { signal: awaited.signal }) },
  );
  if (over && !dead) return;
  const log = logFile(state, awaited.daemon);
  const fault = dead ? 'it ended' : `not within ${awaited.timeout / 1000} s${reason === '' ? '' : ` (${reason})`}`;
  const lines = [`${awaited.daemon}: ${awaited.what}: ${fault}`, ...(awaited.hints?.() ?? [])];
  throw new FailureError([...lines, `the end of ${log}:`, logTail(log)].join('\n'));
}
