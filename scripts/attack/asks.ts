/** Requests that a lab's own rows allow, and that they refuse: what attacks ask for on any lab. Pure. */
import { decide } from '../../model/access/decide';
import { grantsTo } from '../../model/access/table';
import { type Lab, methods, type Service } from '../../model/lab';

/** A request line's method and path. */
export interface Ask {
  readonly method: string;
  readonly path: string;
  /** Asks to switch to another protocol. @default - no */
  readonly upgrade?: true;
}

/** As people read it. */
export function line({ method, path }: Ask): string {
  return `${method} ${path}`;
}

export interface Between {
  readonly lab: Lab;
  readonly from: Service;
  readonly to: Service;
}

export function allows({ lab, from, to }: Between, { method, path, upgrade }: Ask): boolean {
  return decide(lab, from, to, method, path, upgrade).allowed;
}

/** A request that the rows allow: GET and the health path where they do, which every program answers. */
export function allowedAsk(between: Between): Ask | undefined {
  const paths = pathsOf(between);
  // A path that is no prefix is one that the program has.
  const exact = paths.filter((path) => !path.endsWith('/'));
  const known = [between.to.health, ...exact, ...paths, '/'];
  return methods.flatMap((method) => known.map((path) => ({ method, path }))).find((ask) => allows(between, ask));
}

/** What stands before more of an allowed path: the row's prefix, or an exact path as if it were one. */
export function stemOf(between: Between, { method, path }: Ask): string {
  const prefix = pathsOf(between).find((one) => one.endsWith('/') && allows(between, { method, path: one }));
  return prefix ?? (path.endsWith('/') ? path : `${path}/`);
}

/** A path that this method may not ask for; undefined where the rows allow every path. */
export function forbiddenPath(between: Between, method: string): string | undefined {
  const { health } = between.to;
  return [health, '/not-of-any-row', '/'].find((path) => !allows(between, { method, path }));
}

/** A request that the rows refuse: another method, or else another path; undefined where they allow everything. */
export function forbiddenAsk(between: Between, { method, path }: Ask): Ask | undefined {
  const other = ['DELETE', 'PUT', 'PATCH', 'POST', 'OPTIONS'].find((one) => !allows(between, { method: one, path }));
  if (other !== undefined) return { method: other, path };
  const elsewhere = forbiddenPath(between, method);
  return elsewhere === undefined ? undefined : { method, path: elsewhere };
}

/** A path that begins as an allowed one does and that no row allows. */
export function beyondPath(between: Between, { method, path }: Ask): string | undefined {
  const stem = stemOf(between, { method, path }).slice(0, -1);
  return [`${stem}/x`, `${stem}x`].find((one) => !allows(between, { method, path: one }));
}

function pathsOf({ lab, from, to }: Between): string[] {
  return grantsTo(lab, to)
    .filter((grant) => grant.from.id === from.id)
    .flatMap(({ rules }) => rules.flatMap(({ paths }) => paths));
}
