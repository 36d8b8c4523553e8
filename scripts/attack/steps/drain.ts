/** What ended a connection: the removal of its row, or something else. */
import type { Seen } from '../vantage/agent';

/** A held connection for people. `removed` is when a row was taken away, in milliseconds of Unix time. */
export const told = ({ end, began = 0, answers = 0, after = 0, lastAnswer = 0 }: Seen, removed: number): string =>
  `${answers} answers, the last ${seconds(began + lastAnswer - removed)} after a row was removed, ${end} after ${seconds(began + after - removed)}`;

const seconds = (ms: number): string => `${(ms / 1000).toFixed(1)} s`;

/** Milliseconds that the proxy may take to learn of the change, beyond the drain that it promises. */
const learning = 5_000;

interface Drain {
  /** The connection whose row was removed, and one of the same length with its row. */
  readonly seen: Seen;
  readonly beside: Seen;
  /** Milliseconds of Unix time. */
  readonly removed: number;
  readonly drainSeconds: number;
}

/**
 * What shows that the removal, and nothing else, ended a connection: it was answered before, ended afterwards, was not
 * answered for longer than the drain allows, and the one beside it stayed open for as long as it was asked to.
 */
export function drainedBy({ seen, beside, removed, drainSeconds }: Drain): string | undefined {
  const { end, began = 0, answers = 0, after = 0, firstAnswer = after, lastAnswer = 0 } = seen;
  const ended = began + after - removed;
  const answered = began + lastAnswer - removed;
  if (!['closed', 'ECONNRESET', 'EPIPE'].includes(end) || ended <= 0) return undefined;
  if (answers === 0 || began + firstAnswer >= removed || answered > drainSeconds * 1000 + learning) return undefined;
  if (beside.end !== 'open' || (beside.answers ?? 0) === 0) return undefined;
  return `ended the connection ${seconds(ended)} after its row was removed (drainSeconds ${drainSeconds}), the last of ${answers} answers after ${seconds(answered)}; a connection with its row stayed open beside it`;
}
