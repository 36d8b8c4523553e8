/** What an attack is, and what one run of it found. Pure: nothing here reaches a lab. */
import { type LogLine, field as logField } from '../call/log';
import type { Ask, Between } from './asks';
import type { Cast } from './cast';
import { redacted } from './report/redact';

/** Groups in the order of the report. */
export const groups = [
  'identity',
  'mesh-identity',
  'gateway',
  'host',
  'reverse',
  'peering',
  'rules',
  'paths',
  'smuggling',
  'border',
  'credentials',
  'exchange',
  'control-plane',
  'machine',
  'plane',
  'guard',
  'import',
  'impostor',
  'lifecycle',
  'capture',
  'known-limit',
] as const;
export type Group = (typeof groups)[number];

/** Ways in which a step can be refused, each with evidence of its own. */
export type How =
  /** A TLS alert of the callee's proxy. */
  | 'tls-alert'
  /** TLS came about, then a rule on connections closed it: a counter of the proxy, or its log. */
  | 'connection-rule'
  /** Status 403 of a proxy, whose log names the rule. */
  | 'http-rule'
  /** Status 400 or 426 of a proxy for a request that can be read in two ways. */
  | 'malformed'
  /** A gateway knows no way for the server name. */
  | 'no-way'
  /** A proxy or a program that takes TLS only ended a connection in clear. */
  | 'not-tls'
  /** The border router took the packet and never sent it on. */
  | 'firewall'
  /** Nothing listens there: the kernel's own refusal. */
  | 'not-listening'
  /** Status 401 or 403 of an API, or its code in gRPC. */
  | 'unauthorized'
  /** The API server's admission, with the policy's message. */
  | 'admission'
  /** A pod's own rules: what others reach there is closed to this container. */
  | 'guard'
  /** The kernel's permissions. */
  | 'permission'
  /** A caller's own proxy found that whoever answered is not the callee. */
  | 'not-the-callee'
  /** The answer is another one than the attacker wanted, and shows it. */
  | 'not-believed'
  /** What was changed was put back. */
  | 'mended'
  /** The connection was ended after its permission was withdrawn. */
  | 'drained'
  /** What was looked for is not there. */
  | 'absent';

export interface Stop {
  readonly how: How;
  /** Who, as operators name it: `east/info's proxy`. */
  readonly who: string;
  readonly what: string;
}

/** Refused when stopped in one of these ways; any other end is not what was expected. */
export function by(...hows: readonly How[]): (seen: Observation) => string | undefined {
  return ({ stop }) => (stop !== undefined && hows.includes(stop.how) ? `${stop.who}: ${stop.what}` : undefined);
}

/** What not every lab has. */
export type Need =
  /** A row from Consul to Istio; and one by which the provider itself calls back. */
  | 'export'
  | 'call-back'
  | 'guard'
  /** A row within Istio to the consumer; and that this caller has none to the provider. */
  | 'inside'
  | 'stranger'
  /** A service of Istio's mesh that is a page. */
  | 'page';

/** What an attack asks for. */
export interface Asked extends Between, Ask {
  /** The rows allow it as the proxies read it: what must not happen is that somebody reads it otherwise. */
  readonly passes?: true;
}

/** Thrown by an attempt that finds out that this lab lacks something for it. */
export class Lacking extends Error {}

/** What was seen of one step. */
export interface Observation {
  /** The step as a person would say it. */
  readonly tried: string;
  /** What came back, in one line. */
  readonly answered: string;
  /** HTTP status; absent when there was none. */
  readonly status?: number;
  /** Whether the program itself answered, as it does to whom it serves, also where it has nothing under this path. */
  readonly served?: boolean;
  /** How it ended: an error code, or the agent's word (`closed`, `timeout`, `answered`, …). */
  readonly end?: string;
  /** Whether a TCP connection, and TLS on it, came about. */
  readonly connected?: boolean;
  readonly secured?: boolean;
  /** The answer's text, cut. */
  readonly text?: string;
  /** What the refusing side itself noted of this very step: log lines, counters, packets. */
  readonly notes: readonly string[];
  /** Access log line of this very request at the proxy that answered it. */
  readonly log?: LogLine;
  /** Who stopped it and by what, as far as the answer and the refusing side's own notes prove it. */
  readonly stop?: Stop;
}

/** The same step by the party that it is meant for. */
export interface Control {
  readonly ok: boolean;
  /** What was done and what came back, in one line. */
  readonly evidence: string;
}

/** What every row of a table of attacks says of one of them. */
export interface AttackRow {
  /** The id behind its group. */
  readonly name: string;
  readonly title: string;
  readonly serves: readonly string[];
}

/**
 * One attack. `F` is the field that it is played on; tests play it on a made-up one.
 *
 * `refusedWhen` names who stopped it and how, from what was observed, or is undefined: no answer that it does not know
 * counts as a refusal, so that a missing program, a name that does not resolve or a dead callee never pass for safety.
 */
