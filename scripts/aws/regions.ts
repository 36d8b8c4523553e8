/** Where a lab was raised, whatever its file says by now. */
import { AppliedRecord } from '../terraform/record';
import { localStates } from '../terraform/state';

/**
 * Regions in which the stacks of a lab were applied from a checkout: first those that were recorded, then those that
 * the state files tell of. Each once.
 */
export function raisedRegions(lab: string, checkout: string): string[] {
  const record = new AppliedRecord(checkout, lab);
  const recorded = record.stacks().flatMap(({ name }) => record.owner(name)?.region ?? []);
  const states = localStates(checkout).filter(({ owner }) => owner.labs.includes(lab));
  return [...new Set([...recorded, ...states.flatMap(({ owner }) => owner.regions)])];
}
