/** Where the page is. */
import { join } from 'node:path';
import { nodePorts } from '../model/aws';
import { type Lab, type Mesh, servicesOf } from '../model/lab';
import { ingressNamespace, stateFileName } from '../model/names';
import { clusterOf } from './cluster';
import { FailureError } from './errors';
import { expandHome } from './home';
import { getObjects } from './kubectl';
import { type UntilOptions, until } from './machine/until';
import { root } from './root';
import { readStateFile } from './terraform/state';

/** The Istio mesh whose ingress gateway has the page; undefined when no service of one is exposed. */
export function pageMesh(lab: Lab): Mesh | undefined {
  return lab.meshes.find(
    (mesh) => mesh.kind === 'istio' && servicesOf(lab, mesh).some(({ expose }) => expose === 'page'),
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
    case 'aws':
      return pageOutput(mesh);
    case 'kubeconfig': {
      const nodes = await getObjects<Node>(clusterOf(lab, mesh), ['nodes'], { timeout: 15_000 });
      const address = nodeAddress(nodes);
      return address === undefined ? undefined : `http://${address}:${nodePorts.page}/`;
    }
  }
}

/**
 * The address of the page's load balancer: an output of the cluster's stack.
 * @throws FailureError when no state here has it
 */
export function pageOutput({ name }: Pick<Mesh, 'name'>, checkout = root): string {
  const { pageAddress: address } = readStateFile(join(checkout, stateFileName(`cluster-${name}`))).outputs;
  if (typeof address === 'string') return address;
  throw new FailureError(
    `no state in ${checkout} knows the page's load balancer: the lab is not up, or its state is elsewhere (terraform output in the stack cluster-${name} tells). What now: isthmus up`,
  );
}

/** An address of a node that others may reach: what is meant for them first. */
export function nodeAddress(nodes: readonly Node[]): string | undefined {
  const all = nodes.flatMap(({ status }) => status.addresses ?? []);
  const of = (wanted: string) => all.find(({ type, address }) => type === wanted && !address.includes(':'))?.address;
  return of('ExternalIP') ?? of('InternalIP');
}

/**
 * Asks for the page again and again.
 * @param get asks once, and tells the HTTP status; it throws when nothing answers
 * @returns undefined as soon as it answers 2xx; what was seen last when time is up
 */
export async function awaitPage(get: () => Promise<number>, options: UntilOptions): Promise<string | undefined> {
  let last = 'no answer';
  const ready = async (): Promise<boolean> => {
    const status = await get();
    last = `status ${status}`;
    return status >= 200 && status < 300;
  };
  return (await until(ready, options)) ? undefined : last;
}

/** How to see the page where the nodes' network can not be reached; undefined on this machine. */
export function pageForward(lab: Lab): string | undefined {
  const place = pageMesh(lab)?.place;
  if (place?.platform !== 'kubeconfig') return undefined;
  const at = `--kubeconfig ${expandHome(place.kubeconfig)} --context ${place.context}`;
  return `kubectl ${at} -n ${ingressNamespace} port-forward service/${ingressNamespace} ${lab.settings.pagePort}:80`;
}
