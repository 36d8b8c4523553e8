/**
 * Who may open connections to whom in a Consul mesh on Kubernetes. Labels and ports are those of Consul's chart; all of
 * its ports but DNS take TLS only.
 */
import { grantsFrom, grantsTo } from '../access/table';
import { consulIngressPort, meshGatewayPort } from '../gateways';
import { sidecarPort } from '../hosts';
import { type Lab, type Mesh, mesh as meshOf, namespacesOf, podLabels, type Service } from '../lab';
import { consulNamespace } from '../names';
import { block, fromKubernetesApi, kubernetesApi, nameServer, toGateway } from './cluster';
import { closed, type NetworkPolicy, networkPolicy, type Opening, type Peer, podsOf, tcp } from './policy';

const component = (name: string) => ({ app: 'consul', component: name });
const server = podsOf(consulNamespace, component('server'));
const meshGateway = podsOf(consulNamespace, component('mesh-gateway'));
const ingressGateway = podsOf(consulNamespace, component('ingress-gateway'));

/** API and xDS: what a pod's proxy, and the init container that logs in for it, need of the servers. */
const proxyPorts = tcp(8501, 8502);
/** RPC and gossip: the servers' among themselves. */
const serverPorts = [...tcp(8300, 8301, 8302), ...[8301, 8302].map((port) => ({ protocol: 'UDP', port }) as const)];
const injectorPort = 8080;

const control: Opening = { peers: [server], ports: proxyPorts };

/** Closes a namespace of services, but for what every pod with a proxy needs: its name server and Consul's servers. */
export function consulNamespacePolicy(mesh: Mesh, namespace: string): NetworkPolicy {
  return closed(namespace, [nameServer(mesh), control]);
}

/** A service's pods: out to the proxies of whom they may call, in from the proxies of who may call them. */
export function consulServicePolicy(lab: Lab, service: Service): NetworkPolicy {
  const out = grantsFrom(lab, service).map(({ to }) => to);
  const peers = [...new Set(out.filter(({ mesh }) => mesh !== service.mesh).map(({ mesh }) => mesh))];
  const from = callers(lab, service);
  return networkPolicy({
    name: service.name,
    namespace: service.namespace,
    pods: podLabels(service),
    from: from.length === 0 ? [] : [{ peers: from, ports: tcp(sidecarPort) }],
    to: [
      ...out
        .filter(({ mesh }) => mesh === service.mesh)
        .map((callee) => ({ peers: [podsOf(callee.namespace, podLabels(callee))], ports: tcp(sidecarPort) })),
      ...peers.flatMap((name) => toGateway(meshOf(lab, name))),
    ],
  });
}

function callers(lab: Lab, service: Service): Peer[] {
  const rows = grantsTo(lab, service).map(({ from }) => from);
  return [
    ...rows.filter(({ mesh }) => mesh === service.mesh).map((caller) => podsOf(caller.namespace, podLabels(caller))),
    ...(rows.some(({ mesh }) => mesh !== service.mesh) ? [meshGateway] : []),
    ...(service.expose === 'page' ? [ingressGateway] : []),
  ];
}

/** Consul's own namespace: servers, injector and gateways, each with the ports that others need of it. */
export function consulPolicies(lab: Lab, mesh: Mesh): NetworkPolicy[] {
  const namespaces = namespacesOf(lab, mesh).map((name) => podsOf(name));
  const toSidecars: Opening = { peers: namespaces, ports: tcp(sidecarPort) };
  const peers = lab.meshes.filter(({ name }) => name !== mesh.name);
  const of = (name: string, options: Pick<Parameters<typeof networkPolicy>[0], 'from' | 'to'>) =>
    networkPolicy({ name: `consul-${name}`, namespace: consulNamespace, pods: component(name), ...options });
  return [
    // Jobs of the chart as well: they make tokens and certificates.
    closed(consulNamespace, [nameServer(mesh), ...kubernetesApi(lab, mesh), control]),
    of('server', {
      from: [
        { peers: [server], ports: serverPorts },
        { peers: [podsOf(consulNamespace), ...namespaces], ports: proxyPorts },
      ],
      to: [
        { peers: [server], ports: serverPorts },
        { peers: [meshGateway], ports: tcp(meshGatewayPort) },
      ],
    }),
    of('connect-injector', { from: [fromKubernetesApi(mesh, injectorPort)] }),
    of('mesh-gateway', {
      from: [{ ports: tcp(meshGatewayPort) }],
      to: [toSidecars, ...peers.flatMap(toGateway)],
    }),
    of('ingress-gateway', {
      from: [{ peers: [block(mesh.network)], ports: tcp(consulIngressPort) }],
      to: [toSidecars],
    }),
  ];
}
