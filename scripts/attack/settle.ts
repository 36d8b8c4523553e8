/** Work of which every part is done, whatever becomes of the others. */

/** Waits for all, also when one fails: what was made is removed only when nobody uses it any more. */
export async function settled(work: readonly Promise<unknown>[]): Promise<void> {
  const ended = await Promise.allSettled(work);
  const failed = ended.find((end): end is PromiseRejectedResult => end.status === 'rejected');
  if (failed !== undefined) throw failed.reason;
}

/** Does one after the other, and resolves with the errors of those that failed. */
export async function eachTried(steps: readonly (() => Promise<void>)[]): Promise<unknown[]> {
  const errors: unknown[] = [];
  for (const step of steps) {
    try {
      await step();
    } catch (error) {
      errors.push(error);
    }
  }
  return errors;
}
