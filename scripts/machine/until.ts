import { type UntilOptions, until as untilIt } from '../../services/common/until';

export type { UntilOptions };

/** Resolves true as soon as `condition` holds, false when time is up. A condition that throws counts as not yet. */
export function until(condition: () => Promise<boolean>, options: UntilOptions): Promise<boolean> {
  return untilIt(() => condition().catch(() => false), options);
}
