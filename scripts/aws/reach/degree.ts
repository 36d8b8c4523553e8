/** How much of a question is true: for all of the addresses, ports' ways and zones involved, for some, or for none. */
import { type Cidr, contains, overlaps, subnet } from '../../../model/cidr';

export type Degree = 'all' | 'some' | 'none';

const order: readonly Degree[] = ['none', 'some', 'all'];

/** All of the steps of one way must hold. */
export function inTurn(steps: readonly Degree[]): Degree {
  return order[Math.min(2, ...steps.map((step) => order.indexOf(step)))] ?? 'none';
}

/** Any of several ways will do. */
export function either(ways: readonly Degree[]): Degree {
  return order[Math.max(0, ...ways.map((way) => order.indexOf(way)))] ?? 'none';
}

/** Parts of one whole, such as the zones of a network. No part is none. */
export function over(parts: readonly Degree[]): Degree {
  if (parts.length > 0 && parts.every((part) => part === 'all')) return 'all';
  return parts.some((part) => part !== 'none') ? 'some' : 'none';
}

export const everywhere: Cidr = { base: 0, prefix: 0 };

/** Whether a block lies inside another. */
export function within(outer: Cidr, inner: Cidr): boolean {
  return outer.prefix <= inner.prefix && contains(outer, inner.base);
}

/** What two blocks share: two aligned blocks are nested or apart. */
function shared(a: Cidr, b: Cidr): Cidr | undefined {
  if (within(a, b)) return b;
  return within(b, a) ? a : undefined;
}

/** What two lists of blocks share, without a block that lies in another. */
export function intersection(some: readonly Cidr[], others: readonly Cidr[]): Cidr[] {
  return distinct(some.flatMap((a) => others.flatMap((b) => shared(a, b) ?? [])));
}

export function distinct(blocks: readonly Cidr[]): Cidr[] {
  return blocks.filter(
    (block, index) =>
      !blocks.some((other, at) => at !== index && within(other, block) && !(within(block, other) && at > index)),
  );
}

/** Whether `blocks` together hold every address of `block`. */
export function cover(blocks: readonly Cidr[], block: Cidr): boolean {
  if (blocks.some((one) => within(one, block))) return true;
  if (!blocks.some((one) => overlaps(one, block))) return false;
  return [0, 1].every((half) => cover(blocks, subnet(block, block.prefix + 1, half)));
}

/** How much of `wanted` the blocks hold. */
export function share(wanted: readonly Cidr[], blocks: readonly Cidr[]): Degree {
  return over(
    wanted.map((one) => (cover(blocks, one) ? 'all' : blocks.some((b) => overlaps(b, one)) ? 'some' : 'none')),
  );
}
