/** Whether a mesh of somebody else is where the lab would install its own. Two of one kind in a cluster fight. */
import type { Mesh } from '../../model/lab';
import { labTag } from '../../model/names';
import { type Ask, helmOwner, listed, type Meta } from './ask';

/** What each kind of mesh is known by, and the release that brings its custom resource definitions. */
const marks = {
  istio: {
    product: 'Istio',
    selector: 'app=istiod',
    workloads: 'deployments',
    group: '.istio.io',
    owner: 'istio-system/istio-base',
  },
  consul: {
    product: 'Consul',
    selector: 'app=consul,component=server',
    workloads: 'statefulsets',
    group: '.consul.hashicorp.com',
    owner: 'consul/consul',
  },
} as const;

export async function foreignFaults(ask: Ask, lab: string, { kind, charts }: Mesh): Promise<string[]> {
  const { product, selector, workloads, group, owner } = marks[kind];
  const [found, namespaces, definitions] = await Promise.all([
    listed<Meta>(ask, [workloads, '--all-namespaces', '--selector', selector]),
    listed<Meta>(ask, ['namespaces', '--selector', `${labTag}=${lab}`]),
    listed<Meta>(ask, ['crd']),
  ]);
  const ours = new Set(namespaces.map(({ metadata }) => metadata.name));
  const installed = found.filter(({ metadata }) => !ours.has(metadata.namespace ?? ''));
  if (installed.length > 0) {
    return installed.map((workload) => {
      const by = helmOwner(workload);
      const whose = by === undefined ? '' : `, by Helm release ${by}`;
      const { namespace, name } = workload.metadata;
      return `${product} is installed already (${namespace}/${name}${whose}); set existing: true to federate it as it is, or use another cluster`;
    });
  }
  const routes = kind === 'consul' && charts.values.consul === undefined ? gatewayApiFaults(definitions) : [];
  const left = definitions.filter(({ metadata }) => metadata.name.endsWith(group));
  const others = left.filter((definition) => helmOwner(definition) !== owner).map(({ metadata }) => metadata.name);
  return others.length === 0
    ? routes
    : [
        ...routes,
        `custom resource definitions of ${product} that this lab did not install are left in the cluster (${shown(others)}); remove them if nobody uses them: kubectl delete crd ${others.length > 3 ? 'NAMES' : others.join(' ')}`,
      ];
}

/** Consul's chart brings the Gateway API, and takes it away again with everybody's gateways. */
function gatewayApiFaults(definitions: readonly Meta[]): string[] {
  const others = definitions
    .filter(({ metadata }) => metadata.name.endsWith('.gateway.networking.k8s.io'))
    .filter((definition) => helmOwner(definition) !== marks.consul.owner)
    .map(({ metadata }) => metadata.name);
  return others.length === 0
    ? []
    : [
        `the Gateway API is in the cluster already (${shown(others)}), and Consul's chart would bring its own; give the mesh a values file, charts: { values: { consul: FILE } }, with connectInject.apiGateway.manageExternalCRDs: false`,
      ];
}

function shown(names: readonly string[]): string {
  return names.length > 3 ? `${names.slice(0, 3).join(', ')} and ${names.length - 3} more` : names.join(', ');
}
