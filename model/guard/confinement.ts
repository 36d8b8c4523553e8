/** Refusals: what a container may do beyond an ordinary process. What is not listed as harmless is refused. */
import type { Fault } from '../fault';
import type { Placed } from './placed';
import { type Pod, securityContextFields } from './types';

const capabilities = ['NET_BIND_SERVICE'];

const podContextFields = [
  'runAsUser',
  'runAsGroup',
  'runAsNonRoot',
  'fsGroup',
  'fsGroupChangePolicy',
  'supplementalGroups',
  'supplementalGroupsPolicy',
  'seccompProfile',
  'appArmorProfile',
  'sysctls',
];

/** None of these changes who reaches whom; route_localnet and the range of local ports, for example, would. */
const sysctls = [
  'kernel.shm_rmid_forced',
  'net.ipv4.ip_unprivileged_port_start',
  'net.ipv4.tcp_fin_timeout',
  'net.ipv4.tcp_keepalive_intvl',
  'net.ipv4.tcp_keepalive_probes',
  'net.ipv4.tcp_keepalive_time',
  'net.ipv4.tcp_syncookies',
];

export function confinementFaults(pod: Pod, own: readonly Placed[]): Fault[] {
  return [
    ...system(pod),
    ...sharedNamespaces(pod),
    ...podContext(pod),
    ...hostPaths(pod),
    ...own.flatMap((at) => container(pod, at)),
  ];
}

/** Of another system Kubernetes would refuse the users and rights that guard gives, which its author never wrote. */
function system({ spec }: Pod): Fault[] {
  const { name = 'linux' } = spec.os ?? {};
  if (name === 'linux') return [];
  const problem = 'has none of the users and rules that keep containers apart';
  return [{ path: ['spec', 'os', 'name'], problem, value: name, allowed: 'linux', fix: 'remove it' }];
}

function sharedNamespaces({ spec }: Pod): Fault[] {
  const problems = {
    hostNetwork: "uses the node's network: the rules would be the node's",
    hostPID: "shows the node's processes",
    hostIPC: "shares memory with the node's processes",
    shareProcessNamespace: 'lets containers reach into one another without the network',
  } as const;
  const keys = ['hostNetwork', 'hostPID', 'hostIPC', 'shareProcessNamespace'] as const;
  return keys
    .filter((key) => spec[key] === true)
    .map((key) => ({ path: ['spec', key], problem: problems[key], value: true, allowed: 'false', fix: 'remove it' }));
}

function podContext({ spec }: Pod): Fault[] {
  const context = spec.securityContext ?? {};
  const path = ['spec', 'securityContext'];
  const allowed = sysctls.join(', ');
  return [
    ...unknownFields(path, context, podContextFields),
    ...(context.sysctls ?? [])
      .filter(({ name }) => !sysctls.includes(name))
      .map(({ name }) => ({
        path: [...path, 'sysctls', name],
        problem: "is not known to leave the pod's network as it is",
        allowed,
        fix: 'remove it',
      })),
  ];
}

function hostPaths({ spec }: Pod): Fault[] {
  return (spec.volumes ?? [])
    .filter((volume) => volume.hostPath !== undefined)
    .map(({ name, hostPath: value }) => ({
      path: ['spec', 'volumes', name],
      problem: "reaches the node's files, and through them other containers",
      value,
      allowed: 'any volume but hostPath',
      fix: 'use emptyDir, a claim, a ConfigMap or a Secret',
    }));
}

function container(pod: Pod, { path, container: it }: Placed): Fault[] {
  const context = it.securityContext ?? {};
  const at = [...path, 'securityContext'];
  const seccomp = context.seccompProfile?.type ?? pod.spec.securityContext?.seccompProfile?.type;
  const armour = context.appArmorProfile?.type ?? pod.spec.securityContext?.appArmorProfile?.type;
  const faults: Fault[] = unknownFields(at, context, securityContextFields);
  const refuse = (field: string, value: unknown, allowed: string, problem: string) =>
    faults.push({ path: [...at, ...field.split('.')], problem, value, allowed, fix: `set it to ${allowed}` });
  if (context.privileged === true) refuse('privileged', true, 'false', 'may change the rules');
  if (context.allowPrivilegeEscalation !== false) {
    refuse('allowPrivilegeEscalation', context.allowPrivilegeEscalation, 'false', 'lets a setuid file change the user');
  }
  if (seccomp !== 'RuntimeDefault') {
    refuse('seccompProfile.type', seccomp, 'RuntimeDefault', 'lets every system call pass, or an unknown set');
  }
  if (armour === 'Unconfined') refuse('appArmorProfile.type', armour, 'RuntimeDefault', 'switches AppArmor off');
  if ((context.procMount ?? 'Default') !== 'Default') {
    refuse('procMount', context.procMount, 'Default', "shows the kernel's switches");
  }
  faults.push(...capabilityFaults([...at, 'capabilities'], context.capabilities ?? {}));
  if (it.targetContainerName !== undefined && it.targetContainerName !== '') {
    const problem = 'shows the processes of another container';
    const fix = 'leave it out (kubectl debug without --target)';
    faults.push({ path: [...path, 'targetContainerName'], problem, value: it.targetContainerName, fix });
  }
  return faults;
}

function capabilityFaults(
  path: string[],
  { add = [], drop = [] }: { readonly add?: readonly string[]; readonly drop?: readonly string[] },
): Fault[] {
  const bare = (name: string) => name.toUpperCase().replace(/^CAP_/, '');
  const faults: Fault[] = add
    .filter((name) => !capabilities.includes(bare(name)))
    .map((name) => ({
      path: [...path, 'add'],
      problem: 'could change the rules, the user or what is sent',
      value: name,
      allowed: capabilities.join(', '),
      fix: 'remove it',
    }));
  if (!drop.some((name) => bare(name) === 'ALL')) {
    const problem = 'keeps capabilities that the runtime gives, NET_RAW and SETUID among them';
    faults.push({ path: [...path, 'drop'], problem, value: drop, allowed: '["ALL"]', fix: 'drop ALL' });
  }
  return faults;
}

function unknownFields(path: string[], given: object, known: readonly string[]): Fault[] {
  return Object.entries(given)
    .filter(([key]) => !known.includes(key))
    .map(([key, value]) => ({
      path: [...path, key],
      problem: 'is not known to leave the confinement as it is',
      value,
      allowed: known.join(', '),
      fix: 'remove it',
    }));
}
