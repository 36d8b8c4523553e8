/** Checks across the entries of a lab file: what no single entry can know. */
import type { z } from 'zod';
import { checkContainers } from './check-containers';
import { badName, unknown } from './check-faults';
import { checkNames } from './check-names';
import { checkPlatforms } from './check-platforms';
import { checkRows } from './check-rows';
import { checkServices } from './check-services';
import { type Cidr, contains, formatCidr, overlaps, parseCidr, privateNetworks, size } from './cidr';
import type { Fault } from './fault';
import { canonicalId, type Platform } from './lab';
import { isReservedExport } from './reserved';
import {
  type accessSchema,
  type imagesSchema,
  label,
  type meshSchema,
  type serviceSchema,
  type settingsSchema,
} from './schema';
import type { awsSchema } from './schema-aws';

export interface Entry<T> {
  readonly id: string;
  /** Left out when the entry itself has faults. */
  readonly value: T | undefined;
}

/** A row of the access table: its names and lists, as far as they are text, and the row when it has no fault of its own. */
export interface LooseRow {
  readonly from?: string | undefined;
  readonly to?: string | undefined;
  readonly methods?: readonly string[] | undefined;
  readonly paths?: readonly string[] | undefined;
  readonly value: z.output<typeof accessSchema> | undefined;
}

/** A lab file read entry by entry; entries with faults are `undefined` but their names are known. */
export interface LooseLab {
  readonly name: string;
  readonly platform: Platform | undefined;
  /** Whether there is a section `aws`, right or wrong. */
  readonly hasAws: boolean;
  readonly aws: z.output<typeof awsSchema> | undefined;
  readonly images: z.output<typeof imagesSchema> | undefined;
  readonly meshes: readonly Entry<z.output<typeof meshSchema>>[];
  readonly services: readonly Entry<z.output<typeof serviceSchema>>[];
  readonly access: readonly LooseRow[];
  readonly settings: z.output<typeof settingsSchema> | undefined;
}

/** Addresses that imports are called by; never routed. */
const importNetwork = parseCidr('240.240.0.0/16');

export function crossCheck(lab: LooseLab): Fault[] {
  return [
    ...checkMeshes(lab),
    ...checkPlatforms(lab),
    ...checkServices(lab),
    ...checkContainers(lab),
    ...checkAccess(lab),
    ...checkRows(lab),
    ...checkNamespaces(lab),
    ...checkNames(lab),
    ...checkSettings(lab),
  ];
}

function checkMeshes(lab: LooseLab): Fault[] {
  const faults = lab.meshes.flatMap(({ id }) => (label.safeParse(id).success ? [] : [badName(['meshes', id], id)]));
  const known = lab.meshes.flatMap(({ id, value }) => (value === undefined ? [] : [{ id, ...value }]));
  for (const [index, mesh] of known.entries()) {
    if (mesh.kind === 'istio' && mesh.datacenter !== undefined) {
      const path = ['meshes', mesh.id, 'datacenter'];
      faults.push({ path, value: mesh.datacenter, problem: 'belongs to Consul meshes only', fix: 'remove it' });
    }
    const other = known.slice(0, index).find((earlier) => overlaps(earlier.network, mesh.network));
    if (other !== undefined) {
      faults.push({
        path: ['meshes', mesh.id, 'network'],
        value: formatCidr(mesh.network),
        problem: `overlaps the network of mesh ${other.id} (${formatCidr(other.network)})`,
        allowed: 'networks that share no address',
        fix: 'choose another network for one of the two',
      });
    }
    if (!isPrivate(mesh.network)) {
      faults.push({
        path: ['meshes', mesh.id, 'network'],
        value: formatCidr(mesh.network),
        problem: 'is not a private network',
        allowed: 'networks inside 10.0.0.0/8, 172.16.0.0/12 or 192.168.0.0/16',
        fix: 'use for example 10.10.0.0/16',
      });
    }
  }
  if (known.length === lab.meshes.length) {
    for (const kind of ['istio', 'consul'] as const) {
      const count = known.filter((mesh) => mesh.kind === kind).length;
      if (count !== 1) {
        faults.push({
          path: ['meshes'],
          value: `${count} of kind ${kind}`,
          problem: 'needs one Istio mesh and one Consul mesh',
          allowed: 'exactly one mesh of each kind',
          fix: count === 0 ? `add a mesh of kind ${kind}` : `keep one mesh of kind ${kind}`,
        });
      }
    }
  }
  return faults;
}

