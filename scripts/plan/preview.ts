/** What applying a plan would do, told by the record alone: nothing is asked of a cluster. */
import type { PlannedResource } from './read';
import { hashOf, type Record } from './record';
import { handlers } from './types';

/** Resources of one stack, by their names in it. */
export interface StackChanges {
  readonly name: string;
  readonly add: readonly string[];
  readonly change: readonly string[];
  /** Deleted and made anew. */
  readonly replace: readonly string[];
  readonly remove: readonly string[];
  readonly unchanged: number;
}

type Fate = 'add' | 'change' | 'replace' | 'remove' | 'unchanged';

/** Stacks in the order of the plan; those that are gone from it come last. */
export function previewOf(plan: readonly PlannedResource[], record: Pick<Record, 'get' | 'all'>): StackChanges[] {
  const wanted = new Set(plan.map(({ id }) => id));
  const gone = record.all().filter(({ id }) => !wanted.has(id));
  const fates = [
    ...plan.map((resource) => ({ resource, fate: fateOf(resource, record) })),
    ...gone.map((resource) => ({ resource, fate: 'remove' as const })),
  ];
  return [...new Set(fates.map(({ resource }) => resource.stack))].map((name) => {
    const of = (wantedFate: Fate) =>
      fates
        .filter(({ resource, fate }) => resource.stack === name && fate === wantedFate)
        .map(({ resource }) => resource.id.slice(name.length + 1));
    const unchanged = of('unchanged').length;
    return { name, add: of('add'), change: of('change'), replace: of('replace'), remove: of('remove'), unchanged };
  });
}

function fateOf(resource: PlannedResource, record: Pick<Record, 'get'>): Fate {
  const before = record.get(resource.id);
  if (before === undefined) return 'add';
  if (before.hash === hashOf(resource)) return 'unchanged';
  return handlers[resource.type].replaces(before, resource) ? 'replace' : 'change';
}
