/** Guard's own init containers and volume: how they are made, and whether a pod's are still the same. */

import type { Fault } from '../fault';
import { annotations, guardContainers, guardMountPath, guardVolume, isGuardContainer } from './names';
import { defaultTermination, overlayDeviations } from './overlays';
import { placedOwn } from './placed';
import type { GuardRules } from './rules';
import type { Container, GuardConfig, Pod, SecurityContext, Volume } from './types';

// By their full names: what the short ones lead to is set up when a package is configured, which small images leave out.
const programs = { v4: 'iptables-nft-restore', v6: 'ip6tables-nft-restore' } as const;
type Family = keyof typeof programs;
const families: readonly Family[] = ['v4', 'v6'];

// Root, or the capability would not reach the program; and nothing but that capability.
const securityContext = {
  runAsUser: 0,
  runAsGroup: 0,
  runAsNonRoot: false,
  privileged: false,
  allowPrivilegeEscalation: false,
  readOnlyRootFilesystem: true,
  capabilities: { drop: ['ALL'], add: ['NET_ADMIN'] },
  seccompProfile: { type: 'RuntimeDefault' },
} as const satisfies SecurityContext;

/** The two init containers, in order. */
export function guardInitContainers(config: GuardConfig): Container[] {
  return families.map((family) => ({
    name: guardContainers[family],
    image: config.image,
    ...(config.imagePullPolicy === undefined ? {} : { imagePullPolicy: config.imagePullPolicy }),
    command: [programs[family], '--noflush', `${guardMountPath}/${family}`],
    securityContext,
    volumeMounts: [{ name: guardVolume, mountPath: guardMountPath, readOnly: true }],
    ...defaultTermination,
  }));
}

/** The rules as files, from the pod's annotations. */
export const guardRulesVolume = {
  name: guardVolume,
  downwardAPI: {
    items: [
      { path: 'v4', fieldRef: { fieldPath: `metadata.annotations['${annotations.rulesV4}']` } },
      { path: 'v6', fieldRef: { fieldPath: `metadata.annotations['${annotations.rulesV6}']` } },
    ],
  },
} as const satisfies Volume;

/** What Kubernetes and other webhooks may set on a container of guard without changing what it does. */
const harmless = ['resources', 'imagePullPolicy'];
const serviceAccountMount = '/var/run/secrets/kubernetes.io/serviceaccount';
/** Consul's injector tells every container where upstreams are. */
const upstreamVariable = /_CONNECT_SERVICE_(HOST|PORT)$/;

const fix = "leave it to guard's webhook";

/** Why the guard of a final pod is not the one that {@link guardInitContainers} and {@link GuardRules} make. */
export function guardFaults(pod: Pod, config: GuardConfig, rules: GuardRules): Fault[] {
  const faults = [
    ...strayContainers(pod),
    ...strayMounts(pod, config),
    ...guardInitContainers(config).flatMap((wanted) => containerFaults(pod, wanted)),
  ];
  if (madeVolume(pod.spec.volumes ?? []) === undefined) {
    faults.push({ path: ['spec', 'volumes', guardVolume], problem: 'is not the one that guard makes', fix });
  }
  for (const [key, text] of [
    [annotations.rulesV4, rules.v4],
    [annotations.rulesV6, rules.v6],
  ] as const) {
    if (pod.metadata?.annotations?.[key] !== text) {
      faults.push({ path: [key], problem: 'is not what follows from the declaration', fix });
    }
  }
  return faults;
}

/** Guard's names anywhere but where guard puts them. */
export function strayContainers({ spec }: Pod): Fault[] {
  const lists = ['containers', 'ephemeralContainers'] as const;
  return lists.flatMap((list) =>
    (spec[list] ?? [])
      .filter(({ name }) => isGuardContainer(name))
      .map(({ name }) => ({
        path: ['spec', list, name],
        problem: "has the name of guard's own container",
        fix: 'rename it',
      })),
  );
}

