/**
 * Long-running programs of a lab. Each is recorded with its start time, so that a recycled process id is never
 * mistaken for ours, and carries the lab's mark and its own name in its environment, so that `down` and the next `up`
 * find it even when the record was lost to a `kill -9`.
 */
import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { closeSync, mkdirSync, openSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { FailureError } from '../errors';
import { entered } from './exec';
import { leadsSession, processes, startedWith, startTime } from './processes';
import { until } from './until';

export interface Daemon {
  /** Unique in the lab; also the name of its log, `logs/NAME.log`. */
  readonly name: string;
  readonly netns?: string;
  readonly command: string;
  readonly args: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  readonly cwd?: string;
  /** User and group id; root without it. */
  readonly uid?: number;
  /** Supplementary group ids, together with `uid`; none without it. */
  readonly groups?: readonly number[];
  /** Anything else whose change demands a restart, such as the content of a config file. */
  readonly revision?: string;
}

interface Recorded {
  readonly pid: number;
  readonly startTime: string;
  readonly hash: string;
}

/** Environment variable that marks every process of a lab with the lab's name. */
export const labMark = 'ISTHMUS_LAB';
/** Environment variable with the name of the daemon. */
const daemonMark = 'ISTHMUS_DAEMON';

/**
 * Starts a program unless the same one (same command line, environment and revision) is running already; one that
 * differs is stopped first.
 * @param state the lab's state folder
 * @param inherit opens what the program inherits as file descriptors 3, 4, …; only called when it is started now
 * @returns whether it was started now
 */
export async function startDaemon(
  state: string,
  lab: string,
  daemon: Daemon,
  inherit: () => Promise<readonly number[]> = async () => [],
): Promise<boolean> {
  const hash = hashOf(daemon);
  const known = readRecord(state, daemon.name);
  if (known !== undefined && isRunning(known)) {
    if (known.hash === hash) return false;
    await stopDaemon(state, daemon.name);
  } else {
    await stopUnrecorded(lab, daemon.name);
  }
  mkdirSync(join(state, 'run'), { recursive: true, mode: 0o700 });
  mkdirSync(join(state, 'logs'), { recursive: true, mode: 0o700 });
  const [program = '', ...rest] = [...asUser(daemon), ...ownEnvironment(daemon), daemon.command, ...daemon.args];
  const [file, args] = entered(daemon.netns, program, rest);
  const inherited = await inherit();
  const log = openSync(logFile(state, daemon.name), 'a');
  const child = spawn(file, args, {
    cwd: daemon.cwd ?? '/',
    env: environment(lab, daemon),
    detached: true,
    stdio: ['ignore', log, log, ...inherited],
  });
  closeSync(log);
  await new Promise<void>((resolve, reject) => {
    child.once('error', reject);
    child.once('spawn', resolve);
  });
  const pid = child.pid ?? 0;
  const record: Recorded = { pid, startTime: startTime(pid) ?? '', hash };
  const path = recordFile(state, daemon.name);
  writeFileSync(`${path}.new`, JSON.stringify(record));
  renameSync(`${path}.new`, path);
  child.unref();
  return true;
}

/** Ends a program that runs, but not as it is wanted. */
export async function stopOutdated(state: string, daemon: Daemon): Promise<void> {
  const known = readRecord(state, daemon.name);
  if (known !== undefined && known.hash !== hashOf(daemon)) await stopDaemon(state, daemon.name);
}

function hashOf(daemon: Daemon): string {
  return createHash('sha256').update(JSON.stringify(daemon)).digest('hex');
}

function environment(lab: string, { name }: Daemon): NodeJS.ProcessEnv {
  return { PATH: process.env.PATH ?? '', HOME: '/root', LANG: 'C.UTF-8', [labMark]: lab, [daemonMark]: name };
}

/** The program's own variables come after the change of user: nothing that runs as root before it reads them. */
function ownEnvironment({ env = {} }: Daemon): string[] {
  const variables = Object.entries(env).map(([name, value]) => `${name}=${value}`);
  return variables.length === 0 ? [] : ['env', ...variables];
}

function asUser(daemon: Daemon): string[] {
  if (daemon.uid === undefined) return [];
  const user = [`--reuid=${daemon.uid}`, `--regid=${daemon.uid}`, groups(daemon)];
  return ['setpriv', ...user, '--no-new-privs', '--bounding-set=-all', '--inh-caps=-all', '--'];
}

function groups(daemon: Daemon): string {
  return daemon.groups === undefined ? '--clear-groups' : `--groups=${daemon.groups.join(',')}`;
}

/** Ends a program: SIGTERM, then SIGKILL after `grace` milliseconds. Unknown names are fine. */
export async function stopDaemon(state: string, name: string, grace = 5_000): Promise<void> {
  const known = readRecord(state, name);
  if (known !== undefined && isRunning(known)) await end(known, name, grace);
  rmSync(recordFile(state, name), { force: true });
}

/** Ends a program that was started by a command that was killed before it could record it. */
async function stopUnrecorded(lab: string, name: string): Promise<void> {
  const isMarked = (pid: number) => startedWith(pid, labMark) === lab && startedWith(pid, daemonMark) === name;
  // What a daemon starts inherits the marks; containerd's shims must outlive it.
  const found = processes().filter((pid) => leadsSession(pid) && isMarked(pid));
  for (const pid of found) await end({ pid, startTime: startTime(pid) ?? '' }, name, 5_000);
}

async function end(started: Pick<Recorded, 'pid' | 'startTime'>, name: string, grace: number): Promise<void> {
  const gone = async () => !isRunning(started);
  signal(started.pid, 'SIGTERM');
  if (await until(gone, { timeout: grace, interval: 20 })) return;
  signal(started.pid, 'SIGKILL');
  if (await until(gone, { timeout: 5_000, interval: 20 })) return;
  throw new FailureError(`process ${started.pid} (${name}) survives SIGKILL; it is stuck in the kernel`);
}

/** Names of all recorded programs and whether each is alive. */
export function listDaemons(state: string): { name: string; pid: number; running: boolean }[] {
  let files: string[] = [];
  try {
    files = readdirSync(join(state, 'run'));
  } catch {
    return [];
  }
  return files
    .filter((file) => file.endsWith('.json'))
    .flatMap((file) => {
      const name = file.slice(0, -'.json'.length);
      const record = readRecord(state, name);
      return record === undefined ? [] : [{ name, pid: record.pid, running: isRunning(record) }];
    });
}

export function logFile(state: string, name: string): string {
  return join(state, 'logs', `${name}.log`);
}

function isRunning(record: Pick<Recorded, 'pid' | 'startTime'>): boolean {
  return startTime(record.pid) === record.startTime;
}

function signal(pid: number, name: NodeJS.Signals): void {
  try {
    process.kill(pid, name);
  } catch {
    // It ended in between.
  }
}

function recordFile(state: string, name: string): string {
  return join(state, 'run', `${name}.json`);
}

function readRecord(state: string, name: string): Recorded | undefined {
  try {
    return JSON.parse(readFileSync(recordFile(state, name), 'utf8')) as Recorded;
  } catch {
    return undefined;
  }
}
