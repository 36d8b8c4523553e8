/** All policies that the compiler makes of a lab, as the plan puts them into the meshes. */
import { type ConfigEntry, exportedServices, planeEntries, serviceIntentions } from '../../model/access/consul';
import { type Json, publicListener } from '../../model/access/envoy';
import { exportFilter, exportServer, gatewayReading } from '../../model/access/gateway';
import { authorizationPolicy, gatewayPolicy, pagePolicy, sidecarEgress } from '../../model/access/istio';
import { istioMeshObjects } from '../../model/access/mesh-objects';
import { resolvedExports } from '../../model/exports';
import type { KubeObject } from '../../model/kube';
import { type Lab, type MeshKind, mesh } from '../../model/lab';

export interface Policies {
  /** Objects of the Istio mesh. */
  readonly istio: readonly KubeObject[];
  /** Config entries of the Consul mesh. */
  readonly consul: readonly ConfigEntry[];
  /** Config entries of the Istio mesh's federation plane. */
  readonly plane: readonly ConfigEntry[];
  /** Public listener of each Consul service by its id. */
  readonly listeners: ReadonlyMap<string, Json>;
}

export function policiesOf(lab: Lab): Policies {
  const of = (kind: MeshKind) => lab.services.filter((one) => mesh(lab, one.mesh).kind === kind);
  const [inIstio, inConsul] = [of('istio'), of('consul')];
  const exported = lab.meshes.flatMap((own) => resolvedExports(lab, own));
  return {
    istio: [
      ...Object.values(istioMeshObjects),
      ...inIstio.map((one) => authorizationPolicy(lab, one, mesh(lab, one.mesh).trustDomain)),
      ...inIstio.map((one) => sidecarEgress(lab, one, [])),
      ...(inIstio.some(({ expose }) => expose === 'page') ? [pagePolicy] : []),
      ...exported.flatMap((entry) => [gatewayPolicy(entry), exportFilter(entry), exportServer(entry)]),
      ...(exported.length === 0 ? [] : [gatewayReading()]),
    ],
    consul: [
      ...inConsul.flatMap((one) => serviceIntentions(lab, one) ?? []),
      ...lab.meshes.filter(({ kind }) => kind === 'consul').flatMap((own) => exportedServices(lab, own) ?? []),
    ],
    plane: planeEntries(exported),
    listeners: new Map(inConsul.map((one) => [one.id, publicListener(lab, one, '10.20.0.20', 20000)])),
  };
}
