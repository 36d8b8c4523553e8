/** What a guarded pod says of itself. */
import { annotations } from '../../model/guard/names';
import type { GuardPair, Service } from '../../model/lab';

export interface GuardedPod {
  /** Which containers may reach which. */
  readonly pairs: readonly GuardPair[];
  /** Containers that are one party and run as one user. @default - each is a party of its own */
  readonly sharedUsers?: readonly (readonly string[])[];
}

/** The pod of a service: its pairs, and its own container's call to itself, by which its health is asked inside. */
export function serviceGuard({ name, port, guard }: Service): GuardedPod {
  const self = { from: name, to: name, port };
  const said = guard.some((pair) => pair.from === name && pair.to === name && pair.port === port);
  return { pairs: said ? guard : [...guard, self] };
}

/** Annotations of a guarded pod. */
export function guardAnnotations({ pairs, sharedUsers = [] }: GuardedPod): Readonly<Record<string, string>> {
  return {
    [annotations.enabled]: 'true',
    [annotations.allow]: JSON.stringify(pairs),
    ...(sharedUsers.length === 0 ? {} : { [annotations.sharedUsers]: JSON.stringify(sharedUsers) }),
  };
}
