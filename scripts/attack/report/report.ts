/** What every report of a run tells beside its results, and the way into its file. */
import { closeSync, existsSync, openSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { UsageError } from '../../errors';
import type { Group } from '../attack';

/** An attack that was wanted, and that this lab lacks something for. */
export interface NotPlayed {
  readonly id: string;
  readonly group: Group;
  readonly why: string;
}

/** Throws {@link UsageError} for a file that can't be written. What is there, or is not, stays until there is a report. */
export function checkReports(files: readonly string[]): void {
  for (const file of files) {
    attempt(file, () => {
      const isNew = !existsSync(file);
      closeSync(openSync(file, 'a'));
      if (isNew) rmSync(file);
    });
  }
}

/** Replaces a file at once: nobody sees a part of a report. */
export function writeReport(file: string, content: string): void {
  attempt(file, () => {
    writeFileSync(`${file}.new`, content);
    renameSync(`${file}.new`, file);
  });
}

function attempt(file: string, work: () => void): void {
  try {
    work();
  } catch (error) {
    throw new UsageError(`the report can't be written to ${file}: ${(error as Error).message}`);
  }
}
