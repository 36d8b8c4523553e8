/** The access table as questions: who calls whom, within a mesh and across the border. */
import { type AccessRow, type Lab, type Mesh, mesh, type Service, service } from '../lab';

/** All that one caller may do at one callee: a request passes when any of the rules allows it. */
export interface Grant {
  readonly from: Service;
  readonly to: Service;
  readonly rules: readonly Rule[];
}

/** Empty `methods` or `paths` mean all. */
export type Rule = Pick<AccessRow, 'methods' | 'paths'>;

/** What anybody may ask of an exposed service (`expose: page`) through its mesh's ingress gateway, without a row. */
export const pageRule: Rule = { methods: ['GET', 'HEAD'], paths: [] };

/** The rows of a lab by caller and by callee. A lab is never changed, so its table is read once. */
interface Table {
  readonly all: readonly Grant[];
  readonly from: ReadonlyMap<string, readonly Grant[]>;
  readonly to: ReadonlyMap<string, readonly Grant[]>;
  /** Indices of rows by `from to`. */
  readonly rows: ReadonlyMap<string, readonly number[]>;
}

const tables = new WeakMap<Lab, Table>();

function tableOf(lab: Lab): Table {
  const known = tables.get(lab) ?? readTable(lab);
  tables.set(lab, known);
  return known;
}

function readTable(lab: Lab): Table {
  const services = new Map(lab.services.map((one) => [one.id, one]));
  const grouped = new Map<string, { from: Service; to: Service; rules: Rule[] }>();
  const rows = new Map<string, number[]>();
  for (const [index, { from, to, methods, paths }] of lab.access.entries()) {
    const key = `${from} ${to}`;
    const ends = () => ({ from: services.get(from) ?? service(lab, from), to: services.get(to) ?? service(lab, to) });
    const grant = grouped.get(key) ?? { ...ends(), rules: [] };
    grant.rules.push({ methods, paths });
    grouped.set(key, grant);
    rows.set(key, [...(rows.get(key) ?? []), index]);
  }
  const all = [...grouped.values()];
  return { all, from: byId(all, 'from'), to: byId(all, 'to'), rows };
}

function byId(all: readonly Grant[], end: 'from' | 'to'): Map<string, Grant[]> {
  const found = new Map<string, Grant[]>();
  for (const grant of all) found.set(grant[end].id, [...(found.get(grant[end].id) ?? []), grant]);
  return found;
}

/** Rows grouped by caller and callee, in the order of the table. */
export function grants(lab: Lab): readonly Grant[] {
  return tableOf(lab).all;
}

export function grantsTo(lab: Lab, callee: Service): readonly Grant[] {
  return tableOf(lab).to.get(callee.id) ?? [];
}

export function grantsFrom(lab: Lab, caller: Service): readonly Grant[] {
  return tableOf(lab).from.get(caller.id) ?? [];
}

/** Where in the table the rows of one caller and callee are, by index. */
export function rowsBetween(lab: Lab, from: Service, to: Service): readonly number[] {
  return tableOf(lab).rows.get(`${from.id} ${to.id}`) ?? [];
}

/** What services of other meshes may call in a mesh. */
export function grantsInto(lab: Lab, { name }: Pick<Mesh, 'name'>): readonly Grant[] {
  return grants(lab).filter(({ from, to }) => to.mesh === name && from.mesh !== name);
}

/** A foreign service made callable in a mesh, with the services there that may call it. */
export interface Import {
  readonly service: Service;
  readonly peer: Mesh;
  readonly consumers: readonly Service[];
}

/** Imports of a mesh: one for each foreign service that a row lets a service of this mesh call. */
export function imports(lab: Lab, of: Mesh): Import[] {
  const crossing = grants(lab).filter(({ from, to }) => from.mesh === of.name && to.mesh !== of.name);
  const callees = [...new Map(crossing.map(({ to }) => [to.id, to])).values()];
  return callees.map((callee) => ({
    service: callee,
    peer: mesh(lab, callee.mesh),
    consumers: crossing.filter(({ to }) => to.id === callee.id).map(({ from }) => from),
  }));
}

/** Meshes that a mesh must peer with: those it imports from, or that import from it. */
export function peers(lab: Lab, of: Mesh): Mesh[] {
  return lab.meshes.filter(
    (other) =>
      other.name !== of.name &&
      grants(lab).some(
        ({ from, to }) => [from.mesh, to.mesh].includes(of.name) && [from.mesh, to.mesh].includes(other.name),
      ),
  );
}

/** Whether a path is one that a rule names: a slash at the rule's end makes it a prefix. */
export function covers(rulePath: string, path: string): boolean {
  return rulePath.endsWith('/') ? path.startsWith(rulePath) : path === rulePath;
}

/** Whether a rule lets everything pass. */
export function isOpen({ methods, paths }: Rule): boolean {
  return methods.length === 0 && paths.length === 0;
}

/** Whether every caller may ask anything, so that checking connections is enough. */
export function connectionOnly(grantList: readonly Pick<Grant, 'rules'>[]): boolean {
  return grantList.every(({ rules }) => rules.some(isOpen));
}
