import { mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { makePlaces, mostSuggestions, PlacesError, watchedPlaces } from '../../../../services/weather/info/places';
import builtIn from '../../../../services/weather/info/places.json';
import { helsinki } from '../support';

const { id: _id, ...entry } = helsinki;

describe('the built-in places', () => {
  const places = makePlaces(builtIn, 'places.json');

  test('are 30 to 60, Helsinki first', () => {
    expect(builtIn.places.length).toBeGreaterThanOrEqual(30);
    expect(builtIn.places.length).toBeLessThanOrEqual(60);
    expect(places.search('')[0]?.name).toBe('Helsinki');
  });

  test.each(builtIn.places.map(({ name }) => [name]))('%s names its source, terms and record', (name) => {
    expect(places.find(name)).toMatchObject({
      source: { name: expect.stringContaining('GeoNames'), license: { name: 'CC BY 4.0' } },
      record: expect.stringMatching(/^https:\/\/www\.geonames\.org\/\d+$/),
    });
  });

  test('are each a record of their own', () => {
    expect(new Set(builtIn.places.map(({ record }) => record)).size).toBe(builtIn.places.length);
  });

  test.each(builtIn.places)('the words about $name state no figure that nobody backs', ({ paragraph }) => {
    expect(paragraph).not.toMatch(/\d/);
    expect(paragraph).not.toMatch(/\b(two|three|four|five|six|seven|eight|nine|ten|dozens?|half|third|quarters?)\b/i);
    expect(paragraph).not.toMatch(/\b(\w+teen|hundreds?|thousands?|millions?|cent(ury|uries)|metres)\b/i);
  });

  test.each([
    ['hel', ['Helsinki']],
    ['REYKJAVIK', ['Reykjavík']],
    ['são', ['São Paulo']],
    ['york', ['New York']],
    ['zzz', []],
  ])('search of %s gives %p', (query, names) => {
    expect(places.search(query).map((place) => place.name)).toEqual(names);
  });

  test('give a bounded number of suggestions, those that begin with the query first', () => {
    const found = places.search('c');
    expect(found.length).toBeLessThanOrEqual(mostSuggestions);
    expect(found[0]?.name).toBe('Copenhagen');
    expect(found.at(-1)?.name).toBe('Mexico City');
  });

  test.each(['helsinki', 'Helsinki', 'HELSINKI', 'new-york', 'New York', 'Montreal', 'sao paulo'])(
    'find %s',
    (name) => {
      expect(places.find(name)?.name).toBeDefined();
    },
  );

  test.each(['Atlantis', '', '__proto__', 'constructor'])('do not find %p', (name) => {
    expect(places.find(name)).toBeUndefined();
  });
});

describe('makePlaces', () => {
  const { source: _source, ...sourceless } = entry;
  const badLicense = { name: 'x', license: { name: 'y', url: 'http://example.org' } };

  test("gives the file's source to places that have none of their own", () => {
    const own = { name: 'City council', year: 2024, area: 'municipality' };
    const other = { ...sourceless, name: 'Oslo', source: own };
    const places = makePlaces({ source: entry.source, places: [sourceless, other] }, 'x.json');
    expect(places.find('Helsinki')?.source).toEqual(entry.source);
    expect(places.find('Oslo')?.source).toEqual(own);
  });

  test.each([
    ['no places', { places: [] }, 'places: '],
    ['a wrong population', { places: [{ ...entry, population: -1 }] }, 'places.0.population'],
    ['a wrong time zone', { places: [{ ...entry, timeZone: 'Mars/Olympus' }] }, 'IANA time zone'],
    ['a wrong country code', { places: [{ ...entry, countryCode: 'fi' }] }, 'two capital letters'],
    ['a place given twice', { places: [entry, { ...entry, name: 'helsinki' }] }, 'helsinki is there twice'],
    ['a place without a source', { places: [sourceless] }, 'Helsinki has no source; give it one'],
    [
      'a licence that is no web page',
      { source: badLicense, places: [sourceless] },
      'source.license.url: must be an https',
    ],
    ['a record that is no web page', { places: [{ ...entry, record: 'javascript:1' }] }, 'places.0.record: must be an'],
    ['another shape', ['x'], 'places in x.json to mend'],
  ])('refuses %s', (_name, json, message) => {
    expect(() => makePlaces(json, 'x.json')).toThrow(PlacesError);
    expect(() => makePlaces(json, 'x.json')).toThrow(message);
  });
});

describe('watchedPlaces', () => {
  let folder: string;
  let file: string;
  const faults: string[] = [];
  const put = (content: string) => {
    // A rename gives the file another inode, as an editor or a ConfigMap does, so that equal times don't matter.
    writeFileSync(`${file}.new`, content);
    renameSync(`${file}.new`, file);
  };
  const withPopulation = (population: number) => JSON.stringify({ places: [{ ...entry, population }] });

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'places-'));
    file = join(folder, 'places.json');
    faults.length = 0;
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  test('gives the new data as soon as the file has changed', () => {
    put(withPopulation(1));
    const places = watchedPlaces(file, (fault) => faults.push(fault.message));
    expect(places().find('helsinki')?.population).toBe(1);
    put(withPopulation(2));
    expect(places().find('helsinki')?.population).toBe(2);
    expect(faults).toEqual([]);
  });

  test('keeps the last good data while the file is bad or gone, and says so once each', () => {
    put(withPopulation(1));
    const places = watchedPlaces(file, (fault) => faults.push(fault.message));
    put('{');
    expect(places().find('helsinki')?.population).toBe(1);
    expect(places().find('helsinki')?.population).toBe(1);
    expect(faults).toHaveLength(1);
    rmSync(file);
    expect(places().find('helsinki')?.population).toBe(1);
    expect(faults).toHaveLength(2);
    put(withPopulation(3));
    expect(places().find('helsinki')?.population).toBe(3);
  });

  test('does not start without a good file', () => {
    expect(() => watchedPlaces(file, () => {})).toThrow(`can't read places from PLACES_FILE ${file}`);
  });
});
