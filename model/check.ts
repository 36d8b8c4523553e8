/** Checks across the entries of a lab file: what no single entry can know. */
import type { z } from 'zod';
import { checkNames } from './check-names';
import { type Cidr, contains, formatCidr, overlaps, parseCidr, size } from './cidr';
import { firstUpstreamPort } from './consul-hosts';
import type { Fault } from './fault';
import { readyPort, sidecarPort } from './hosts';
import { canonicalId } from './lab';
import { nearest } from './nearest';
import { type accessSchema, label, type meshSchema, type serviceSchema, type settingsSchema } from './schema';

export interface Entry<T> {
  readonly id: string;
  /** Left out when the entry itself has faults. */
  readonly value: T | undefined;
}

/** A row of the access table: its two names, as far as they are text, and the row when it has no fault of its own. */
export interface LooseRow {
  readonly from?: string | undefined;
  readonly to?: string | undefined;
  readonly value: z.output<typeof accessSchema> | undefined;
}

/** A lab file read entry by entry; entries with faults are `undefined` but their names are known. */
export interface LooseLab {
  readonly name: string;
  readonly meshes: readonly Entry<z.output<typeof meshSchema>>[];
  readonly services: readonly Entry<z.output<typeof serviceSchema>>[];
  readonly access: readonly LooseRow[];
  readonly settings: z.output<typeof settingsSchema> | undefined;
}

/** Ports of a sidecar that lead to other services. */
const upstreamPorts = 256;

/** Addresses that imports are called by; never routed. */
const importNetwork = parseCidr('240.240.0.0/16');

export function crossCheck(lab: LooseLab): Fault[] {
  return [
    ...checkMeshes(lab),
    ...checkServices(lab),
    ...checkAccess(lab),
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
          problem: 'needs one Istio mesh and one Consul mesh on platform local',
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
  return ['10.0.0.0/8', '172.16.0.0/12', '192.168.0.0/16'].some((text) => {
    const block = parseCidr(text);
    return block !== undefined && contains(block, network.base) && contains(block, last);
  });
}

function checkServices(lab: LooseLab): Fault[] {
  const faults: Fault[] = [];
  const seen = new Map<string, string>();
  const pages = new Map<string, string>();
  for (const { id, value } of lab.services) {
    const path = ['services', id];
    const parts = id.split('/');
    if (parts.length < 2 || parts.length > 3 || parts.slice(1).some((part) => !label.safeParse(part).success)) {
      faults.push(badId(path, id));
      continue;
    }
    const [meshName = '', , last] = parts;
    const mesh = lab.meshes.find((entry) => entry.id === meshName);
    if (mesh === undefined)
      faults.push(
        unknown(
          path,
          meshName,
          'mesh',
          lab.meshes.map((entry) => entry.id),
        ),
      );
    const kind = mesh?.value?.kind;
    const name = last ?? parts[1] ?? '';
    // Consul has no namespaces in its free edition: the bare name is the identity, in the catalog and across the border.
    const key = kind === 'consul' ? `${meshName}/${name}` : `${meshName}/${parts[1]}/${name}`;
    const twin = seen.get(key);
    if (twin !== undefined) {
      faults.push({ path, value: id, problem: `is the same service as ${twin}`, fix: 'rename one of the two' });
    }
    seen.set(key, id);
    if (value === undefined) continue;
    faults.push(...checkWorkload(path, value, kind));
    if (value.expose === 'page') {
      const other = pages.get(meshName);
      if (other !== undefined) {
        const problem = `is exposed although ${other} already is the page of mesh ${meshName}`;
        faults.push({ path: [...path, 'expose'], value: 'page', problem, fix: 'keep one page in each mesh' });
      }
      pages.set(meshName, id);
    }
  }
  return faults;
}

function checkWorkload(path: string[], value: z.output<typeof serviceSchema>, kind: string | undefined): Fault[] {
  const faults: Fault[] = [];
  if (value.program === undefined && value.image === undefined) {
    faults.push({
      path,
      problem: 'says nothing to run',
      allowed: 'program: a bundled JavaScript file',
      fix: 'add program',
    });
  }
  if (value.image !== undefined) {
    faults.push({
      path: [...path, 'image'],
      value: value.image,
      problem: 'can not run on platform local, whose networks reach no registry',
      allowed: 'program: a bundled JavaScript file',
      fix: 'use program instead of image',
    });
  }
  if (kind === 'istio' && value.port >= 15000 && value.port <= 15099) {
    const allowed = '1024 to 14999 or 15100 to 65535';
    faults.push({
      path: [...path, 'port'],
      value: value.port,
      problem: "is one of Istio's own ports",
      allowed,
      fix: 'use 8080',
    });
  }
  const upstream = value.port >= firstUpstreamPort && value.port < firstUpstreamPort + upstreamPorts;
  if (kind === 'consul' && (value.port === sidecarPort || value.port === readyPort || upstream)) {
    const allowed = `all but ${firstUpstreamPort} to ${firstUpstreamPort + upstreamPorts - 1}, ${readyPort} and ${sidecarPort}`;
    const problem = "is one of the sidecar's own ports";
    faults.push({ path: [...path, 'port'], value: value.port, problem, allowed, fix: 'use 8080' });
  }
  if (kind === 'consul' && value.replicas !== 1) {
    const problem = 'is not supported for hosts on platform local';
    faults.push({ path: [...path, 'replicas'], value: value.replicas, problem, allowed: '1', fix: 'remove it' });
  }
  for (const variable of Object.keys(value.secrets).filter((name) => Object.hasOwn(value.env, name))) {
    const problem = 'is set by env and by secrets';
    faults.push({ path: [...path, 'secrets', variable], value: variable, problem, fix: 'keep one of the two' });
  }
  return faults;
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
  const namespaceOf = (id: string) => id.split('/').slice(0, 2).join('/');
  const crossing = lab.access.flatMap(({ from, to }) =>
    from !== undefined && to !== undefined && from.split('/')[0] !== to.split('/')[0] ? [canonicalId(from)] : [],
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
  if (kindOf(from) !== 'consul' || kindOf(to) !== 'istio') return [];
  const problem = 'goes from Consul to Istio, which this version does not carry';
  return [{ path, value, problem, allowed: 'rows inside a mesh, and from Istio to Consul', fix: 'remove the row' }];
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

function unknown(path: Fault['path'], value: string, what: string, known: readonly string[]): Fault {
  const near = nearest(value, known);
  const fix = near === undefined ? `use one of the ${what} names above, or add it` : `did you mean ${near}?`;
  return { path, value, problem: `names no ${what} of this file`, allowed: known.join(', ') || '(none yet)', fix };
}

function badName(path: Fault['path'], value: string): Fault {
  const allowed = '1 to 30 of a-z, 0-9 and -, starting with a letter';
  return { path, value, problem: 'is not a valid name', allowed, fix: 'rename it' };
}

function badId(path: Fault['path'], value: string): Fault {
  const allowed = 'mesh/service or mesh/namespace/service, each 1 to 30 of a-z, 0-9 and -';
  return { path, value, problem: 'is not a valid service id', allowed, fix: 'rename it' };
}
