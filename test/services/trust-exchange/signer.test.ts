import { BinaryWriter, WireType } from '@bufbuild/protobuf/wire';
import fc from 'fast-check';
import { decodeSignResponse, encodeSignRequest } from '../../../services/trust-exchange/signer';

describe("Consul's signing messages", () => {
  test('carry the request as field 1', () => {
    expect(encodeSignRequest('ab')).toEqual(Buffer.from([0x0a, 2, 0x61, 0x62]));
  });

  test('give the chain of field 2 and skip what newer servers add', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme' }), fc.string(), fc.nat(2 ** 31 - 1), (chain, extra, number) => {
        const bytes = new BinaryWriter()
          .tag(1, WireType.LengthDelimited)
          .string(extra)
          .tag(2, WireType.LengthDelimited)
          .string(chain)
          .tag(9, WireType.Varint)
          .uint32(number)
          .finish();
        expect(decodeSignResponse(bytes)).toBe(chain);
      }),
    );
  });

  test('without a chain give none', () => {
    expect(decodeSignResponse(new Uint8Array())).toBe('');
  });
});
