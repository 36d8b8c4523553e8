/** The places that info knows: checked once when read, searched in memory. */
import { readFileSync, statSync } from 'node:fs';
import * as z from 'zod';
import type { PlaceInfo, PlaceName } from '../common/answers';
import { fold, placeId } from '../common/placename';
import { populationSource, webPage } from '../common/source';

const timeZone = z.string().refine((name) => {
  try {
    return Intl.DateTimeFormat('en', { timeZone: name }) !== undefined;
  } catch {
    return false;
  }
}, 'must be an IANA time zone, for example Europe/Helsinki');

const place = z.object({
  name: z.string().min(1).max(100),
  country: z.string().min(1),
  countryCode: z.string().regex(/^[A-Z]{2}$/, 'must be two capital letters, for example FI'),
  population: z.number().int().nonnegative(),
  timeZone,
  lat: z.number().min(-90).max(90),
  lon: z.number().min(-180).max(180),
  paragraph: z.string().min(1).max(1_000),
  source: populationSource.exactOptional(),
  record: webPage.exactOptional(),
});

/** The file's shape. `$comment` is for its readers, `source` for the places that name none of their own. */
const placesFile = z.strictObject({
  $comment: z.string().optional(),
  source: populationSource.exactOptional(),
  places: z.array(place).min(1),
});

/** Suggestions that one search gives at most. */
export const mostSuggestions = 8;

export interface Places {
  /** Finds by id or by any spelling that folds to it. */
  find(name: string): PlaceInfo | undefined;
  /** Places of which a word begins with `query`, names that begin with it first, else in file order. Empty means the first. */
  search(query: string): readonly PlaceName[];
}

/** Thrown for a file that can't be read or is wrong. */
export class PlacesError extends Error {}

/** Checks parsed JSON and makes it searchable. `where` names the file in errors. Throws {@link PlacesError}. */
export function makePlaces(json: unknown, where: string): Places {
  const read = placesFile.safeParse(json);
  if (!read.success) {
    const faults = read.error.issues.slice(0, 5).map((issue) => `  ${issue.path.join('.')}: ${issue.message}`);
    throw new PlacesError(`places in ${where} to mend:\n${faults.join('\n')}`);
  }
  const byId = new Map<string, PlaceInfo>();
  for (const entry of read.data.places) {
    const id = placeId(entry.name);
    if (byId.has(id)) throw new PlacesError(`places in ${where}: ${entry.name} is there twice; keep one`);
    const source = entry.source ?? read.data.source;
    if (source === undefined) {
      throw new PlacesError(
        `places in ${where}: ${entry.name} has no source; give it one, or the file one for all: {"name": "…"}`,
      );
    }
    byId.set(id, { id, ...entry, source });
  }
  return {
    find: (name) => byId.get(placeId(name)),
    search: (query) => search([...byId.values()], fold(query)),
  };
}

function search(all: readonly PlaceInfo[], query: string): readonly PlaceName[] {
  const starts = all.filter((entry) => fold(entry.name).startsWith(query));
  const inside = all.filter((entry) => !starts.includes(entry) && fold(entry.name).includes(` ${query}`));
  return [...starts, ...inside]
    .slice(0, mostSuggestions)
    .map(({ id, name, country, countryCode }) => ({ id, name, country, countryCode }));
}

/**
 * Places from a file, read again when the file changes. A change that can't be used keeps the last good data and is
 * reported once; the first read must succeed. Throws {@link PlacesError}.
 */
export function watchedPlaces(path: string, onFault: (error: PlacesError) => void): () => Places {
  let seen = fileMark(path);
  let places = readPlaces(path);
  return () => {
    // One stat a request: watchers miss the symbolic link that Kubernetes swaps under a mounted ConfigMap.
    const mark = fileMark(path);
    if (mark === seen) return places;
    seen = mark;
    try {
      places = readPlaces(path);
    } catch (error) {
      if (!(error instanceof PlacesError)) throw error;
      onFault(error);
    }
    return places;
  };
}

function readPlaces(path: string): Places {
  let json: unknown;
  try {
    json = JSON.parse(readFileSync(path, 'utf8'));
  } catch (error) {
    throw new PlacesError(
      `can't read places from PLACES_FILE ${path}: ${error instanceof Error ? error.message : error}`,
    );
  }
  return makePlaces(json, path);
}

function fileMark(path: string): string {
  const stat = statSync(path, { throwIfNoEntry: false });
  return stat === undefined ? 'absent' : `${stat.ino} ${stat.mtimeMs} ${stat.size}`;
}
