/**
 * The access table's meaning: who may ask what of whom, on the wire. Every compiled policy must decide as `decide` does;
 * tests compare, with interpreters of the policies and on the lab.
 */
import { type AccessRow, type Lab, mesh, type Service, service } from '../lab';
import {
  istioReading,
  outboundReading,
  type Reading,
  readPath,
  refusedMethod,
  strictReading,
  withoutQuery,
} from './request';
import { connectionOnly, covers, grantsTo, isOpen, pageRule, type Rule, rowsBetween } from './table';

/** Who asks: a service by its own certificate, or anybody through the ingress gateway of the callee's mesh. */
export type Caller = Service | 'anybody';

/** What lets a request pass. */
export type Ground =
  | { readonly kind: 'row'; readonly index: number; readonly row: AccessRow }
  /** The callee is `expose: page`. */
  | { readonly kind: 'page' };

export type Refusal =
  /** No row names both, and the callee is no page for anybody. */
  | { readonly kind: 'no row' }
  /** A proxy answers 400: what it can't read in one way only, no rule gets to see. */
  | { readonly kind: 'unreadable'; readonly why: string }
  /** The request asks to switch protocols, and the proxy would not see what follows: no row that allows everything. */
  | { readonly kind: 'upgrade'; readonly rows: readonly number[] }
  /** Rows name both, but none with this method. */
  | { readonly kind: 'method'; readonly rows: readonly number[] }
  /** Rows name both with this method, but none with this path. */
  | { readonly kind: 'path'; readonly rows: readonly number[] };

export type Decision =
  | {
      readonly allowed: true;
      readonly ground: Ground;
      /** Target of the request as the program gets it. */
      readonly target: string;
    }
  | {
      readonly allowed: false;
      readonly refusal: Refusal;
      /** Target as the rules saw it, when they did. */
      readonly target?: string;
    };

/**
 * Decides one request.
 * @param method as it stands in the request line
 * @param target path and query in origin form, as the caller's program writes them, byte for byte
 * @param upgrade whether it asks to switch to another protocol (`Connection: Upgrade`, to a websocket)
 */
export function decide(
  lab: Lab,
  caller: Caller,
  callee: Service,
  method: string,
  target: string,
  upgrade = false,
): Decision {
  // Whom no row names gets no connection, whatever would be asked on it.
  const nobody = rulesFor(lab, caller, callee).length === 0;
  const read = nobody ? { target } : readOnTheWay(lab, caller, callee, method, target);
  if (read.unreadable !== undefined) {
    return { allowed: false, refusal: { kind: 'unreadable', why: read.unreadable } };
  }
  return decideRead(lab, caller, callee, method, read.target, upgrade);
}

/** The same for a request as the last proxy has read it. */
export function decideRead(
  lab: Lab,
  caller: Caller,
  callee: Service,
  method: string,
  target: string,
  upgrade = false,
): Decision {
  const rules = rulesFor(lab, caller, callee);
  if (rules.length === 0) return { allowed: false, refusal: { kind: 'no row' } };
  if (upgrade && (refusesUpgrades(lab, callee) || !rules.some(({ rule }) => isOpen(rule)))) {
    return { allowed: false, refusal: { kind: 'upgrade', rows: rowsOf(rules) }, target };
  }
  const byMethod = rules.filter(({ rule }) => rule.methods.length === 0 || includes(rule.methods, method));
  const path = withoutQuery(target);
  const found = byMethod.find(({ rule }) => rule.paths.length === 0 || rule.paths.some((one) => covers(one, path)));
  if (found !== undefined) return { allowed: true, ground: found.ground, target };
  const kind = byMethod.length === 0 ? 'method' : 'path';
  const considered = kind === 'method' ? rules : byMethod;
  return { allowed: false, refusal: { kind, rows: rowsOf(considered) }, target };
}

/** Whether a callee's proxy lets nobody switch protocols, whatever the rows say: Consul's, where it reads requests. */
export function refusesUpgrades(lab: Lab, callee: Service): boolean {
  return mesh(lab, callee.mesh).kind === 'consul' && readsRequests(lab, callee);
}

interface Grounded {
  readonly ground: Ground;
  readonly rule: Rule;
}

function rowsOf(rules: readonly Grounded[]): number[] {
  return rules.flatMap(({ ground }) => (ground.kind === 'row' ? [ground.index] : []));
}

function rulesFor(lab: Lab, caller: Caller, callee: Service): Grounded[] {
  if (caller === 'anybody') return callee.expose === 'page' ? [{ ground: { kind: 'page' }, rule: pageRule }] : [];
  return rowsBetween(lab, caller, callee).flatMap((index) => {
    const row = lab.access[index];
    return row === undefined ? [] : [{ ground: { kind: 'row', index, row }, rule: row }];
  });
}

type Read =
  | { readonly target: string; readonly unreadable?: never }
  | { readonly unreadable: string; readonly target?: never };

function readOnTheWay(lab: Lab, caller: Caller, callee: Service, method: string, target: string): Read {
  const readers = readings(lab, caller, callee);
  if (readers.length === 0) return { target };
  const unknown = refusedMethod(method);
  if (unknown !== undefined) return { unreadable: unknown };
  let current = target;
  for (const reading of readers) {
    const { path, refused } = readPath(current, reading);
    if (refused !== undefined) return { unreadable: refused };
    current = path;
  }
  return { target: current };
}

/**
 * How the proxies on the way read requests, in their order. None where all of them pass connections on: between
 * services of Consul, when no row about the callee names methods or paths.
 */
export function readings(lab: Lab, caller: Caller, callee: Service): Reading[] {
  const kind = mesh(lab, callee.mesh).kind;
  const outbound = caller !== 'anybody' && mesh(lab, caller.mesh).kind === 'istio' ? [outboundReading] : [];
  if (kind === 'consul') return readsRequests(lab, callee) ? [...outbound, strictReading] : outbound;
  // An ingress gateway, or the one for the other mesh.
  const gateway = caller === 'anybody' || caller.mesh !== callee.mesh ? [istioReading] : [];
  return [...outbound, ...gateway, istioReading];
}

/** Whether a Consul service's own proxy reads requests: it does when a rule about any of its callers names what they ask. */
export function readsRequests(lab: Lab, callee: Service): boolean {
  if (mesh(lab, callee.mesh).existing) return false;
  return callee.expose === 'page' || !connectionOnly(grantsTo(lab, callee));
}

function includes(list: readonly string[], text: string): boolean {
  return list.includes(text);
}

/** A request's caller by its id, or anybody. */
export function callerOf(lab: Lab, id: string): Caller {
  return id === 'anybody' ? 'anybody' : service(lab, id);
}
