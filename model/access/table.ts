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

/** Rows grouped by caller and callee, in the order of the table. */
export function grants(lab: Lab): Grant[] {
  const grouped = new Map<string, { from: Service; to: Service; rules: Rule[] }>();
  for (const { from, to, methods, paths } of lab.access) {
    const key = `${from} ${to}`;
    const grant = grouped.get(key) ?? { from: service(lab, from), to: service(lab, to), rules: [] };
    grant.rules.push({ methods, paths });
    grouped.set(key, grant);
  }
  return [...grouped.values()];
}

export function grantsTo(lab: Lab, callee: Service): Grant[] {
  return grants(lab).filter((grant) => grant.to.id === callee.id);
}

export function grantsFrom(lab: Lab, caller: Service): Grant[] {
  return grants(lab).filter((grant) => grant.from.id === caller.id);
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

/** Whether every rule lets everything pass, so that checking connections is enough. */
export function connectionOnly(grantList: readonly Pick<Grant, 'rules'>[]): boolean {
  return grantList.every(({ rules }) => rules.some(({ methods, paths }) => methods.length === 0 && paths.length === 0));
}
