/** Reads logs of a lab's programs from their end. */
import { closeSync, openSync, readSync, statSync } from 'node:fs';

/** Bytes in a log; 0 when there is none. */
export function logSize(path: string): number {
  return statSync(path, { throwIfNoEntry: false })?.size ?? 0;
}

/** Lines written after the first `from` bytes, at most the last 64 KiB of them. */
export function linesSince(path: string, from: number): string[] {
  const size = logSize(path);
  const start = Math.max(from, size - 65_536);
  if (size <= start) return [];
  const buffer = Buffer.alloc(size - start);
  const file = openSync(path, 'r');
  try {
    const read = readSync(file, buffer, 0, buffer.length, start);
    return buffer.toString('utf8', 0, read).trimEnd().split('\n');
  } finally {
    closeSync(file);
  }
}

/** The last lines of a log as one text. */
export function logTail(path: string, lines = 12): string {
  const found = linesSince(path, 0).slice(-lines);
  return found.length === 0 ? '(it is empty)' : found.join('\n');
}
