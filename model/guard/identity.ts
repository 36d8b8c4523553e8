/** Refusals: who the containers of a pod run as. The rules know a container by its user alone. */
import type { Fault } from '../fault';
import type { Declaration } from './declaration';
import { proxyUsers } from './names';
import type { Placed } from './placed';
import type { Pod } from './types';

const meshUser = "is a user of the meshes' proxies, whose traffic passes the mesh's own rules";
const meshGroup = "is a group of the meshes' proxies, whose traffic passes the mesh's own rules";
const otherUser = `1 to 65535, but ${proxyUsers.join(', ')}`;

export function identityFaults(pod: Pod, own: readonly Placed[], { sharedUsers }: Declaration): Fault[] {
  return [
    ...podFaults(pod),
    ...own.flatMap((container) => containerFaults(pod, container)),
    ...sharedFaults(pod, own, sharedUsers),
  ];
}

function podFaults({ spec }: Pod): Fault[] {
  const context = spec.securityContext ?? {};
  const faults: Fault[] = [];
  const path = ['spec', 'securityContext'];
  if (context.runAsUser !== undefined) faults.push(...userFaults([...path, 'runAsUser'], context.runAsUser));
  const { runAsGroup, fsGroup, supplementalGroups = [] } = context;
  if (runAsGroup !== undefined) faults.push(...groupFaults([...path, 'runAsGroup'], runAsGroup));
  if (fsGroup !== undefined) faults.push(...groupFaults([...path, 'fsGroup'], fsGroup));
  supplementalGroups.forEach((group, index) => {
    faults.push(...groupFaults([...path, 'supplementalGroups', index], group));
  });
  return faults;
}

function containerFaults(pod: Pod, { path, container }: Placed): Fault[] {
  const at = [...path, 'securityContext'];
  const context = container.securityContext ?? {};
  const ofPod = pod.spec.securityContext ?? {};
  const user = context.runAsUser ?? ofPod.runAsUser;
  const group = context.runAsGroup ?? ofPod.runAsGroup;
  const faults: Fault[] = [];
  if (user === undefined) {
    const problem = 'is missing: the image would choose the user';
    faults.push({ path: [...at, 'runAsUser'], problem, allowed: otherUser, fix: 'set it' });
  }
  if (context.runAsUser !== undefined) faults.push(...userFaults([...at, 'runAsUser'], context.runAsUser));
  if (group === undefined) {
    const problem = 'is missing: the image would choose the group';
    faults.push({ path: [...at, 'runAsGroup'], problem, allowed: otherUser, fix: 'set it' });
  }
  if (context.runAsGroup !== undefined) faults.push(...groupFaults([...at, 'runAsGroup'], context.runAsGroup));
  if ((context.runAsNonRoot ?? ofPod.runAsNonRoot) !== true) {
    const value = context.runAsNonRoot ?? ofPod.runAsNonRoot;
    const problem = 'does not hold root off';
    faults.push({ path: [...at, 'runAsNonRoot'], problem, value, allowed: 'true', fix: 'set it to true' });
  }
  return faults;
}

function userFaults(path: (string | number)[], value: number): Fault[] {
  const fix = 'choose another user, or leave it to guard';
  if (value === 0) return [{ path, problem: 'is root', value, allowed: otherUser, fix }];
  return proxyUsers.includes(value) ? [{ path, problem: meshUser, value, allowed: otherUser, fix }] : [];
}

function groupFaults(path: (string | number)[], value: number): Fault[] {
  if (!proxyUsers.includes(value)) return [];
  return [
    { path, problem: meshGroup, value, allowed: `any but ${proxyUsers.join(', ')}`, fix: 'choose another group' },
  ];
}

function sharedFaults(pod: Pod, own: readonly Placed[], groups: Declaration['sharedUsers']): Fault[] {
  const faults: Fault[] = [];
  const first = new Map<number, string>();
  for (const { path, container } of own) {
    const user = container.securityContext?.runAsUser ?? pod.spec.securityContext?.runAsUser;
    // A user that nobody may have is told of already.
    if (user === undefined || user === 0 || proxyUsers.includes(user)) continue;
    const other = first.get(user);
    if (other !== undefined && !groups.some((names) => names.includes(other) && names.includes(container.name))) {
      faults.push({
        path: [...path, 'securityContext', 'runAsUser'],
        problem: `is the user of container ${other} too: the rules could not tell them apart`,
        value: user,
        allowed: 'a user of its own',
        fix: 'leave runAsUser to guard, or name both in guard.isthmus.dev/shared-users if they are one party',
      });
    }
    if (other === undefined) first.set(user, container.name);
  }
  return [...faults, ...splitFaults(pod, own, groups)];
}

/** Containers that are declared one party, but are not one. */
function splitFaults(pod: Pod, own: readonly Placed[], groups: Declaration['sharedUsers']): Fault[] {
  return groups.flatMap((names, index) => {
    const members = own.filter(({ container }) => names.includes(container.name));
    const users = members.map(
      ({ container }) => container.securityContext?.runAsUser ?? pod.spec.securityContext?.runAsUser,
    );
    if (new Set(users).size <= 1) return [];
    const problem = 'is declared one party, but its containers run as different users';
    const value = Object.fromEntries(members.map(({ container }, at) => [container.name, users[at]]));
    return [{ path: ['guard.isthmus.dev/shared-users', index], problem, value, fix: 'give them one runAsUser' }];
  });
}
