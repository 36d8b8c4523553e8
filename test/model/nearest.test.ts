import * as fc from 'fast-check';
import { nearest } from '../../model/nearest';

const words = ['kind', 'network', 'datacenter'];

test.each([
  ['network', 'network'],
  ['netwrok', 'network'],
  ['Network', 'network'],
  ['datacentre', 'datacenter'],
  ['kin', 'kind'],
  ['knid', 'kind'],
  ['nkid', undefined],
  ['colour', undefined],
  ['', undefined],
])('%j is nearest to %j', (word, expected) => {
  expect(nearest(word, words)).toBe(expected);
});

test('nothing is near when there is nothing to choose from', () => {
  expect(nearest('kind', [])).toBeUndefined();
});

test('a word that is there is always found', () => {
  const lists = fc.uniqueArray(fc.string({ minLength: 1 }), { minLength: 1, selector: (word) => word.toLowerCase() });
  fc.assert(
    fc.property(lists, fc.nat(), (list, index) => {
      const word = list[index % list.length] ?? '';
      expect(nearest(word, list)).toBe(word);
    }),
  );
});

test('one letter too many is always forgiven', () => {
  const unit = fc.constantFrom(...'abcdefgh');
  fc.assert(
    fc.property(fc.string({ unit, minLength: 1 }), fc.nat(), unit, (word, at, letter) => {
      const place = at % (word.length + 1);
      expect(nearest(word.slice(0, place) + letter + word.slice(place), [word])).toBe(word);
    }),
  );
});

test('names that are too long to be compared are not', () => {
  const [long, longer] = ['x'.repeat(64), 'x'.repeat(65)];
  expect(nearest(long, [longer, long])).toBe(long);
  expect(nearest(longer, [longer, long])).toBeUndefined();
});
