import * as fc from 'fast-check';
import {
  type Cidr,
  contains,
  formatAddress,
  formatCidr,
  host,
  overlaps,
  parseAddress,
  parseCidr,
  size,
  subnet,
} from '../../model/cidr';

const addresses = fc.nat(2 ** 32 - 1);
const blocks: fc.Arbitrary<Cidr> = fc
  .tuple(addresses, fc.nat(32))
  .map(([address, prefix]) => ({ base: address - (address % 2 ** (32 - prefix)), prefix }));

function block(text: string): Cidr {
  const found = parseCidr(text);
  if (found === undefined) throw new Error(`${text} is not a block`);
  return found;
}

describe('addresses', () => {
  test('read back as they were written', () => {
    fc.assert(fc.property(addresses, (address) => parseAddress(formatAddress(address)) === address));
  });

  test.each([
    ['0.0.0.0', 0],
    ['10.0.0.1', 0x0a000001],
    ['255.255.255.255', 2 ** 32 - 1],
  ])('%s is %d', (text, value) => {
    expect(parseAddress(text)).toBe(value);
    expect(formatAddress(value)).toBe(text);
  });

  test.each([
    ['', 'empty'],
    ['10.0.0', 'three parts'],
    ['10.0.0.0.0', 'five parts'],
    ['10.0.0.256', 'above 255'],
    ['10.0.0.010', 'octal'],
    ['10.0.0.00', 'a leading zero'],
    ['10.0.0.0x1', 'hexadecimal'],
    ['10.0.0.-1', 'negative'],
    ['10.0.0.+1', 'a sign'],
    ['10.0.0.1e1', 'an exponent'],
    ['10.0.0. 1', 'a space inside'],
    [' 10.0.0.1', 'a space before'],
    ['10.0.0.1\n', 'a line end'],
    ['10..0.1', 'an empty part'],
    ['10.0.0.١', 'a digit of another script'],
    ['167772161', 'one number'],
    ['::ffff:10.0.0.1', 'IPv6'],
    ['example', 'a name'],
  ])('%j is refused: %s', (text) => {
    expect(parseAddress(text)).toBeUndefined();
  });

  test('any text is either refused or written back as it was', () => {
    const texts = fc.oneof(fc.string(), fc.string({ unit: fc.constantFrom(...'0129. x/') }));
    fc.assert(
      fc.property(texts, (text) => {
        const value = parseAddress(text);
        return value === undefined || formatAddress(value) === text;
      }),
    );
  });
});

describe('blocks', () => {
  test('read back as they were written', () => {
    fc.assert(fc.property(blocks, (one) => expect(parseCidr(formatCidr(one))).toEqual(one)));
  });

  test.each([
    ['10.0.0.1/24', 'host bits'],
    ['10.128.0.0/8', 'host bits at the top'],
    ['10.0.0.0/33', 'a prefix above 32'],
    ['10.0.0.0/-1', 'a negative prefix'],
    ['10.0.0.0/08', 'an octal prefix'],
    ['10.0.0.0/', 'no prefix'],
    ['10.0.0.0/8/8', 'two prefixes'],
    ['10.0.0.0 /8', 'a space'],
    ['10.0.0.0/ 8', 'a space before the prefix'],
    ['10.0.0.0/8.0', 'a fraction'],
    ['10.0.0.0', 'no slash'],
    ['/8', 'no address'],
  ])('%j is refused: %s', (text) => {
    expect(parseCidr(text)).toBeUndefined();
  });

  test('with host bits are refused, whatever the prefix', () => {
    fc.assert(
      fc.property(blocks, fc.nat(), (one, offset) => {
        const inside = offset % size(one);
        fc.pre(inside !== 0);
        return parseCidr(`${formatAddress(one.base + inside)}/${one.prefix}`) === undefined;
      }),
    );
  });

  test('hold their first and last address and none beside', () => {
    fc.assert(
      fc.property(blocks, (one) => {
        expect([-1, 0, size(one) - 1, size(one)].map((offset) => contains(one, one.base + offset))).toEqual([
          false,
          true,
          true,
          false,
        ]);
      }),
    );
  });

  test('overlap exactly when one holds the first address of the other', () => {
    fc.assert(
      fc.property(blocks, blocks, (a, b) => {
        expect(overlaps(a, b)).toBe(contains(a, b.base) || contains(b, a.base));
        expect(overlaps(b, a)).toBe(overlaps(a, b));
        expect(overlaps(a, a)).toBe(true);
      }),
    );
  });
});

describe('subnet', () => {
  test('cuts a block into equal parts that touch and never overlap', () => {
    fc.assert(
      fc.property(blocks, fc.nat(6), (one, bits) => {
        const prefix = Math.min(32, one.prefix + bits);
        const parts = Array.from({ length: 2 ** (prefix - one.prefix) }, (_, index) => subnet(one, prefix, index));
        expect(parts[0]?.base).toBe(one.base);
        expect(parts.reduce((sum, part) => sum + size(part), 0)).toBe(size(one));
        for (const [index, part] of parts.slice(1).entries()) {
          const before = parts[index];
          expect(before === undefined ? undefined : before.base + size(before)).toBe(part.base);
        }
        expect(() => subnet(one, prefix, parts.length)).toThrow(RangeError);
        expect(() => subnet(one, prefix, -1)).toThrow(RangeError);
      }),
    );
  });

  test('says which block has no such part', () => {
    expect(() => subnet(block('10.0.0.0/16'), 24, 256)).toThrow('10.0.0.0/16 has no subnet 256 of /24');
    expect(() => subnet(block('10.0.0.0/16'), 8, 0)).toThrow('10.0.0.0/16 has no subnet 0 of /8');
  });
});

describe('host', () => {
  test('counts from the first address', () => {
    const one = block('10.20.0.0/24');
    expect([host(one, 0), host(one, 20), host(one, 255)]).toEqual(['10.20.0.0', '10.20.0.20', '10.20.0.255']);
  });

  test('refuses an address outside, and says of which block', () => {
    expect(() => host(block('10.20.0.0/24'), 256)).toThrow('10.20.0.0/24 has no address 256');
    expect(() => host(block('10.20.0.0/24'), -1)).toThrow(RangeError);
  });
});
