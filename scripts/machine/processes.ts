/** What the kernel tells of running processes. One that ends while it is looked at counts as gone. */
import { readdirSync, readFileSync } from 'node:fs';

/** Ids of all processes but zombies: those are gone but for a parent that may never ask for them. */
export function processes(): number[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map(Number)
    .filter((pid) => startTime(pid) !== undefined);
}

/** Start time in clock ticks since boot, which no two processes of one id share; `undefined` for none and zombies. */
export function startTime(pid: number): string | undefined {
  const fields = statFields(pid);
  return ['Z', 'X', undefined].includes(fields[0]) ? undefined : fields[19];
}

/** A process and those that started it, up to the first. */
export function ancestors(pid: number): number[] {
  const parent = Number(statFields(pid)[1] ?? 0);
  return parent > 0 ? [pid, ...ancestors(parent)] : [pid];
}

/** Whether a process began a session, as each daemon does and what it starts does not. */
export function leadsSession(pid: number): boolean {
  return statFields(pid)[3] === String(pid);
}

/** Value of a variable that a process was started with. */
export function startedWith(pid: number, variable: string): string | undefined {
  return textOf(`/proc/${pid}/environ`)
    .split('\0')
    .find((entry) => entry.startsWith(`${variable}=`))
    ?.slice(variable.length + 1);
}

/** A file's text; empty when it can't be read. */
export function textOf(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}

/** Fields of /proc/PID/stat from the state on. The name before it may hold blanks and brackets. */
function statFields(pid: number): string[] {
  const stat = textOf(`/proc/${pid}/stat`);
  return stat === '' ? [] : stat.slice(stat.lastIndexOf(')') + 2).split(' ');
}
