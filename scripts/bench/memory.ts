/** `isthmus bench memory`: what the lab's processes hold, summed as PSS so that shared pages count once. */
import { readFileSync } from 'node:fs';
import { labProcesses } from '../machine/remains';

export interface ProgramMemory {
  readonly program: string;
  readonly processes: number;
  /** Proportional set size in MiB. */
  readonly pss: number;
}

export interface MemoryResult {
  readonly processes: number;
  readonly pss: number;
  /** Largest first. */
  readonly programs: readonly ProgramMemory[];
}

/** Looks at every process of a raised lab, the containers' included. */
export function benchMemory(lab: string): MemoryResult {
  const programs = new Map<string, { processes: number; kib: number }>();
  for (const pid of new Set(labProcesses(lab))) {
    const found = look(pid);
    if (found === undefined) continue;
    const sum = programs.get(found.program) ?? { processes: 0, kib: 0 };
    programs.set(found.program, { processes: sum.processes + 1, kib: sum.kib + found.kib });
  }
  const rows = [...programs].map(([program, { processes, kib }]) => ({
    program,
    processes,
    pss: Math.round(kib / 1024),
  }));
  return {
    processes: rows.reduce((sum, row) => sum + row.processes, 0),
    pss: Math.round([...programs.values()].reduce((sum, { kib }) => sum + kib, 0) / 1024),
    programs: rows.sort((a, b) => b.pss - a.pss),
  };
}

function look(pid: number): { program: string; kib: number } | undefined {
  try {
    const kib = /^Pss:\s+(\d+) kB/m.exec(readFileSync(`/proc/${pid}/smaps_rollup`, 'utf8'))?.[1];
    return { program: readFileSync(`/proc/${pid}/comm`, 'utf8').trim(), kib: Number(kib ?? 0) };
  } catch {
    // It ended in between.
    return undefined;
  }
}

export function formatMemory({ processes, pss, programs }: MemoryResult): string {
  const rows = programs.map(
    (row) => `${String(row.pss).padStart(7)} MiB  ${row.program}${row.processes > 1 ? ` × ${row.processes}` : ''}`,
  );
  return [...rows, `${String(pss).padStart(7)} MiB  in ${processes} processes`].join('\n');
}
