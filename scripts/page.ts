/** Where the page is. */
import { nodePorts } from '../model/aws';
import type { Lab, Mesh } from '../model/lab';
import { ingressNamespace } from '../model/names';
import { clusterOf } from './cluster';
import { expandHome } from './home';
import { getObjects } from './kubectl';

/** The Istio mesh whose ingress gateway has the page; undefined when no service of one is exposed. */
export function pageMesh(lab: Lab): Mesh | undefined {
  return lab.meshes.find(
    ({ kind, name }) =>
      kind === 'istio' && lab.services.some((service) => service.expose === 'page' && service.mesh === name),
  );
}

interface Node {
  readonly status: { readonly addresses?: readonly { readonly type: string; readonly address: string }[] };
}

/** The page's address, on this machine or on a node of its cluster; undefined when there is no page. */
export async function pageAddress(lab: Lab): Promise<string | undefined> {
  const mesh = pageMesh(lab);
  switch (mesh?.place.platform) {
    case undefined:
      return undefined;
    case 'local':
      return `http://127.0.0.1:${lab.settings.pagePort}/`;
    // Its load balancer's address is an output of the plan.
    case 'aws':
      return undefined;
    case 'kubeconfig': {
      const nodes = await getObjects<Node>(clusterOf(lab, mesh), ['nodes'], { timeout: 15_000 });
      const address = nodeAddress(nodes);
      return address === undefined ? undefined : `http://${address}:${nodePorts.page}/`;
    }
  }
}

/** An address of a node that others may reach: what is meant for them first. */
export function nodeAddress(nodes: readonly Node[]): string | undefined {
  const all = nodes.flatMap(({ status }) => status.addresses ?? []);
  const of = (wanted: string) => all.find(({ type, address }) => type === wanted && !address.includes(':'))?.address;
  return of('ExternalIP') ?? of('InternalIP');
}

/** How to see the page where the nodes' network can not be reached; undefined on this machine. */
export function pageForward(lab: Lab): string | undefined {
  const place = pageMesh(lab)?.place;
  if (place?.platform !== 'kubeconfig') return undefined;
  const at = `--kubeconfig ${expandHome(place.kubeconfig)} --context ${place.context}`;
  return `kubectl ${at} -n ${ingressNamespace} port-forward service/${ingressNamespace} ${lab.settings.pagePort}:80`;
}
