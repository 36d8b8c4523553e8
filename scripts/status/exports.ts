/** Exports of `isthmus status`: of an Istio mesh with how they stand, of a Consul mesh by name. */
import { grants } from '../../model/access/table';
import { type ResolvedExport, resolvedExports } from '../../model/exports';
import { type Lab, type Mesh, mesh as meshOf, shortId } from '../../model/lab';
import { federationGateway } from '../../model/names';
import { withConsul } from '../clusters/consul';
import { leafStatus } from './leaf';
import type { ExportStatus } from './model';

export async function exportStatus(lab: Lab): Promise<ExportStatus[]> {
  const crossing = grants(lab).filter(({ from, to }) => from.mesh !== to.mesh);
  // How an export of Consul stands is what its import on the other side says.
  const consul = crossing.filter(({ to }) => meshOf(lab, to.mesh).kind === 'consul');
  const named = new Map(
    consul.map(({ from, to }) => [`${to.id} ${from.mesh}`, { service: shortId(to), peer: from.mesh }]),
  );
  const istio = lab.meshes.flatMap((own) => resolvedExports(lab, own).map((entry) => oneExport(lab, own, entry)));
  return [...named.values(), ...(await Promise.all(istio))];
}

async function oneExport(lab: Lab, own: Mesh, entry: ResolvedExport): Promise<ExportStatus> {
  const { service, peer, identity, secret } = entry;
  const [leaf, seen] = await Promise.all([
    leafStatus(lab, own, { namespace: federationGateway, secret, identity }),
    seenByPeer(lab, own, entry),
  ]);
  const problems = [...leaf.problems, ...seen];
  return {
    service: shortId(service),
    peer: peer.name,
    identity,
    gateway: own.gateway === undefined ? null : `${own.gateway.address}:${own.gateway.port}`,
    leafExpires: leaf.expires,
    healthy: problems.length === 0,
    problems,
  };
}

/** What the callers' own mesh says: it is told over the peering, and of healthy exports only. */
async function seenByPeer(lab: Lab, own: Mesh, { service, peer }: ResolvedExport): Promise<string[]> {
  const path = `/v1/health/connect/${service.name}?peer=${own.name}&passing=1`;
  try {
    const found = await withConsul(lab, peer, (api) => api.get<readonly unknown[]>(path));
    return found.length > 0 ? [] : [`mesh ${peer.name} sees no healthy ${service.name}: no gateway, or not paired`];
  } catch (error) {
    return [`mesh ${peer.name} does not say whether it sees ${service.name}: ${(error as Error).message}`];
  }
}
