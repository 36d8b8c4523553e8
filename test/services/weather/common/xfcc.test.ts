import fc from 'fast-check';
import { parseXfcc, type XfccElement } from '../../../../services/weather/common/xfcc';

const element = (given: Partial<XfccElement>): XfccElement => ({
  by: [],
  uris: [],
  hash: undefined,
  subject: undefined,
  ...given,
});

describe('parseXfcc', () => {
  test.each<[string, string, XfccElement[]]>([
    ['nothing', '', []],
    [
      "Istio's sidecar",
      'By=spiffe://cluster.local/ns/b/sa/b;Hash=468ed3;Subject="";URI=spiffe://cluster.local/ns/f/sa/f',
      [
        element({
          by: ['spiffe://cluster.local/ns/b/sa/b'],
          hash: '468ed3',
          uris: ['spiffe://cluster.local/ns/f/sa/f'],
        }),
      ],
    ],
    [
      'a subject with commas, semicolons, equals signs and escaped quotes',
      'By=spiffe://a/b;Subject="CN=\\"x\\", O=y; z";URI=spiffe://c/d',
      [element({ by: ['spiffe://a/b'], subject: 'CN="x", O=y; z', uris: ['spiffe://c/d'] })],
    ],
    [
      'two hops, in order',
      'By=spiffe://a/1;URI=spiffe://b/1,By=spiffe://a/2;URI=spiffe://b/2',
      [
        element({ by: ['spiffe://a/1'], uris: ['spiffe://b/1'] }),
        element({ by: ['spiffe://a/2'], uris: ['spiffe://b/2'] }),
      ],
    ],
    [
      'a certificate with two URIs',
      'By=spiffe://a/b;URI=spiffe://c/one;URI=spiffe://c/two',
      [element({ by: ['spiffe://a/b'], uris: ['spiffe://c/one', 'spiffe://c/two'] })],
    ],
    [
      'keys in any case',
      'by=spiffe://a/b;uRi=spiffe://c/d',
      [element({ by: ['spiffe://a/b'], uris: ['spiffe://c/d'] })],
    ],
    ['an equals sign in a value', 'URI=spiffe://a/b=c', [element({ uris: ['spiffe://a/b=c'] })]],
    ['keys that it does not know', 'Cert="x";Chain="y";DNS=z;URI=spiffe://a/b', [element({ uris: ['spiffe://a/b'] })]],
    ['an open quote', 'By=spiffe://a/b;Subject="CN=x', []],
    ['a pair without a key', 'By=spiffe://a/b;=x', []],
    ['a pair without an equals sign', 'By=spiffe://a/b;URI', []],
    ['a quote in the middle of a value', 'URI=spi"ffe"', []],
  ])('reads %s', (_name, header, expected) => {
    expect(parseXfcc(header)).toEqual(expected);
  });

  test('gives back what Envoy would write, whatever the values are', () => {
    const value = fc.string({ minLength: 1 }).filter((text) => text.trim() === text && !text.endsWith('\\'));
    const hop = fc.record({ by: value, hash: value, subject: value, uris: fc.array(value, { minLength: 1 }) });
    fc.assert(
      fc.property(fc.array(hop), (hops) => {
        const written = hops.map(({ by, hash, subject, uris }) =>
          [
            `By=${quote(by)}`,
            `Hash=${quote(hash)}`,
            `Subject=${quote(subject)}`,
            ...uris.map((uri) => `URI=${quote(uri)}`),
          ].join(';'),
        );
        expect(parseXfcc(written.join(','))).toEqual(hops.map((each) => ({ ...each, by: [each.by] })));
      }),
    );
  });

  test('never throws', () => {
    const hostile = fc.array(fc.constantFrom('By=', 'URI=', '"', '\\', ',', ';', '=', 'a'), { maxLength: 40 });
    fc.assert(fc.property(hostile, (parts) => Array.isArray(parseXfcc(parts.join('')))));
  });
});

function quote(value: string): string {
  return `"${value.replace(/[\\"]/g, '\\$&')}"`;
}
