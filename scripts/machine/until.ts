import { type UntilOptions, until as untilIt } from '../../services/common/until';
import { StoppedError } from '../errors';

export type { UntilOptions };

/**
 * Resolves true as soon as `condition` holds, false when time is up. A condition that throws counts as not yet, unless
 * the person stopped the command: then nobody waits any more.
 */
export function until(condition: () => Promise<boolean>, options: UntilOptions): Promise<boolean> {
  const holds = () =>
    condition().catch((error: unknown) => {
      if (error instanceof StoppedError) throw error;
      return false;
    });
  return untilIt(holds, options);
}
