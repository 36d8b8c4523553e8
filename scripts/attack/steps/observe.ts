/** From what an agent saw to an observation. */
import type { Observation, Stop } from '../attack';
import type { Seen } from '../vantage/agent';

/** What the callee's proxy says in place of its program. */
export const denied = 'RBAC: access denied';

export interface Notes {
  readonly notes?: readonly string[];
  readonly log?: Observation['log'] | undefined;
  readonly stop?: Stop | undefined;
}

export function observe(tried: string, seen: Seen, { notes = [], log, stop }: Notes = {}): Observation {
  const status = statusOf(seen);
  // A scan let in where any port took it.
  const connected = seen.open === undefined ? seen.connected : seen.open.length > 0;
  return {
    tried,
    answered: answer(seen),
    end: seen.end,
    notes: [...notes, ...(log === undefined ? [] : [`log: ${JSON.stringify(log)}`])],
    ...(status === undefined ? {} : { status, served: served(seen, status) }),
    ...(connected === undefined ? {} : { connected }),
    ...(seen.secured === undefined ? {} : { secured: seen.secured }),
    ...(seen.text === undefined ? {} : { text: seen.text }),
    ...(log === undefined ? {} : { log }),
    ...(stop === undefined ? {} : { stop }),
  };
}

/** What the program says to whom it serves: a success, or an error of its own that a proxy only passed on. */
function served({ headers, text = '' }: Seen, status: number): boolean {
  if (status < 400) return status >= 200;
  if (status >= 500 || [400, 401, 403, 426].includes(status)) return false;
  return headers?.[passedOn] !== undefined || text.toLowerCase().includes(`\n${passedOn}:`);
}

/** Header of Envoy's, on answers that are not its own. */
const passedOn = 'x-envoy-upstream-service-time';

/** HTTP status, also of an answer that was read as bytes. */
export function statusOf({ status, text }: Seen): number | undefined {
  const [, found] = /^HTTP\/1\.[01] (\d{3})/.exec(text ?? '') ?? [];
  return status ?? (found === undefined ? undefined : Number(found));
}

/** One line for people. */
export function answer(seen: Seen): string {
  const status = statusOf(seen);
  const words = endWords[seen.end] ?? seen.end;
  if (status === undefined)
    return seen.text === undefined || seen.text === '' ? words : `${words}: ${firstLine(seen.text)}`;
  return `${status}${bodyOf(seen) === '' ? '' : `, ${firstLine(bodyOf(seen))}`}`;
}

/** The body, also of an answer that was read as bytes. */
export function bodyOf({ status, text = '' }: Seen): string {
  return status === undefined ? text.split('\r\n\r\n').slice(1).join('\r\n\r\n') : text;
}

const endWords: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'connection refused: nothing listens there',
  ECONNRESET: 'connection reset',
  timeout: 'no answer',
  closed: 'connection closed without a word',
  open: 'connection open, nothing said',
  EACCES: 'permission denied (EACCES)',
  EPERM: 'not permitted (EPERM)',
  ENOENT: 'no such file (ENOENT)',
};

/** The alert that ended a TLS connection, in the words of RFC 8446; undefined for any other end. */
export function tlsAlert(end: string): string | undefined {
  const [, name] = /^ERR_SSL_.*ALERT_(\w+)$/.exec(end) ?? [];
  return name?.toLowerCase().replaceAll('_', ' ');
}

function firstLine(text: string): string {
  const line = text.trim().split('\n')[0] ?? '';
  return line.length > 160 ? `${line.slice(0, 160)}…` : line;
}