function isPrivate(network: Cidr): boolean {
  const last = network.base + size(network) - 1;
  return privateNetworks.some((block) => contains(block, network.base) && contains(block, last));
}

function checkAccess(lab: LooseLab): Fault[] {
  const faults: Fault[] = [];
  const ids = new Map(lab.services.map(({ id }) => [canonicalId(id), id]));
  const seen = new Map<string, number>();
  for (const [index, { from, to, value }] of lab.access.entries()) {
    const path = ['access', index];
    for (const [side, name] of Object.entries({ from, to })) {
      if (name !== undefined && !ids.has(canonicalId(name))) {
        faults.push(unknown([...path, side], name, 'service', [...ids.values()]));
      }
    }
    if (from === undefined || to === undefined) continue;
    faults.push(...checkDirection(lab, path, from, to));
    if (value === undefined) continue;
    const key = JSON.stringify([canonicalId(from), canonicalId(to), value.methods.toSorted(), value.paths.toSorted()]);
    const first = seen.get(key);
    if (first !== undefined) {
      faults.push({
        path,
        value: `${from} → ${to}`,
        problem: `repeats access[${first}]`,
        fix: 'remove one of the two',
      });
    }
    seen.set(key, index);
  }
  return faults;
}

/**
 * istiod shows every Secret of a namespace to any account there that may list Secrets, as a consumer's must: who shares
 * the namespace could take the consumer's federation key.
 */
function checkNamespaces(lab: LooseLab): Fault[] {
  const ids = lab.services.map(({ id }) => canonicalId(id));
  const isIstio = (id: string) => lab.meshes.find((mesh) => mesh.id === id.split('/')[0])?.value?.kind === 'istio';
  const namespaceOf = (id: string) => id.split('/').slice(0, 2).join('/');
  const crossing = lab.access.flatMap(({ from, to }) =>
    from !== undefined && to !== undefined && isIstio(from) && from.split('/')[0] !== to.split('/')[0]
      ? [canonicalId(from)]
      : [],
  );
  return [...new Set(crossing)].flatMap((consumer): Fault[] => {
    const others = ids.filter((id) => id !== consumer && namespaceOf(id) === namespaceOf(consumer));
    const written = lab.services.find(({ id }) => canonicalId(id) === consumer)?.id;
    if (others.length === 0 || written === undefined) return [];
    const problem = `shares its namespace with ${others.join(', ')} although it calls another mesh`;
    const fix = 'give it a namespace of its own: mesh/namespace/service';
    return [{ path: ['services', written], value: written, problem, allowed: 'one service in the namespace', fix }];
  });
}

function checkDirection(lab: LooseLab, path: Fault['path'], from: string, to: string): Fault[] {
  const kindOf = (id: string) => lab.meshes.find((mesh) => mesh.id === id.split('/')[0])?.value?.kind;
  const value = `${from} → ${to}`;
  if (canonicalId(from) === canonicalId(to)) {
    return [{ path, value, problem: 'lets a service call itself, which needs no row', fix: 'remove the row' }];
  }
  const [, , callee = ''] = canonicalId(to).split('/');
  if (kindOf(from) !== 'consul' || kindOf(to) !== 'istio' || !isReservedExport(callee)) return [];
  const problem = `can not be enforced: ${callee} is a name of the federation plane's own, so Consul would not tell the two apart`;
  return [{ path, value, problem, allowed: 'any other service name', fix: 'rename the service' }];
}

function checkSettings(lab: LooseLab): Fault[] {
  const faults: Fault[] = [];
  if (lab.settings !== undefined && lab.settings.pagePort === lab.settings.apiPort) {
    const value = lab.settings.apiPort;
    faults.push({ path: ['settings', 'apiPort'], value, problem: 'is also settings.pagePort', fix: 'use two ports' });
  }
  for (const { id, value } of lab.meshes) {
    if (value !== undefined && importNetwork !== undefined && overlaps(value.network, importNetwork)) {
      const allowed = `networks outside ${formatCidr(importNetwork)}`;
      faults.push({
        path: ['meshes', id, 'network'],
        problem: 'holds the addresses of imports',
        allowed,
        fix: 'move it',
      });
    }
  }
  return faults;
}
