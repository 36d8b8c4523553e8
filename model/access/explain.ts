/** Which object of which mesh decides a request: the answer to "where do I look?". */
import { federationGatewayPort } from '../gateways';
import { type Lab, mesh, type Service, shortId } from '../lab';
import { exportName, federationGateway, importHost, ingressNamespace } from '../names';
import { type Caller, type Decision, decide, readsRequests } from './decide';
import { grantsTo, rowsBetween } from './table';

/** An object that the compiler makes of the table, where it holds. */
export interface EnforcementPoint {
  /** The proxy that holds to it: `mesh/service`, or `mesh/gateway`. */
  readonly at: string;
  /** Such as `AuthorizationPolicy backend/backend` or `config entry service-intentions/info`. */
  readonly object: string;
  /** `help` keeps a caller from trying; it stops nobody who means to. */
  readonly enforces: 'help' | 'connections' | 'requests';
}

export interface Explanation {
  readonly decision: Decision;
  /** In the order in which a request meets them. */
  readonly points: readonly EnforcementPoint[];
  /**
   * The one of them that lets the request pass for good, or stops it.
   * @default - none: the request stays inside a mesh that was there before, whose own policies decide
   */
  readonly decidedBy?: EnforcementPoint;
}

/** @param upgrade whether the request asks to switch to another protocol */
export function explain(
  lab: Lab,
  caller: Caller,
  callee: Service,
  method: string,
  target: string,
  upgrade = false,
): Explanation {
  const decision = decide(lab, caller, callee, method, target, upgrade);
  const points = enforcementPoints(lab, caller, callee);
  const decidedBy = decider(lab, caller, callee, decision, points);
  if (decidedBy !== undefined) return { decision, points, decidedBy };
  if (mesh(lab, callee.mesh).existing) return { decision, points };
  throw new Error(`nothing guards ${callee.id}`);
}

function decider(
  lab: Lab,
  caller: Caller,
  callee: Service,
  decision: Decision,
  points: readonly EnforcementPoint[],
): EnforcementPoint | undefined {
  const on = (level: EnforcementPoint['enforces']) => points.filter(({ enforces }) => enforces === level);
  if (!decision.allowed && decision.refusal.kind === 'no row') {
    const connections = on('connections');
    // A service that is exported for another caller's sake is stopped at the next point only.
    const first =
      isExported(lab, caller, callee) && mesh(lab, callee.mesh).kind === 'consul' ? connections[1] : connections[0];
    return first ?? on('requests').at(-1);
  }
  // Behind a gateway that knows the caller, the callee's own policy is wider.
  const help = decision.allowed ? undefined : on('help')[0];
  return on('requests')[0] ?? help ?? on('connections').at(-1);
}

/** Whether a service is exported to the mesh of a foreign caller, for its own sake or another's. */
function isExported(lab: Lab, caller: Caller, callee: Service): boolean {
  if (caller === 'anybody' || caller.mesh === callee.mesh) return false;
  return grantsTo(lab, callee).some(({ from }) => from.mesh === caller.mesh);
}

/** All that stands between a caller and a callee. */
export function enforcementPoints(lab: Lab, caller: Caller, callee: Service): EnforcementPoint[] {
  const own = mesh(lab, callee.mesh);
  const foreign = caller !== 'anybody' && caller.mesh !== callee.mesh;
  // Between services of a mesh that was there before its owner's policies decide, and none is ours.
  if (own.existing && !foreign) return [];
  const help = caller === 'anybody' ? [] : helpFor(lab, caller, callee);
  if (own.kind === 'consul') return [...help, ...inConsul(lab, caller, callee)];
  const gateways = foreign ? atFederationGateway(lab, caller, callee) : [];
  if (own.existing) return [...help, ...gateways];
  const policy = { at: shortId(callee), object: `AuthorizationPolicy ${callee.namespace}/${callee.name}` };
  const last: EnforcementPoint = { ...policy, enforces: 'requests' };
  if (caller === 'anybody' && callee.expose !== 'page') return [last];
  if (caller === 'anybody') {
    const at = `${callee.mesh}/${ingressNamespace}`;
    return [...help, { at, object: `AuthorizationPolicy ${ingressNamespace}/page`, enforces: 'requests' }, last];
  }
  return [...help, ...gateways, last];
}

function helpFor(lab: Lab, caller: Service, callee: Service): EnforcementPoint[] {
  const at = shortId(caller);
  if (mesh(lab, caller.mesh).existing) return [];
  if (mesh(lab, caller.mesh).kind === 'istio') {
    const host = caller.mesh === callee.mesh ? '' : `, without ${importHost(callee.name, callee.mesh)}`;
    const without = rowsBetween(lab, caller, callee).length === 0 ? host : '';
    return [{ at, object: `Sidecar ${caller.namespace}/${caller.name}${without}`, enforces: 'help' }];
  }
  return [{ at, object: `upstreams of ${caller.name}-sidecar-proxy`, enforces: 'help' }];
}

function inConsul(lab: Lab, caller: Caller, callee: Service): EnforcementPoint[] {
  const at = shortId(callee);
  const rows = grantsTo(lab, callee).length > 0 || callee.expose === 'page';
  const intentions = rows ? `config entry service-intentions/${callee.name}` : 'default intention (deny)';
  const told = isExported(lab, caller, callee) ? '' : `, without ${callee.name}`;
  const listener: EnforcementPoint = {
    at,
    object: `public listener of ${callee.name}-sidecar-proxy (envoy_public_listener_json)`,
    enforces: readsRequests(lab, callee) ? 'requests' : 'connections',
  };
  return [
    ...(caller !== 'anybody' && caller.mesh !== callee.mesh
      ? [{ at: callee.mesh, object: `config entry exported-services/default${told}`, enforces: 'connections' } as const]
      : []),
    { at, object: intentions, enforces: 'connections' },
    ...(mesh(lab, callee.mesh).existing ? [] : [listener]),
  ];
}

function atFederationGateway(lab: Lab, caller: Service, callee: Service): EnforcementPoint[] {
  const at = `${callee.mesh}/${federationGateway}`;
  if (!isExported(lab, caller, callee))
    return [
      {
        at,
        object: `no export of ${callee.name}: no server name on port ${federationGatewayPort}`,
        enforces: 'connections',
      },
    ];
  const name = `${federationGateway}/${exportName(callee.name, caller.mesh)}`;
  return [
    { at, object: `Gateway ${name} (subjectAltNames)`, enforces: 'connections' },
    { at, object: `EnvoyFilter ${name} (one identity for each certificate)`, enforces: 'connections' },
    { at, object: `AuthorizationPolicy ${name}`, enforces: 'requests' },
  ];
}
