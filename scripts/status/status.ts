/** `isthmus status`: what is, beside what the lab file says. */
import type { Lab } from '../../model/lab';
import { pageAddress } from '../page';
import type { GuardRotation } from '../rotate/guard-certificates';
import { consulStatus, peeringStatus } from './consul';
import { exportStatus } from './exports';
import { guardStatus } from './guard';
import { importStatus, istioStatus } from './istio';
import type { Status } from './model';

export async function status(lab: Lab): Promise<Status> {
  const istio = lab.meshes.filter(({ kind }) => kind === 'istio');
  const consul = lab.meshes.filter(({ kind }) => kind === 'consul');
  const [page, meshes, peerings, imports, exported, guards] = await Promise.all([
    pageAddress(lab).catch(() => undefined),
    Promise.all(lab.meshes.map((mesh) => (mesh.kind === 'istio' ? istioStatus(lab, mesh) : consulStatus(lab, mesh)))),
    Promise.all(consul.map((mesh) => peeringStatus(lab, mesh))),
    Promise.all(istio.map((mesh) => importStatus(lab, mesh))),
    exportStatus(lab),
    Promise.all(lab.meshes.map((mesh) => guardStatus(lab, mesh))),
  ]);
  return {
    lab: lab.name,
    page: page ?? null,
    meshes,
    peerings: peerings.flat(),
    imports: imports.flat(),
    exports: exported,
    guards: guards.filter((guard) => guard !== undefined),
  };
}

const rotationLines: Readonly<Record<GuardRotation, readonly string[]>> = {
  none: [],
  prepared: ['       being replaced: a new CA is trusted, and serves next'],
  overlap: ['       replaced: the CA before is still trusted, for three minutes'],
};

/** Status as text for a person. */
export function formatStatus({ lab, page, meshes, peerings, imports, exports: exported, guards }: Status): string {
  const mark = (good: boolean) => (good ? 'ok  ' : 'FAIL');
  const lines = [`lab ${lab}${page === null ? '' : `  ${page}`}`, ''];
  for (const mesh of meshes) {
    lines.push(`${mark(mesh.healthy)} mesh ${mesh.name} (${mesh.kind})  trust domain ${mesh.trustDomain}`);
    lines.push(
      ...mesh.roots.map(
        ({ sha256, notAfter }) => `       root ${sha256.slice(0, 23)}…  until ${notAfter.slice(0, 10)}`,
      ),
    );
    lines.push(...mesh.problems.map((problem) => `       ${problem}`));
  }
  for (const { mesh, peer, state, trustDomain, roots } of peerings) {
    lines.push(`${mark(state === 'ACTIVE')} peering of ${mesh} with ${peer}: ${state}  trust domain ${trustDomain}`);
    lines.push(
      ...roots.map(({ sha256, notAfter }) => `       root ${sha256.slice(0, 23)}…  until ${notAfter.slice(0, 10)}`),
    );
  }
  for (const entry of imports) {
    const leaf = entry.leafExpires === null ? 'no leaf' : `leaf until ${entry.leafExpires}`;
    lines.push(
      `${mark(entry.healthy)} import ${entry.service} for ${entry.consumer}  via ${entry.endpoints.join(', ') || 'nothing'}  ${leaf}`,
    );
    lines.push(`       as ${entry.identity}`, ...entry.problems.map((problem) => `       ${problem}`));
  }
  for (const { service, peer, identity, gateway, leafExpires, healthy, problems = [] } of exported) {
    if (healthy === undefined) {
      lines.push(`     export ${service} to ${peer}`);
      continue;
    }
    const leaf = leafExpires === null ? 'no leaf' : `leaf until ${leafExpires}`;
    lines.push(`${mark(healthy)} export ${service} to ${peer}  at ${gateway ?? 'nothing'}  ${leaf}`);
    lines.push(`       as ${identity}`, ...problems.map((problem) => `       ${problem}`));
  }
  for (const { mesh, namespaces, replicas, certificateExpires, rotation, healthy, problems } of guards) {
    const certificate = certificateExpires === null ? 'no certificate' : `certificate until ${certificateExpires}`;
    lines.push(`${mark(healthy)} guard of ${namespaces.join(', ')} in ${mesh}  ${replicas} replicas  ${certificate}`);
    lines.push(...rotationLines[rotation]);
    lines.push(...problems.map((problem) => `       ${problem}`));
  }
  return lines.join('\n');
}
