/**
 * Who may open connections to whom in an Istio mesh. Below the mesh's own rules, and by other means: a program that
 * gets around its proxy still reaches nothing but what its rows need.
 */
import { grantsFrom, grantsTo } from '../access/table';
import { formatCidr, privateNetworks } from '../cidr';
import type { ResolvedExport } from '../exports';
import { federationGatewayPort } from '../gateways';
import { type Lab, type Mesh, mesh as meshOf, podLabels, type Service, servicesOf } from '../lab';
import { federationGateway, federationNamespace, ingressNamespace, planeNamespace } from '../names';
import type { OutsideHost } from '../outside';
import { fromKubernetesApi, kubernetesApi, nameServer, toGateway } from './cluster';
import { address, closed, type NetworkPolicy, networkPolicy, type Opening, type Peer, podsOf, tcp } from './policy';

const systemNamespace = 'istio-system';
const istiod = { app: 'istiod' };
const ingress = { istio: 'ingress' };
const gateway = { istio: federationGateway };

/** Port of istiod that proxies use, over mutual TLS; the others are nobody's but the API server's. */
const xdsPort = 15012;
const webhookPort = 15017;

/** Container port of the ingress gateway's listener. */
const pagePort = 8080;

const control: Opening = { peers: [podsOf(systemNamespace, istiod)], ports: tcp(xdsPort) };

/** Closes a namespace of services, but for what every pod with a proxy needs: its name server and istiod. */
export function namespacePolicy(mesh: Mesh, namespace: string): NetworkPolicy {
  return closed(namespace, [nameServer(mesh), control]);
}

/** A service's pods: out to what their rows name, in from who has a row. */
export function servicePolicy(lab: Lab, service: Service, outside: readonly OutsideHost[] = []): NetworkPolicy {
  const local = grantsFrom(lab, service).filter(({ to }) => to.mesh === service.mesh);
  const foreign = grantsFrom(lab, service).filter(({ to }) => to.mesh !== service.mesh);
  const peers = [...new Set(foreign.map(({ to }) => to.mesh))].map((name) => meshOf(lab, name));
  return networkPolicy({
    name: service.name,
    namespace: service.namespace,
    pods: podLabels(service),
    from: [{ peers: callers(lab, service), ports: tcp(service.port) }].filter(({ peers: some }) => some.length > 0),
    to: [
      ...local.map(({ to }) => ({ peers: [pods(to)], ports: tcp(to.port) })),
      ...peers.flatMap(toGateway),
      ...outside.map(toOutside),
    ],
  });
}

function callers(lab: Lab, service: Service): Peer[] {
  const rows = grantsTo(lab, service);
  return [
    ...rows.filter(({ from }) => from.mesh === service.mesh).map(({ from }) => pods(from)),
    ...(rows.some(({ from }) => from.mesh !== service.mesh) ? [podsOf(federationGateway, gateway)] : []),
    ...(service.expose === 'page' ? [podsOf(ingressNamespace, ingress)] : []),
  ];
}

function pods(service: Service): Peer {
  return podsOf(service.namespace, podLabels(service));
}

/**
 * A host outside is at addresses that nobody knows before, but on the internet. So no mesh is among them, no Service of
 * the cluster (EKS takes a private network for those, too), nothing that a private network is routed to, and no metadata
 * service. IPv4 only: IPv6 stays closed.
 */
function toOutside({ port, via }: OutsideHost): Opening {
  if (via !== undefined) return { peers: [address(via.address)], ports: tcp(via.port) };
  const except = [...privateNetworks.map(formatCidr), '100.64.0.0/10', '169.254.0.0/16'];
  return { peers: [{ ipBlock: { cidr: '0.0.0.0/0', except } }], ports: tcp(port) };
}

/** Istio's own namespaces: control plane and ingress gateway. */
export function meshPolicies(lab: Lab, mesh: Mesh): NetworkPolicy[] {
  const pages = servicesOf(lab, mesh).filter(({ expose }) => expose === 'page');
  return [
    closed(systemNamespace),
    networkPolicy({
      name: 'istiod',
      namespace: systemNamespace,
      pods: istiod,
      from: [
        { peers: [{ namespaceSelector: { matchLabels: { 'istio-injection': 'enabled' } } }], ports: tcp(xdsPort) },
        fromKubernetesApi(mesh, webhookPort),
      ],
      to: [nameServer(mesh), ...kubernetesApi(lab, mesh)],
    }),
    closed(ingressNamespace),
    networkPolicy({
      name: ingressNamespace,
      namespace: ingressNamespace,
      pods: ingress,
      // The page is for people; which of them get this far is decided before the cluster.
      from: [{ ports: tcp(pagePort) }],
      to: [nameServer(mesh), control, ...pages.map((page) => ({ peers: [pods(page)], ports: tcp(page.port) }))],
    }),
  ];
}

/** A federation plane dials out: to the peer's gateway and the Kubernetes API. Nothing comes in. */
export function planePolicies(lab: Lab, own: Mesh, peer: Mesh): NetworkPolicy[] {
  const namespace = planeNamespace(peer.name);
  return [
    closed(namespace),
    networkPolicy({
      name: 'plane',
      namespace,
      pods: { app: 'plane' },
      to: [nameServer(own), ...kubernetesApi(lab, own), ...toGateway(peer)],
    }),
  ];
}

/** The federation gateway: in by its one port, out to what is exported. */
export function gatewayPolicies(own: Mesh, exported: readonly ResolvedExport[]): NetworkPolicy[] {
  const callees = new Map(exported.map(({ service }) => [service.id, service]));
  return [
    closed(federationGateway),
    networkPolicy({
      name: federationGateway,
      namespace: federationGateway,
      pods: gateway,
      // A node port hides who called. Who gets this far is decided at the border, and by certificate.
      from: [{ ports: tcp(federationGatewayPort) }],
      to: [
        nameServer(own),
        control,
        ...[...callees.values()].map((callee) => ({ peers: [pods(callee)], ports: tcp(callee.port) })),
      ],
    }),
  ];
}

/** The namespace of entries has no pods, and no business having any. */
export const entriesPolicy: NetworkPolicy = closed(federationNamespace);
