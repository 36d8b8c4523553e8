/** Where a lab was raised, whatever its file says by now. */
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { AppliedRecord } from '../terraform/record';
import { readStateFile } from '../terraform/state';

/**
 * Regions in which the stacks of a lab were applied from a checkout, by what was recorded and by the state files that
 * are there. Sorted, each once.
 */
export function raisedRegions(lab: string, checkout: string): string[] {
  const record = new AppliedRecord(checkout, lab);
  const recorded = record.stacks().map(({ name }) => record.owner(name));
  const states = readdirSync(checkout)
    .filter((file) => /^terraform\..+\.tfstate$/.test(file))
    .map((file) => readStateFile(join(checkout, file)))
    .filter(({ resources, owner }) => resources.length > 0 && owner.labs.includes(lab))
    .flatMap(({ owner }) => owner.regions);
  const own = recorded.flatMap((owner) => (owner?.lab === lab && owner.region !== undefined ? [owner.region] : []));
  return [...new Set([...own, ...states])].toSorted();
}
