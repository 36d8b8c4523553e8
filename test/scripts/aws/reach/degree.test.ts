import * as fc from 'fast-check';
import { type Cidr, contains, formatAddress } from '../../../../model/cidr';
import { cover, distinct, inTurn, intersection, over, share } from '../../../../scripts/aws/reach/degree';

/** Blocks among 32 addresses, so that every address can be looked at. */
const blocks = fc
  .tuple(fc.integer({ min: 27, max: 32 }), fc.nat(31))
  .map(([prefix, at]): Cidr => ({ prefix, base: Math.floor(at / 2 ** (32 - prefix)) * 2 ** (32 - prefix) }));
const lists = fc.array(blocks, { maxLength: 5 });
const all = Array.from({ length: 32 }, (_, address) => address);
const held = (list: readonly Cidr[]) => all.filter((address) => list.some((block) => contains(block, address)));

test('an intersection holds the addresses that both lists hold', () => {
  fc.assert(
    fc.property(lists, lists, (some, others) => {
      const both = held(some).filter((address) => held(others).includes(address));
      expect(held(intersection(some, others)).map(formatAddress)).toEqual(both.map(formatAddress));
    }),
  );
});

test('blocks inside others go, and no address with them', () => {
  fc.assert(
    fc.property(lists, (list) => {
      const left = distinct(list);
      expect(held(left)).toEqual(held(list));
      expect(distinct([...left, ...left])).toEqual(left);
    }),
  );
});

test('blocks cover a block when they hold each of its addresses', () => {
  fc.assert(
    fc.property(lists, blocks, (list, block) => {
      expect(cover(list, block)).toBe(held([block]).every((address) => held(list).includes(address)));
    }),
  );
});

test('a share is all, some or none of the addresses', () => {
  fc.assert(
    fc.property(fc.array(blocks, { minLength: 1, maxLength: 3 }), lists, (wanted, list) => {
      const hits = held(wanted).filter((address) => held(list).includes(address)).length;
      expect(share(wanted, list)).toBe(hits === 0 ? 'none' : hits === held(wanted).length ? 'all' : 'some');
    }),
  );
});

test('steps in turn are as good as the worst, parts of a whole need each other, and nothing is no part', () => {
  expect(inTurn(['all', 'some'])).toBe('some');
  expect(inTurn(['some', 'none', 'all'])).toBe('none');
  expect(inTurn([])).toBe('all');
  expect(over(['all', 'none'])).toBe('some');
  expect(over(['all', 'all'])).toBe('all');
  expect(over([])).toBe('none');
});
