/** What the guard's webhook is told of the mesh that it works in. */

import { host } from '../../model/cidr';
import type { GuardConfig } from '../../model/guard/types';
import { imagePullPolicy } from '../../model/images';
import type { Mesh } from '../../model/lab';
import { kubernetesNetwork } from '../../model/local';
import { versions } from '../../model/versions';
import { chartValues } from '../helm/charts';

/** Configuration for the pods of a mesh on Kubernetes. */
export function guardConfig(mesh: Mesh): GuardConfig {
  const images = [...injectedImages(mesh), ...mesh.images.proxies];
  return {
    image: mesh.images.guard,
    ...imagePullPolicy(mesh),
    proxies: [{ kind: mesh.kind, images }],
    ...probeSources(mesh),
  };
}

/** On the lab machine the kubelet asks from the node's end of the pods' links; elsewhere that is the network's affair. */
function probeSources(mesh: Mesh): Pick<GuardConfig, 'probeSources'> {
  if (mesh.place.platform !== 'local') return {};
  const { node, pods } = kubernetesNetwork(mesh);
  return { probeSources: [`${host(pods, 1)}/32`, `${node}/32`] };
}

/** Images that the mesh's injector puts into pods: the chart's own, or those of the values of the person's. */
function injectedImages(mesh: Mesh): string[] {
  const values = chartValues(mesh, mesh.kind === 'istio' ? 'istiod' : 'consul');
  const global: Readonly<Record<string, unknown>> = Object.assign({}, ...values.map(({ global: own }) => own));
  const given = (key: string): string[] => (global[key] === undefined ? [] : [String(global[key])]);
  const version = mesh.charts.version ?? (mesh.kind === 'istio' ? versions.istioCharts : versions.consulChart);
  switch (mesh.kind) {
    case 'istio': {
      const [hub] = given('hub');
      const [tag = version] = given('tag');
      const hubs = hub === undefined ? ['docker.io/istio', 'registry.istio.io/release'] : [hub];
      return hubs.map((of) => `${of}/proxyv2:${tag}`);
    }
    case 'consul': {
      const [dataplane = `hashicorp/consul-dataplane:${version}`] = given('imageConsulDataplane');
      const [init = `hashicorp/consul-k8s-control-plane:${version}`] = given('imageK8S');
      return [dataplane, init];
    }
  }
}
