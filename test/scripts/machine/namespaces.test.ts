import * as fc from 'fast-check';
import { netns } from '../../../model/local';
import { labNamespaces, namesake } from '../../../scripts/machine/namespaces';
import { testLab } from './lab';

const parts = ['border', 'west', 'east', 'east-info'];
const namespacesOf = (lab: string) => parts.map((part) => netns(lab, part));

describe('labNamespaces', () => {
  it('are those of the lab and not those of a lab whose name is longer', () => {
    const present = { namespaces: [...namespacesOf('a'), ...namespacesOf('a-b')], labs: ['a', 'a-b'] };
    expect(labNamespaces('a', present)).toEqual(namespacesOf('a'));
    expect(labNamespaces('a-b', present)).toEqual(namespacesOf('a-b'));
  });

  it('of a lab that is not there are none, when they are hosts of another', () => {
    const present = { namespaces: namespacesOf('a'), labs: ['a'] };
    expect(labNamespaces('a-east', present)).toEqual([]);
  });

  it('of a lab that lost its state are still found', () => {
    expect(labNamespaces('a', { namespaces: namespacesOf('a'), labs: ['other'] })).toEqual(namespacesOf('a'));
  });

  it('never belong to two labs', () => {
    const name = fc.array(fc.constantFrom('a', 'b', 'east'), { minLength: 1, maxLength: 3 }).map((p) => p.join('-'));
    void fc.assert(
      fc.property(fc.uniqueArray(name, { minLength: 1, maxLength: 4 }), (labs) => {
        const namespaces = [...new Set(labs.flatMap(namespacesOf))];
        const owned = labs.flatMap((lab) => labNamespaces(lab, { namespaces, labs }));
        expect(owned.toSorted()).toEqual(namespaces.toSorted());
      }),
    );
  });
});

describe('namesake', () => {
  it.each([
    ['a mesh of ours reads like a part of theirs', 'a', ['a-east'], [], 'a-east'],
    ['a mesh of theirs reads like a part of ours', 'a-east', ['a'], namespacesOf('a'), 'a'],
    ['it is our own name', 'a', ['a'], namespacesOf('a'), undefined],
    ['names only begin alike', 'weather', ['weather-2'], namespacesOf('weather-2'), undefined],
    [
      'names only begin alike, the longer one comes second',
      'weather-2',
      ['weather'],
      namespacesOf('weather'),
      undefined,
    ],
  ])('when %s', (_when, name, labs, namespaces, expected) => {
    expect(namesake(testLab(name), { labs, namespaces })).toBe(expected);
  });
});
