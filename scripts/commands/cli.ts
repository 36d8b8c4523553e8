/** What every command may use. */
import type { Command } from 'commander';
import type { Lab } from '../../model/lab';

export interface Cli {
  readonly program: Command;
  /** Absolute path of the lab file. */
  readonly config: () => string;
  /** The lab of the lab file; throws UsageError with all faults of the file. */
  readonly lab: () => Lab;
  /** The same, for commands that look into it; throws FailureError when its part on this machine is not up. */
  readonly raisedLab: () => Lab;
  /** Prints what people read: its hints call the program as they do. */
  readonly say: (text: string) => void;
  /** Prints what programs read, as it is. */
  readonly json: (value: unknown) => void;
  /** @param left said when a second Ctrl-C ends the command at once: what stays, and what mends it. @default - nothing */
  readonly stoppable: (left?: string) => AbortSignal;
  /** How the person calls this program for this lab. */
  readonly command: () => string;
}
