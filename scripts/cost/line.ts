/** What a rule says about a resource: lines that a price is found for, and what it can not tell. */
import type { Assumptions } from '../../model/price/assumptions';
import type { Plan, Resource } from './plan';

/** Something that is billed. */
export interface Billed {
  /** Item of the price table. */
  readonly item: string;
  /** Pieces that are there all the time; or gigabytes or pieces a month, as the item's unit says. */
  readonly quantity: number;
  readonly what: string;
  /** The price moves, or the quantity is assumed. @default - false */
  readonly estimate?: boolean;
}

/** Something that costs money and that nobody can price from the plan, in words that end "not priced: …". */
export interface Unknown {
  readonly missing: string;
}

export type Line = Billed | Unknown;

/** Known to the rules besides the resource itself. */
export interface Context {
  readonly plan: Plan;
  readonly assumptions: Assumptions;
  /** Whether a Kubernetes version of EKS has left standard support; undefined when nobody told. */
  readonly extended: (version: string) => boolean | undefined;
}

export type Rule = (resource: Resource, context: Context) => readonly Line[];

/** The line `when` a quantity is known, and otherwise what is not. */
export function known(quantity: number | undefined, missing: string, line: (quantity: number) => Line[]): Line[] {
  return quantity === undefined ? [{ missing }] : line(quantity);
}
