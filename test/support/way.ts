/**
 * A request's way through all generated policies: every enforcement point from the caller's proxy to the callee's, as
 * small interpreters of what Istio, Consul and Envoy document.
 */
import type { Caller } from '../../model/access/decide';
import { outboundReading, type Reading, readPath, refusedMethod } from '../../model/access/request';
import { resolvedExports } from '../../model/exports';
import { federationGatewayPort } from '../../model/gateways';
import { consulServiceIdentity, istioPrincipal } from '../../model/identity';
import { type Lab, mesh, podLabels, type Service } from '../../model/lab';
import { federationGateway, importHost, ingressGatewayService, ingressNamespace } from '../../model/names';
import { federationIdentity } from '../../model/planes';
import { exportsOf, intentionsOf } from './consul-intentions';
import { filterDecision, listenerDecision, listenerReading } from './envoy-rbac';
import { gatewayServers, readingsOf } from './istio-gateway';
import { policies as authorization, egress } from './istio-policy';
import type { Policies } from './policies';

export interface Request {
  readonly method: string;
  readonly target: string;
  /** Whether it asks to switch to a websocket. @default - no */
  readonly upgrade?: boolean;
  /** Port of the callee's pod that is asked, where the callee is in Istio. @default - the service's own */
  readonly port?: number;
}

/** Container port of Istio's ingress gateway. */
const ingressPort = 8080;

/** One enforcement point on the way. */
export interface Point {
  readonly name: 'egress' | 'export' | 'intention' | 'listener' | 'policy' | 'gateway' | 'ingress' | 'behind gateway';
  /** Whether it sees requests, or only who connects. */
  readonly sees: 'requests' | 'connections';
  /** How it reads a request before it decides. Undefined where it passes bytes on. */
  readonly reading?: Reading | undefined;
  readonly admits: (request: Request) => boolean;
}

type Way = (caller: Caller, callee: Service) => Point[];

/** The points between any two services. */
export function wayThrough(lab: Lab, made: Policies): Way {
  const [intended, exported, exportedByPlane] = [
    intentionsOf(made.consul),
    exportsOf(made.consul),
    exportsOf(made.plane),
  ];
  const listeners = new Map(
    [...made.listeners].map(([id, config]) => [
      id,
      { admits: listenerDecision(config), reading: listenerReading(config) },
    ]),
  );
  const callees = istioWay(lab, made);
  const caller = istioCaller(lab, made);
  return (from, to) => {
    const own = mesh(lab, to.mesh);
    if (own.kind === 'istio') {
      const told =
        from !== 'anybody' && from.mesh !== to.mesh ? [connection('export', exportedByPlane(to.name, from.mesh))] : [];
      return [...caller(from, to), ...told, ...callees(from, to)];
    }
    const foreign = from !== 'anybody' && from.mesh !== to.mesh;
    const source =
      from === 'anybody' ? { name: ingressGatewayService } : { name: from.name, ...(foreign && { peer: from.mesh }) };
    const uris = [identityAt(lab, from, to)];
    const listener = listeners.get(to.id);
    const decide = ({ method, target, upgrade = false }: Request) =>
      listener?.admits({ uris, method, path: target, upgrade }) ?? true;
    return [
      ...caller(from, to),
      ...(foreign ? [connection('export', exported(to.name, from.mesh))] : []),
      connection('intention', intended(to.name, source)),
      {
        name: 'listener',
        sees: listener?.reading === undefined ? 'connections' : 'requests',
        reading: listener?.reading,
        admits: decide,
      },
    ];
  };
}

/** Whether a request gets to the callee's program, and with which target. */
export function passes(points: readonly Point[], request: Request): Request | undefined {
  let current: Request | undefined = request;
  for (const point of points) current = current === undefined ? undefined : step(point, current);
  return current;
}

/** The request as a point passes it on. */
export function step({ reading, admits }: Point, request: Request): Request | undefined {
  const read = reading === undefined ? request : readAs(reading, request);
  return read !== undefined && admits(read) ? read : undefined;
}

function readAs(reading: Reading, request: Request): Request | undefined {
  const { path } = readPath(request.target, reading);
  return path === undefined || refusedMethod(request.method) !== undefined ? undefined : { ...request, target: path };
}