/** Only guard reads its files: nobody else is to put anything among them. */
function strayMounts(pod: Pod, config: GuardConfig): Fault[] {
  return placedOwn(pod, config)
    .filter(({ container }) => container.volumeMounts?.some(({ name }) => name === guardVolume))
    .map(({ path }) => ({
      path: [...path, 'volumeMounts'],
      problem: "mounts guard's own volume",
      value: guardVolume,
      allowed: 'any other volume',
      fix: 'remove the mount, or rename the volume if it is your own',
    }));
}

function containerFaults({ spec }: Pod, wanted: Container): Fault[] {
  const path = ['spec', 'initContainers', wanted.name];
  const [found, ...more] = (spec.initContainers ?? []).filter(({ name }) => name === wanted.name);
  if (found === undefined) return [{ path, problem: 'is missing', fix }];
  if (more.length > 0) return [{ path, problem: 'is there twice', fix }];
  return changedFields(found, wanted).map((key) => ({
    path: [...path, key],
    problem: 'is not what guard makes',
    value: Object.entries(found).find(([name]) => name === key)?.[1] ?? null,
    fix,
  }));
}

/** The one container of a name, when it does what guard's own does; Kubernetes may have filled in the rest. */
export function madeContainer(containers: readonly Container[], wanted: Container): Container | undefined {
  const [found, ...more] = containers.filter(({ name }) => name === wanted.name);
  return found !== undefined && more.length === 0 && changedFields(found, wanted).length === 0 ? found : undefined;
}

/** Guard's volume, when it is there once and holds the rules. */
export function madeVolume(volumes: readonly Volume[]): Volume | undefined {
  const [found, ...more] = volumes.filter(({ name }) => name === guardVolume);
  return found !== undefined && more.length === 0 && sameVolume(found) ? found : undefined;
}

function changedFields(found: Container, wanted: Container): string[] {
  const changed = Object.entries(found).filter(([key, value]) => !sameField(wanted, key, value));
  const lost = Object.keys(wanted).filter((key) => !Object.hasOwn(found, key) && !harmless.includes(key));
  const overlaid = overlayDeviations(found).map(({ field }) => field);
  return [...new Set([...changed.map(([key]) => key), ...lost, ...overlaid])];
}

function sameField(wanted: Container, key: string, value: unknown): boolean {
  if (harmless.includes(key)) return true;
  if (key === 'env') return sameList(wanted.env ?? [], value, ({ name }) => upstreamVariable.test(String(name)));
  if (key === 'volumeMounts') {
    return sameList(wanted.volumeMounts ?? [], value, ({ name: _, ...mount }) =>
      equal(mount, { mountPath: serviceAccountMount, readOnly: true }),
    );
  }
  const expected: unknown = Object.entries(wanted).find(([name]) => name === key)?.[1];
  return equal(value, expected);
}

type Entry = Readonly<Record<string, unknown>>;

/** Whether a list is the wanted one, but for entries that may be added. */
function sameList(wanted: readonly unknown[], value: unknown, added: (entry: Entry) => boolean): boolean {
  if (!Array.isArray(value)) return false;
  const rest = value.filter((entry: Entry) => !added(entry));
  return equal(rest, wanted);
}

function sameVolume(volume: Volume): boolean {
  const { defaultMode: _, ...source } = { defaultMode: 0, ...Object(volume.downwardAPI) };
  const items = Array.isArray(source.items) ? source.items.map(withoutVersion) : source.items;
  return (
    Object.keys(volume).every((key) => key === 'name' || key === 'downwardAPI') &&
    equal({ ...source, items }, guardRulesVolume.downwardAPI)
  );
}

/** The API server adds the version of the fields' names. */
function withoutVersion(item: { readonly fieldRef?: { readonly apiVersion?: string } }): unknown {
  const { apiVersion: _, ...fieldRef } = item.fieldRef ?? {};
  return { ...item, fieldRef };
}

/** Whether two plain values are the same, in whatever order their keys stand. */
export function equal(a: unknown, b: unknown): boolean {
  return JSON.stringify(sorted(a)) === JSON.stringify(sorted(b));
}

function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value)
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([key, field]) => [key, sorted(field)]),
  );
}
