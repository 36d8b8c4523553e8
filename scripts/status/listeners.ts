/** Whether the sidecars of a Consul mesh on hosts still carry our rules: whoever may register a service can drop them. */
import { serviceHost } from '../../model/consul-hosts';
import { type Lab, type Mesh, type Service, servicesOf } from '../../model/lab';
import type { ConsulApi } from '../hosts/consul-api';
import { proxyId } from '../hosts/registration';

interface Sidecar {
  readonly ServiceProxy?: { readonly Config?: Readonly<Record<string, unknown>> | null };
}

const listener = 'envoy_public_listener_json';

/** What is wrong, one line for each service. Nothing for a mesh on Kubernetes, where admission holds the annotation. */
export async function listenerProblems(lab: Lab, mesh: Mesh, api: Pick<ConsulApi, 'get'>): Promise<string[]> {
  if (mesh.place.platform !== 'local') return [];
  return (await Promise.all(servicesOf(lab, mesh).map((service) => problemOf(lab, service, api)))).flat();
}

async function problemOf(lab: Lab, service: Service, api: Pick<ConsulApi, 'get'>): Promise<string[]> {
  const { registration } = serviceHost(lab, service);
  if (registration === undefined) return [];
  const wanted = configOf(registration.Connect)[listener];
  const found = await api.get<Sidecar[]>(`/v1/catalog/service/${proxyId(registration)}`);
  // One that is not there at all is another problem, which its checks tell.
  if (found.every(({ ServiceProxy }) => ServiceProxy?.Config?.[listener] === wanted)) return [];
  return [
    `${service.name}: its sidecar is registered without the public listener of the plan: methods, paths and second names in certificates are not checked. What now: isthmus up`,
  ];
}

function configOf(connect: unknown): Readonly<Record<string, unknown>> {
  const { SidecarService } = connect as { SidecarService?: { Proxy?: { Config?: Record<string, unknown> } } };
  return SidecarService?.Proxy?.Config ?? {};
}