export interface Attack<F> {
  /** `group/name`. */
  readonly id: string;
  readonly group: Group;
  readonly title: string;
  /** A part M1 to M17 of the mission, an item of NIST SP 800-204A, 204B or 207A, or the address of a public report. */
  readonly serves: readonly string[];
  readonly attempt: (field: F) => Promise<Observation>;
  readonly refusedWhen: (seen: Observation) => string | undefined;
  readonly control: (field: F) => Promise<Control>;
  /** What the lab must have for it: an export is a row from Consul to Istio. @default - what every lab that can be attacked has */
  readonly needs?: Need;
  /**
   * The request that must be refused. Where the lab's rows allow it the attack is not played; undefined when they allow
   * everything. @default - what is refused is not a request's method or path
   */
  readonly asks?: (cast: Cast) => Asked | undefined;
  /**
   * For what the design can not stop: finds the attempt afterwards, in what an operator sees.
   * @default - the attack must be refused
   */
  readonly detect?: (field: F, seen: Observation) => Promise<Control>;
}

export interface Result {
  readonly id: string;
  readonly group: Group;
  readonly title: string;
  readonly serves: readonly string[];
  readonly refused: boolean;
  /** Whether it could not be tried, or did not get through though nobody can be named who refused. @default - no */
  readonly unclear?: boolean;
  /** Who stopped it, and by what; null when it got through or nobody can be named. */
  readonly stoppedBy: string | null;
  readonly evidence: readonly string[];
  readonly control: Control;
  /** Whether it was seen afterwards. Only of known limits, which need not be refused. */
  readonly detection?: Control;
  readonly ms: number;
}

/**
 * Plays an attack and then its control. A step that throws is no refusal and no good control.
 * Throws {@link Lacking} when the lab lacks something for it.
 */
export async function play<F>(attack: Attack<F>, field: F, now: () => number = Date.now): Promise<Result> {
  const began = now();
  const seen = await attack.attempt(field).catch(broken);
  const unclear = unnamed(seen);
  const stoppedBy = seen.end === brokenEnd ? undefined : attack.refusedWhen(seen);
  const detection = await attack.detect?.(field, seen).catch(brokenControl);
  const control = await controlOf(attack, field);
  return {
    id: attack.id,
    group: attack.group,
    title: attack.title,
    serves: attack.serves,
    refused: stoppedBy !== undefined,
    ...(stoppedBy === undefined && unclear ? { unclear } : {}),
    stoppedBy: stoppedBy === undefined ? null : redacted(stoppedBy),
    evidence: [`tried: ${seen.tried}`, `answered: ${seen.answered}`, ...seen.notes].map(redacted),
    control: shown(control),
    ...(detection === undefined ? {} : { detection: shown(detection) }),
    ms: now() - began,
  };
}

/** Whatever an attack was given, no report holds a credential. */
function shown({ ok, evidence }: Control): Control {
  return { ok, evidence: redacted(evidence) };
}

/** Tried twice: a proxy may take a connection that its other end is just giving up. A broken lab fails both times. */
async function controlOf<F>({ control }: Attack<F>, field: F): Promise<Control> {
  const first = await control(field).catch(brokenControl);
  return first.ok ? first : control(field).catch(brokenControl);
}

/** End of a step that could not even be tried. */
const brokenEnd = 'broken';

/** Ends of connections that nobody took. */
const untaken = ['timeout', 'ECONNREFUSED', 'ECONNRESET', 'EHOSTUNREACH', 'ENETUNREACH', 'ENOTFOUND'];

/** Not through, whoever it was that refused: it could not be tried, nobody took it, or somebody before the program said no. */
function unnamed({ end = '', status, connected, log }: Observation): boolean {
  // An agent that is gone or silent tried nothing that anybody knows of.
  if (end === brokenEnd || end.startsWith('agent: ')) return true;
  if (status === undefined) return connected === false || (connected !== true && untaken.includes(end));
  return [401, 403].includes(status) && logField(log, 'details') !== 'via_upstream';
}

function broken(error: unknown): Observation {
  if (error instanceof Lacking) throw error;
  return { tried: 'the step', answered: `it could not be tried: ${said(error)}`, end: brokenEnd, notes: [] };
}

function brokenControl(error: unknown): Control {
  return { ok: false, evidence: `it could not be tried: ${said(error)}` };
}

function said(error: unknown): string {
  return (error instanceof Error ? error.message : String(error)).split('\n').slice(0, 3).join(' ');
}

/** Whether a result counts as safe: refused (or, for a known limit, detected), on a lab where the legitimate step works. */
export function isGood({ refused, control, detection }: Result): boolean {
  return control.ok && (detection === undefined ? refused : detection.ok);
}

/** Whether nothing follows from it: the legitimate step failed, too, or it is not known who refused. */
export function provesNothing({ control, unclear, detection }: Result): boolean {
  return !control.ok || (unclear === true && detection === undefined);
}

export interface Verdict {
  readonly good: boolean;
  /** Ids of attacks that got through on a lab that works. */
  readonly through: readonly string[];
  /** Ids of attacks that prove nothing: their legitimate step failed, or nobody can be named who refused. */
  readonly unproven: readonly string[];
  /** Ids of known limits that nobody would have noticed. */
  readonly unnoticed: readonly string[];
}

/** The whole run in one word. A run without attacks proves nothing. */
export function verdict(results: readonly Result[]): Verdict {
  const ids = (wrong: (result: Result) => boolean) => results.filter(wrong).map(({ id }) => id);
  return {
    good: results.length > 0 && results.every(isGood),
    through: ids((result) => !result.refused && result.detection === undefined && !provesNothing(result)),
    unproven: ids(provesNothing),
    unnoticed: ids(({ detection }) => detection?.ok === false),
  };
}
