/** Compares what all generated policies do together, and each one alone, with what the table says. */
import { type Caller, decide, decideRead } from '../../model/access/decide';
import { grantsTo, pageRule } from '../../model/access/table';
import { type Lab, type Method, mesh, methods, type Service } from '../../model/lab';
import { numbers, pick } from './large-labs';
import type { Policies } from './policies';
import { nearly, nearTarget } from './targets';
import { type Point, passes, type Request, step, wayThrough } from './way';

/** A request, and who makes it. */
export interface Question extends Request {
  readonly caller: Caller;
  readonly callee: Service;
}

export interface Difference {
  readonly question: string;
  /** The point alone, or all together. */
  readonly at: Point['name'] | 'all';
  readonly found: boolean;
  readonly expected: boolean;
}

/** Counts of what was compared: a comparison of refusals alone would prove nothing. */
export interface Compared {
  readonly passed: number;
  readonly refused: number;
  readonly differences: readonly Difference[];
}

export function compare(lab: Lab, made: Policies, questions: readonly Question[]): Compared {
  const way = wayThrough(lab, made);
  const differences: Difference[] = [];
  let passed = 0;
  for (const { caller, callee, ...request } of questions) {
    const decided = decide(lab, caller, callee, request.method, request.target, request.upgrade);
    const expected = decided.allowed && isOwnPort(callee, request);
    const points = way(caller, callee);
    const got = passes(points, request);
    const name = `${caller === 'anybody' ? caller : caller.id} → ${callee.id} ${request.method} ${request.target}${request.upgrade === true ? ' upgrade' : ''} at ${request.port ?? callee.port}`;
    const same = (got !== undefined) === expected && (!expected || got?.target === decided.target);
    if (!same) differences.push({ question: name, at: 'all', found: got !== undefined, expected });
    if (expected) passed += 1;
    // Each point alone as well: what one lets through by mistake the next may stop, but is a hole all the same.
    let current: Request | undefined = request;
    for (const point of points) {
      if (current === undefined) break;
      const read = step({ ...point, admits: () => true }, current);
      if (read === undefined) break;
      const wanted = wantedAt(lab, point, { caller, callee, ...read });
      const found = point.admits(read);
      if (found !== wanted) differences.push({ question: name, at: point.name, found, expected: wanted });
      current = read;
    }
  }
  return { passed, refused: questions.length - passed, differences };
}

/** No row opens another port of a pod than the service's. */
function isOwnPort(callee: Service, { port = callee.port }: Request): boolean {
  return port === callee.port;
}

/** What a point alone must say to a request as it reads it. */
function wantedAt(lab: Lab, { name, sees }: Point, question: Question): boolean {
  const { caller, callee, method, target, upgrade } = question;
  const says = (from: Caller) => decideRead(lab, from, callee, method, target, upgrade);
  if (name === 'ingress') {
    const page = lab.services.some((one) => one.mesh === callee.mesh && one.expose === 'page');
    return page && (pageRule.methods as readonly string[]).includes(method) && upgrade !== true;
  }
  if (name === 'behind gateway') {
    const foreign = grantsTo(lab, callee).some(({ from }) => from.mesh !== callee.mesh && says(from).allowed);
    return foreign && isOwnPort(callee, question);
  }
  if (name === 'export') {
    return grantsTo(lab, callee).some(({ from }) => caller !== 'anybody' && from.mesh === caller.mesh);
  }
  // A stranger's proxy is told of everything: help is for those who want it.
  if (name === 'egress' && caller !== 'anybody' && !lab.services.some(({ id }) => id === caller.id)) return true;
  const own = says(caller);
  if (name === 'policy') return own.allowed && isOwnPort(callee, question);
  if (sees === 'requests') return own.allowed;
  return own.allowed || own.refusal.kind !== 'no row';
}

/** A caller that the lab does not have, in a mesh of its. */
function stranger(lab: Lab, of: string, name = 'stranger'): Service {
  const like = lab.services.find((one) => one.mesh === of) ?? lab.services[0];
  if (like === undefined) throw new Error('a lab without services');
  const { expose: _page, ...rest } = like;
  return { ...rest, id: `${of}/stranger/${name}`, mesh: of, namespace: 'stranger', name };
}

/** Mostly as the row has it; at times the other way round, by a stranger, or by anybody at a page or elsewhere. */
function turned(
  lab: Lab,
  next: () => number,
  { from, to }: { readonly from: Service; readonly to: Service },
  strangers: readonly Service[],
  pages: readonly Service[],
): [Caller, Service] {
  const turn = next();
  if (turn < 0.1) return [to, from];
  if (turn < 0.13) return [pick(next, strangers), to];
  // In Istio a name means nothing without its namespace.
  if (turn < 0.16 && mesh(lab, to.mesh).kind === 'istio')
    return [stranger(lab, to.mesh, pick(next, lab.services).name), to];
  if (turn < 0.19) return ['anybody', to];
  if (turn < 0.23 && pages.length > 0) return ['anybody', pick(next, pages)];
  return [turn < 0.4 ? pick(next, lab.services) : from, to];
}

/** Requests that a table gives reason to try: along its rows, against them, beside them, by strangers and by anybody. */
export function questionsOf(lab: Lab, count: number, seed: number): Question[] {
  const next = numbers(seed);
  const byId = new Map(lab.services.map((one) => [one.id, one]));
  const strangers = lab.meshes.map(({ name }) => stranger(lab, name));
  const pages = lab.services.filter(({ expose }) => expose === 'page');
  const known = lab.access.flatMap(({ paths }) => paths);
  const offered: readonly string[] = [...methods, 'PURGE', 'get', 'FOO'];
  const made = Array.from({ length: count }, (_, index): Question | undefined => {
    const row = lab.access.length > 0 && next() < 0.75 ? pick(next, lab.access) : undefined;
    const ends = {
      from: byId.get(row?.from ?? '') ?? pick(next, lab.services),
      to: byId.get(row?.to ?? '') ?? pick(next, lab.services),
    };
    const [caller, callee] = turned(lab, next, ends, strangers, pages);
    if (caller !== 'anybody' && caller.id === callee.id) return undefined;
    const named = row !== undefined && row.paths.length > 0 && next() < 0.8 ? row.paths : known;
    const path = named.length === 0 ? '/x' : pick(next, named);
    const target = next() < 0.4 ? path : nearTarget(path, Math.floor(next() * nearly.length));
    const method =
      row !== undefined && row.methods.length > 0 && next() < 0.7
        ? pick<Method>(next, row.methods)
        : pick(next, offered);
    // Past its own proxy a caller may dial any port of a pod, and Istio's proxies listen on all of them.
    const other = mesh(lab, callee.mesh).kind === 'istio' && index % 10 === 9;
    return {
      caller,
      callee,
      method,
      target,
      ...(other ? { port: callee.port + 1 } : {}),
      ...(index % 10 === 4 ? { upgrade: true } : {}),
    };
  });
  return made.filter((question) => question !== undefined);
}
