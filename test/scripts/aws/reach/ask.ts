/** Questions to the plan by hand, with something in it changed. */
import { type Cidr, parseCidr } from '../../../../model/cidr';
import { networkOf } from '../../../../scripts/aws/reach/network';
import type { Place } from '../../../../scripts/aws/reach/places';
import { type Answer, canReach } from '../../../../scripts/aws/reach/questions';
import { at, type Draft, drop, type FixtureOptions, fixture, plansOf, put } from './fixture';

type Stacks = Record<string, Draft>;
export type Change = (stacks: Stacks) => void;

export const nodes = (mesh: string): Place => ({ kind: 'nodes', mesh });
export const api = (mesh: string): Place => ({ kind: 'api', mesh });
export const border = (mesh: string): Place => ({ kind: 'balancer', mesh, role: 'border' });
export const page: Place = { kind: 'balancer', mesh: 'west', role: 'page' };
export const registries: Place = { kind: 'registries' };
export const internet: Place = { kind: 'internet' };

export const open: FixtureOptions = { pageFrom: ['203.0.113.0/24'], apiFrom: ['198.51.100.0/24'] };

export function cidr(text: string): Cidr {
  const block = parseCidr(text);
  if (block === undefined) throw new Error(text);
  return block;
}

export function ask(from: Place, to: Place, port: number, change: Change = () => {}, options = open): Answer {
  const stacks = fixture(options);
  change(stacks);
  return canReach(networkOf(plansOf(stacks)), from, to, port);
}

/** Changes arguments of a resource; of its block where one is named. */
export function set(address: string, values: Readonly<Record<string, unknown>>, block?: string): Change {
  return (stacks) => {
    const all = at(stacks, address);
    Object.assign(block === undefined ? all : (all[block] as object), values);
  };
}

export const remove =
  (address: string): Change =>
  (stacks) =>
    drop(stacks, address);

export function addTo(address: string, values: Readonly<Record<string, unknown>>): Change {
  return (stacks) => put(stacks, address, { ...values });
}

export function all(...changes: readonly Change[]): Change {
  return (stacks) => {
    for (const change of changes) change(stacks);
  };
}