function connection(name: Point['name'], open: boolean): Point {
  return { name, sees: 'connections', admits: () => open };
}

/** What the caller's proxy does, when it is Istio's: it must know the callee, and reads requests first. */
function istioCaller(lab: Lab, made: Policies): Way {
  const told = egress(made.istio);
  return (from, to) => {
    if (from === 'anybody' || mesh(lab, from.mesh).kind !== 'istio') return [];
    const host = from.mesh === to.mesh ? `${to.name}.${to.namespace}.svc.cluster.local` : importHost(to.name, to.mesh);
    const namespace = from.mesh === to.mesh ? to.namespace : 'federation';
    const open = told({ namespace: from.namespace, labels: podLabels(from) })(namespace, host);
    return [{ ...connection('egress', open), reading: outboundReading }];
  };
}

/** What a callee in Istio and the gateways before it do. */
function istioWay(lab: Lab, made: Policies): Way {
  const select = authorization(made.istio);
  const readings = readingsOf(made.istio);
  const servers = gatewayServers(made.istio);
  const filters = made.istio
    .filter(
      ({ kind, metadata }) =>
        kind === 'EnvoyFilter' && metadata.name !== 'reading' && metadata.namespace === federationGateway,
    )
    .map(filterDecision);
  const all = lab.meshes.flatMap((own) => resolvedExports(lab, own));
  const exportOf = new Map(all.map((entry) => [entry.service.id, entry]));
  const gate = select({ namespace: federationGateway, labels: { istio: federationGateway } });
  const ingress = select({ namespace: ingressNamespace, labels: { istio: 'ingress' } });
  return (from, to) => {
    const own = mesh(lab, to.mesh);
    const pods = select({ namespace: to.namespace, labels: podLabels(to) });
    const behind = (name: Point['name'], principal: string): Point => ({
      name,
      sees: 'requests',
      reading: readings('SIDECAR_INBOUND'),
      admits: ({ method, target, upgrade = false, port = to.port }) =>
        pods({ principal, method, path: target, upgrade, port }),
    });
    if (from === 'anybody') {
      return [
        {
          name: 'ingress',
          sees: 'requests',
          reading: readings('GATEWAY'),
          admits: ({ method, target, upgrade = false }) =>
            ingress({ principal: '', method, path: target, upgrade, port: ingressPort }),
        },
        behind('policy', istioPrincipal(own.trustDomain, ingressNamespace, ingressNamespace)),
      ];
    }
    const identity = identityAt(lab, from, to);
    if (from.mesh === to.mesh) return [behind('policy', identity.replace('spiffe://', ''))];
    const sni = exportOf.get(to.id)?.sni ?? '';
    const connects = servers(sni, identity) && filters.every((decide) => decide([identity], sni));
    return [
      {
        name: 'gateway',
        sees: 'requests',
        reading: readings('GATEWAY'),
        admits: ({ method, target, upgrade = false }) =>
          connects &&
          gate({
            principal: identity.replace('spiffe://', ''),
            method,
            path: target,
            upgrade,
            sni,
            port: federationGatewayPort,
          }),
      },
      behind('behind gateway', istioPrincipal(own.trustDomain, federationGateway, federationGateway)),
    ];
  };
}

/** Identity of a caller as the first proxy of the callee's mesh sees it, when it uses its own certificate. */
export function identityAt(lab: Lab, caller: Caller, callee: Service): string {
  const own = mesh(lab, callee.mesh);
  const inConsul = (of: string, name: string) => {
    const { trustDomain, datacenter = '' } = mesh(lab, of);
    return consulServiceIdentity(trustDomain, datacenter, name);
  };
  if (caller === 'anybody') return own.kind === 'istio' ? '' : inConsul(own.name, ingressGatewayService);
  if (mesh(lab, caller.mesh).kind === 'consul') return inConsul(caller.mesh, caller.name);
  return caller.mesh === own.name
    ? `spiffe://${istioPrincipal(own.trustDomain, caller.namespace, caller.name)}`
    : federationIdentity(lab, caller.mesh, own.name, caller.name);
}
