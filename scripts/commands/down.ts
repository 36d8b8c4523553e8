/** `isthmus down`: everything away, and the proof. */
import { FailureError } from '../errors';
import { razeMachine, remains } from '../machine/machine';
import type { Progress } from '../progress';

/** Takes a lab down, whatever state it is in. Throws when something survives, and names it. */
export async function down(lab: string, progress: Progress): Promise<void> {
  await razeMachine(lab, progress);
  const left = remains(lab);
  if (left.length > 0) {
    throw new FailureError(
      `still there after down:\n${left.map((line) => `  ${line}`).join('\n')}\nRun isthmus down again; what stays is held by another program.`,
    );
  }
}
