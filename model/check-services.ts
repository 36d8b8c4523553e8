/** Checks of the services of a lab file. */
import type { z } from 'zod';
import type { LooseLab } from './check';
import { badId, unknown } from './check-faults';
import { platformOf } from './check-platforms';
import { firstUpstreamPort } from './consul-hosts';
import type { Fault } from './fault';
import { readyPort, sidecarPort, upstreamPorts } from './hosts';
import type { Platform } from './lab';
import { label, type meshSchema, type serviceSchema } from './schema';

export function checkServices(lab: LooseLab): Fault[] {
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
    faults.push(...checkWorkload(path, value, mesh?.value, platformOf(lab, mesh?.value)));
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

function checkWorkload(
  path: string[],
  value: z.output<typeof serviceSchema>,
  mesh: z.output<typeof meshSchema> | undefined,
  platform: Platform | undefined,
): Fault[] {
  const kind = mesh?.kind;
  const faults: Fault[] = [];
  if (value.program === undefined && value.image === undefined && mesh?.existing !== true) {
    faults.push({
      path,
      problem: 'says nothing to run',
      allowed: 'program: a bundled JavaScript file',
      fix: 'add program',
    });
  }
  if (value.image !== undefined && platform === 'local') {
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
  if (kind === 'consul' && platform === 'local' && value.replicas !== 1) {
    const problem = 'is not supported for hosts on platform local';
    faults.push({ path: [...path, 'replicas'], value: value.replicas, problem, allowed: '1', fix: 'remove it' });
  }
  for (const variable of Object.keys(value.secrets).filter((name) => Object.hasOwn(value.env, name))) {
    const problem = 'is set by env and by secrets';
    faults.push({ path: [...path, 'secrets', variable], value: variable, problem, fix: 'keep one of the two' });
  }
  return faults;
}
