import fc from 'fast-check';
import { fold, nameFault, placeId } from '../../../../services/weather/common/placename';

describe('fold', () => {
  test.each([
    ['São  Paulo', 'sao paulo'],
    ['sao-paulo', 'sao paulo'],
    ['Reykjavík', 'reykjavik'],
    ['Tromsø', 'tromso'],
    ['Łódź', 'lodz'],
    ['İstanbul', 'istanbul'],
    ['Gießen', 'giessen'],
    ['東京', '東京'],
    [' ! ', ''],
  ])('%s is %s', (name, folded) => {
    expect(fold(name)).toBe(folded);
  });

  test('leaves a folded name as it is', () => {
    fc.assert(fc.property(fc.string({ unit: 'grapheme' }), (name) => fold(fold(name)) === fold(name)));
  });

  test('makes an id that needs no escaping for a Latin name', () => {
    expect(placeId('Rio de Janeiro')).toBe('rio-de-janeiro');
    fc.assert(fc.property(fc.string({ unit: 'grapheme-ascii' }), (name) => /^[a-z0-9-]*$/.test(placeId(name))));
  });
});

describe('nameFault', () => {
  test.each([
    ['Helsinki', undefined],
    ['', 'it holds no letter or digit'],
    ['///', 'it holds no letter or digit'],
    ['a\nb', 'it holds control characters'],
    ['a'.repeat(101), 'longer than 100 characters'],
  ])('%p: %p', (name, fault) => {
    expect(nameFault(name)).toBe(fault);
  });
});
